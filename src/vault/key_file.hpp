#pragma once
// Files of keys. Each line is one key, in base64 or hexadecimal digits; the first seals. Empty lines and those that
// begin with # say nothing.

#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "vault/key.hpp"

namespace limehook::vault {

// Of the file in the data folder that Limehook makes itself.
inline constexpr const char* kKeyFileName = "secret.key";

// What an operator says about where the keys are; at most one of the two.
struct KeySource {
  std::optional<Key> key;
  std::optional<std::filesystem::path> file;
  bool is_external() const { return key || file; }
};

// The errors are sentences that name the file and never what is in it.

// As ssh does with private keys: a file of this process's user that others may read is refused; who owns another
// user's file has decided that we may read it.
std::expected<KeyRing, std::string> read_key_file(const std::filesystem::path& file);

// Puts `keys` into the place of `file`, with mode 0600: after a crash there is the old file or the new one. They are on
// stable storage when it returns. One writer at a time.
std::expected<void, std::string> write_key_file(const std::filesystem::path& file, std::span<const Key> keys);

// Where `source` has the keys, for messages: "in DIR/secret.key", "that was given (secret-key)".
std::string origin_text(const KeySource& source, const std::filesystem::path& own_file);

// The keys of `source`, or those of `own_file` when it names none.
std::expected<KeyRing, std::string> load_keys(const KeySource& source, const std::filesystem::path& own_file);

}  // namespace limehook::vault
