#include "store/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace limehook::store::sqlite {
namespace {

std::unexpected<std::string> failure(const std::string& what, const std::filesystem::path& path, int error) {
  return std::unexpected("cannot " + what + " " + path.string() + ": " + std::generic_category().message(error));
}

std::pair<std::uint64_t, std::uint64_t> file_at(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

// A folder's name is in its parent, which is what has to be synced.
std::expected<void, std::string> make_directories(const std::filesystem::path& directory, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(directory, error)) return {};
  const auto parent = directory.parent_path();
  if (!parent.empty() && parent != directory) {
    if (auto made = make_directories(parent, 0777); !made) return made;
  }
  if (::mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) {
    return failure("create the data folder", directory, errno);
  }
  return sync_path(parent.empty() ? "." : parent);
}

std::unexpected<std::string> in_use(const std::filesystem::path& directory) {
  return std::unexpected("the data folder " + directory.string() + " is in use by another Limehook server");
}

// Whether what stands in the place of the lock file cannot be opened, while other files there may be.
bool is_in_the_way(int error) {
  return error == EACCES || error == EPERM || error == EISDIR || error == ELOOP || error == ENOENT || error == ENXIO;
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<FileDescriptor, std::string> lock_directory(const std::filesystem::path& directory) {
  const auto whole = std::filesystem::absolute(directory / "").parent_path();
  if (auto made = make_directories(whole, 0700); !made) return std::unexpected(made.error());
  const auto path = directory / kLockName;
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.get() < 0 && is_in_the_way(errno)) lock = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (lock.get() < 0) {
    if (is_in_the_way(errno)) return lock;
    return failure("open", path, errno);
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("lock", path, errno);
    return in_use(directory);
  }
  return lock;
}

// One byte beyond all that SQLite reads, writes or locks. The lock belongs to the descriptor, not to the process, so
// that what SQLite does with its own descriptors leaves it alone.
std::expected<FileDescriptor, std::string> lock_database(const std::filesystem::path& file) {
  FileDescriptor database(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (database.get() < 0) return failure("open", file, errno);
  struct flock byte{};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = off_t{1} << 62;
  byte.l_len = 1;
  if (::fcntl(database.get(), F_OFD_SETLK, &byte) == 0) return database;
  if (errno == EAGAIN || errno == EACCES) return in_use(std::filesystem::absolute(file).parent_path());
  if (errno == EINVAL) return database;  // a system without such locks: the folder's lock has to do
  return failure("lock", file, errno);
}

std::expected<void, std::string> create_private_file(const std::filesystem::path& file) {
  const FileDescriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (made.get() < 0) return failure("open", file, errno);
  return sync_path(std::filesystem::absolute(file).parent_path());
}

std::expected<void, std::string> sync_path(const std::filesystem::path& path) {
  const FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return failure("sync", path, errno);
  return {};
}

FilesInPlace::FilesInPlace(std::vector<std::filesystem::path> files) {
  for (auto& file : files) {
    const auto found = file_at(file);
    places_.push_back({std::move(file), found});
  }
}

std::string FilesInPlace::missing() const {
  for (const Place& place : places_) {
    if (file_at(place.path) != place.file) return place.path.string();
  }
  return {};
}

}  // namespace limehook::store::sqlite
