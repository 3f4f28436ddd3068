#pragma once
// The columns that hold secrets. Each value is sealed for its row, so that no row's can be put into another; an empty
// one holds nothing.

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "store/sqlite/database.hpp"
#include "vault/key_file.hpp"
#include "vault/vault.hpp"

namespace limehook::store::sqlite {

// The vault for the store in `directory`, whose keys are where `source` says. Without a source they are in the folder's
// own file, which is made with a new key when it is missing and the store has no secrets yet; the key is on stable
// storage when this returns. The error is a sentence for the operator: there is no key, or it does not fit.
std::expected<vault::Vault, std::string> open_vault(Database& db, const std::filesystem::path& directory,
                                                    const vault::KeySource& source);

// The secrets of the row `id` ("wh_…", "usr_…") in the form that is stored.
std::string seal_secrets(const vault::Vault& vault, const std::string& id, std::string_view secrets);
// Back from that. Throws StoreError, which names the row and tells nothing of what is in it.
std::string open_secrets(const vault::Vault& vault, const std::string& id, std::string_view sealed);

bool has_secrets(Database& db);
// A sentence for each row, at most `limit`, whose secrets cannot be opened. Without a vault (null) only what can be
// told without the key.
std::vector<std::string> find_unopenable(Database& db, const vault::Vault* vault, std::size_t limit);
// Seals all secrets anew, within the caller's transaction. Throws StoreError when some cannot be opened. Answers how
// many rows there were.
std::size_t reseal(Database& db, const vault::Vault& vault);

}  // namespace limehook::store::sqlite
