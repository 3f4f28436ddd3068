#include "store/sqlite/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace limehook::store::sqlite {
namespace {

std::unexpected<std::string> failure(const std::string& what, const std::filesystem::path& path, int error) {
  return std::unexpected("cannot " + what + " " + path.string() + ": " + std::generic_category().message(error));
}

}  // namespace

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::expected<FileDescriptor, std::string> lock_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::create_directories(directory, error)) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return failure("create the data folder", directory, error.value());
  const auto path = directory / kLockName;
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.get() < 0) return failure("open", path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("lock", path, errno);
    return std::unexpected("the data folder " + directory.string() + " is in use by another Limehook server");
  }
  return lock;
}

std::expected<void, std::string> create_private_file(const std::filesystem::path& file) {
  const FileDescriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (made.get() < 0) return failure("create", file, errno);
  return {};
}

std::expected<void, std::string> sync_path(const std::filesystem::path& path) {
  const FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return failure("sync", path, errno);
  return {};
}

}  // namespace limehook::store::sqlite
