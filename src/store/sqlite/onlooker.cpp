#include "store/sqlite/onlooker.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "store/sqlite/files.hpp"

namespace limehook::store::sqlite {
namespace {

std::string cannot_read(const std::filesystem::path& file, int error) {
  return "cannot read " + file.string() + ": " + std::generic_category().message(error);
}

bool may(const std::filesystem::path& path, int how) { return ::access(path.c_str(), how) == 0; }

// SQLite falls back to reading where it may not write the database, its log and the shared memory beside it, as long as
// they are there. Without shared memory it would have to make some.
OpenMode mode_for(const std::filesystem::path& file) {
  const std::filesystem::path log = file.string() + "-wal";
  const std::filesystem::path shared = file.string() + "-shm";
  const auto folder = std::filesystem::absolute(file).parent_path();
  if (may(file, W_OK) && may(folder, W_OK | X_OK)) return OpenMode::Existing;
  std::error_code error;
  const auto log_bytes = std::filesystem::file_size(log, error);
  if (!error && may(shared, R_OK)) return OpenMode::Existing;
  return error || log_bytes == 0 ? OpenMode::Unchanging : OpenMode::Unlocked;
}

}  // namespace

Onlooker::Onlooker(const std::filesystem::path& file) {
  if (!may(file, R_OK)) throw SqliteError(SQLITE_CANTOPEN, cannot_read(file, errno));
  const std::filesystem::path log = file.string() + "-wal";
  if (!may(log, R_OK) && errno != ENOENT) throw SqliteError(SQLITE_CANTOPEN, cannot_read(log, errno));
  const OpenMode mode = mode_for(file);
  if (mode != OpenMode::Existing) {
    for (const auto& watched : {file, log}) watched_.emplace_back(watched, stamp_of(watched));
  }
  database_ = std::make_unique<Database>(file, mode);
  database_->leave_log_at_close();
  database_->script("PRAGMA query_only=1; PRAGMA temp_store=MEMORY");
}

Onlooker::Stamp Onlooker::stamp_of(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string Onlooker::disturbance() const {
  for (const auto& [file, stamp] : watched_) {
    if (stamp_of(file) != stamp) {
      return file.string() +
             " was written to while it was read, and there are no locks without the right to write: "
             "try again, or as the user that the server runs as";
    }
  }
  return {};
}

std::string missing_store(const std::filesystem::path& directory) {
  const auto file = directory / kDatabaseName;
  struct stat status{};
  if (::stat(file.c_str(), &status) == 0) return {};
  return errno == ENOENT || errno == ENOTDIR ? "there is no store in " + directory.string() : cannot_read(file, errno);
}

}  // namespace limehook::store::sqlite
