#pragma once
// A look at a store from outside the server: from a process that may run beside it, by somebody who may have no right
// to write there, on a file system that may not let anybody.

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

class Onlooker {
 public:
  // Throws SqliteError, whose text names the file and says what is in the way.
  explicit Onlooker(const std::filesystem::path& file);

  Database& database() { return *database_; }
  // Where nothing can be written there are no locks either. Says what has changed since, so that what was read means
  // nothing; empty: nothing has.
  std::string disturbance() const;

 private:
  using Stamp = std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;  // file, size, time of change
  static Stamp stamp_of(const std::filesystem::path& file);

  std::vector<std::pair<std::filesystem::path, Stamp>> watched_;  // empty: locks are kept
  std::unique_ptr<Database> database_;
};

// What is wrong with `directory` as the folder of a store, before anything in it is read; empty: nothing.
std::string missing_store(const std::filesystem::path& directory);

}  // namespace limehook::store::sqlite
