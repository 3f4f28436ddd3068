#include "store/sqlite/key_rotation.hpp"

#include <iterator>
#include <span>
#include <system_error>
#include <utility>

#include "store/sqlite/log_mark.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sealed.hpp"
#include "store/store.hpp"

namespace limehook::store {

using namespace sqlite;

namespace {

std::string cannot(const std::filesystem::path& directory, const std::string& why) {
  return "cannot change the key of the store in " + directory.string() + ": " + why;
}

std::unique_ptr<Database> open_current_version(const std::filesystem::path& directory) {
  auto db = std::make_unique<Database>(directory / kDatabaseName, OpenMode::Existing);
  if (const std::string problem = version_problem(*db, migrations().back().number); !problem.empty()) {
    throw StoreError(problem);
  }
  if (db->number("PRAGMA user_version") != migrations().back().number) {
    throw StoreError("it is of an older version: start the server once to bring it up to date");
  }
  db->script("PRAGMA synchronous=FULL");
  return db;
}

}  // namespace

std::expected<KeyRotation, std::string> KeyRotation::begin(const std::filesystem::path& directory,
                                                           const vault::KeySource& current,
                                                           const vault::KeySource& next) {
  if (current.is_external() && !next.is_external()) {
    return std::unexpected("the new key is not named; expected --new-secret-key-file or LIMEHOOK_NEW_SECRET_KEY");
  }
  std::error_code error;
  if (!std::filesystem::exists(directory / kDatabaseName, error)) {
    return std::unexpected("there is no store in " + directory.string());
  }
  auto lock = lock_directory(directory);
  if (!lock) return std::unexpected(lock.error());
  auto database_lock = lock_database(directory / kDatabaseName);
  if (!database_lock) return std::unexpected(database_lock.error());
  if (const std::string missing = missing_commits(directory); !missing.empty()) return std::unexpected(missing);
  const auto mark = LogMark::open_existing(directory);
  if (!mark) return std::unexpected(mark.error());
  const auto own_file = directory / vault::kKeyFileName;
  auto old_keys = vault::load_keys(current, own_file);
  if (!old_keys) return std::unexpected(old_keys.error());
  const bool own = !current.is_external() && !next.is_external();
  const bool resumes = own && old_keys->size() > 1;
  vault::KeyRing keys;
  if (next.is_external()) {
    auto named = vault::load_keys(next, own_file);
    if (!named) return std::unexpected(named.error());
    keys = std::move(*named);
  } else if (!resumes) {
    keys.push_back(vault::Key::generate());
  }
  keys.insert(keys.end(), old_keys->begin(), old_keys->end());
  try {
    KeyRotation rotation(std::move(*lock), std::move(*database_lock), open_current_version(directory), std::move(keys));
    mark->write_moved();  // what it knew of has been found; closing the store removes the log
    if (own) rotation.own_file_ = own_file;
    rotation.resumes_ = resumes;
    const vault::Vault vault(rotation.keys_);
    const auto unopenable = find_unopenable(*rotation.db_, &vault, 1);
    if (!unopenable.empty()) return std::unexpected(cannot(directory, unopenable.front()));
    return rotation;
  } catch (const std::runtime_error& problem) {  // of the store
    return std::unexpected(cannot(directory, problem.what()));
  }
}

std::expected<void, std::string> KeyRotation::add_key() {
  return own_file_.empty() ? std::expected<void, std::string>() : vault::write_key_file(own_file_, keys_);
}

std::expected<std::size_t, std::string> KeyRotation::reseal() {
  try {
    Transaction transaction(*db_, Transaction::Kind::Write);
    const auto count = sqlite::reseal(*db_, vault::Vault(keys_));
    transaction.commit();
    return count;
  } catch (const std::runtime_error& problem) {  // of the store
    return std::unexpected(std::string("the secrets cannot be sealed anew: ") + problem.what());
  }
}

std::expected<void, std::string> KeyRotation::drop_old_keys() {
  return own_file_.empty() ? std::expected<void, std::string>()
                           : vault::write_key_file(own_file_, std::span(keys_).first(1));
}

}  // namespace limehook::store
