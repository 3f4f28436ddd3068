#pragma once
// Changes the key that a stopped store's secrets are sealed with. Each step may be the last before a crash: what is on
// disk then can be opened with the keys that are on disk, and the rotation can be run again.

#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "store/sqlite/database.hpp"
#include "store/sqlite/files.hpp"
#include "vault/key_file.hpp"

namespace limehook::store {

// The steps are taken in the order in which they stand here.
class KeyRotation {
 public:
  // Takes the data folder as a server does, for as long as this lives, and sees to it that all secrets can be opened.
  // `current` is where the keys are; `next` names the key to come. Without a next one, which is possible only where the
  // keys are in the data folder's own file, a key is made, or, where there are several already, an interrupted rotation
  // goes on with the first.
  static std::expected<KeyRotation, std::string> begin(const std::filesystem::path& directory,
                                                       const vault::KeySource& current, const vault::KeySource& next);

  // Puts the new key before the others in the data folder's own file, if it is to be there.
  std::expected<void, std::string> add_key();
  // Seals all secrets with it, in one transaction. Answers how many webhooks and people have some.
  std::expected<std::size_t, std::string> reseal();
  // Leaves only the new key in the data folder's own file.
  std::expected<void, std::string> drop_old_keys();

  // Was one interrupted, that now goes on?
  bool resumes() const { return resumes_; }

 private:
  KeyRotation(sqlite::FileDescriptor lock, sqlite::FileDescriptor database_lock, std::unique_ptr<sqlite::Database> db,
              vault::KeyRing keys)
      : lock_(std::move(lock)), database_lock_(std::move(database_lock)), db_(std::move(db)), keys_(std::move(keys)) {}

  sqlite::FileDescriptor lock_;  // released last, with the next one
  sqlite::FileDescriptor database_lock_;
  std::unique_ptr<sqlite::Database> db_;
  vault::KeyRing keys_;             // the new one first
  std::filesystem::path own_file_;  // empty: the keys are elsewhere, where the operator changes them
  bool resumes_ = false;
};

}  // namespace limehook::store
