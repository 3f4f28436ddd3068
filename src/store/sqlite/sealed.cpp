#include "store/sqlite/sealed.hpp"

#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "store/store.hpp"

namespace limehook::store::sqlite {
namespace {

struct SealedColumn {
  const char* select;  // id and value of all rows that have one
  const char* update;  // value, id
  std::string (*name)(std::int64_t id);
};

constexpr std::array kColumns{
    SealedColumn{"SELECT id,secrets FROM webhooks WHERE length(secrets)>0 ORDER BY id",
                 "UPDATE webhooks SET secrets=? WHERE id=?", [](std::int64_t id) { return WebhookId{id}.str(); }},
    SealedColumn{"SELECT id,secrets FROM users ORDER BY id", "UPDATE users SET secrets=? WHERE id=?",
                 [](std::int64_t id) { return UserId{id}.str(); }},
};

// Ids of all kinds differ in their prefix, so this says which table it is, too.
std::string context_of(const std::string& id) { return "secrets:" + id; }

std::string sentence(const std::string& id, vault::OpenError error) {
  return "the secrets of " + id + " cannot be opened: " + std::string(text_of(error));
}

std::optional<vault::OpenError> problem_of(const vault::Vault* vault, const std::string& id, std::string_view sealed) {
  if (vault == nullptr) {
    return vault::is_sealed(sealed) ? std::nullopt : std::optional(vault::OpenError::NotSealed);
  }
  const auto opened = vault->open(sealed, context_of(id));
  return opened ? std::nullopt : std::optional(opened.error());
}

}  // namespace

std::expected<vault::Vault, std::string> open_vault(Database& db, const std::filesystem::path& directory,
                                                    const vault::KeySource& source) {
  const auto own_file = directory / vault::kKeyFileName;
  std::error_code error;
  // A link that leads nowhere is there: its file is what is missing, and is not ours to make.
  const bool missing = symlink_status(own_file, error).type() == std::filesystem::file_type::not_found;
  if (missing && !source.is_external()) {
    if (has_secrets(db)) {
      return std::unexpected("the store's secrets are sealed, and the key file " + own_file.string() +
                             " is missing: put it back (backups do not have it), or name another with "
                             "--secret-key-file");
    }
    const std::array keys{vault::Key::generate()};
    if (auto made = vault::write_key_file(own_file, keys); !made) return std::unexpected(made.error());
  }
  auto keys = vault::load_keys(source, own_file);
  if (!keys) return std::unexpected(keys.error());
  vault::Vault vault(std::move(*keys));
  if (const auto unopenable = find_unopenable(db, &vault, 1); !unopenable.empty()) {
    return std::unexpected("the key " + vault::origin_text(source, own_file) + " does not fit the store in " +
                           directory.string() + ": " + unopenable.front());
  }
  return vault;
}

std::string seal_secrets(const vault::Vault& vault, const std::string& id, std::string_view secrets) {
  return vault.seal(secrets, context_of(id));
}

std::string open_secrets(const vault::Vault& vault, const std::string& id, std::string_view sealed) {
  auto opened = vault.open(sealed, context_of(id));
  if (!opened) throw StoreError(sentence(id, opened.error()));
  return std::move(*opened);
}

bool has_secrets(Database& db) {
  for (const SealedColumn& column : kColumns) {
    Rows rows = db.query(column.select);
    if (rows.next()) return true;
  }
  return false;
}

std::vector<std::string> find_unopenable(Database& db, const vault::Vault* vault, std::size_t limit) {
  std::vector<std::string> found;
  for (const SealedColumn& column : kColumns) {
    for (Rows rows = db.query(column.select); found.size() < limit && rows.next();) {
      const std::string id = column.name(rows->integer(0));
      if (const auto error = problem_of(vault, id, rows->bytes(1))) found.push_back(sentence(id, *error));
    }
  }
  return found;
}

std::size_t reseal(Database& db, const vault::Vault& vault) {
  std::size_t count = 0;
  for (const SealedColumn& column : kColumns) {
    std::vector<std::pair<std::int64_t, std::string>> resealed;
    for (Rows rows = db.query(column.select); rows.next();) {
      const std::string id = column.name(rows->integer(0));
      resealed.emplace_back(rows->integer(0), seal_secrets(vault, id, open_secrets(vault, id, rows->bytes(1))));
    }
    for (const auto& [row, sealed] : resealed) db.run(column.update, Blob{sealed}, row);
    count += resealed.size();
  }
  return count;
}

}  // namespace limehook::store::sqlite
