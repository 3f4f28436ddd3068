#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "store/sqlite/database.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/onlooker.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::store {

using namespace sqlite;

namespace {

// One step copies all pages within one read transaction; commits go on meanwhile.
void copy_pages(Database& from, Database& to) {
  struct Finish {
    void operator()(sqlite3_backup* b) const { sqlite3_backup_finish(b); }
  };
  std::unique_ptr<sqlite3_backup, Finish> backup(sqlite3_backup_init(to.handle(), "main", from.handle(), "main"));
  const int code = backup ? sqlite3_backup_step(backup.get(), -1) : sqlite3_extended_errcode(to.handle());
  if (code != SQLITE_DONE) throw SqliteError(code, std::string("SQLite: ") + sqlite3_errstr(code));
}

std::expected<void, std::string> copy_to(const std::filesystem::path& source, const std::filesystem::path& file) {
  if (auto created = create_private_file(file); !created) return created;
  try {
    Onlooker from(source);
    if (std::string problem = version_problem(from.database(), migrations().back().number); !problem.empty()) {
      return std::unexpected(source.string() + ": " + problem);
    }
    Database to(file, OpenMode::Existing);
    to.script("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF");  // the file is synced as a whole afterwards
    copy_pages(from.database(), to);
    if (std::string disturbance = from.disturbance(); !disturbance.empty()) return std::unexpected(disturbance);
  } catch (const SqliteError& error) {
    return std::unexpected("cannot back up " + source.string() + ": " + error.what());
  }
  return sync_path(file);
}

}  // namespace

std::expected<void, std::string> backup_sqlite_store(const std::filesystem::path& directory,
                                                     const std::filesystem::path& file) {
  const auto source = directory / kDatabaseName;
  std::error_code error;
  if (std::string missing = missing_store(directory); !missing.empty()) return std::unexpected(missing);
  if (std::filesystem::exists(file, error)) return std::unexpected(file.string() + " exists already");
  const std::filesystem::path unfinished = file.string() + ".unfinished";
  std::filesystem::remove(unfinished, error);
  auto copied = copy_to(source, unfinished);
  // A link, other than a rename, never replaces a file that has come into being meanwhile.
  if (copied && ::link(unfinished.c_str(), file.c_str()) != 0) {
    copied = std::unexpected("cannot create " + file.string() + ": " + std::generic_category().message(errno));
  }
  std::filesystem::remove(unfinished, error);
  if (!copied) return copied;
  return sync_path(std::filesystem::absolute(file).parent_path());
}

}  // namespace limehook::store
