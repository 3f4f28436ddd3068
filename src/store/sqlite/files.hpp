#pragma once
// The data folder on disk: who may open it, and with which rights its files are made.

#include <expected>
#include <filesystem>
#include <string>

namespace limehook::store::sqlite {

inline constexpr const char* kDatabaseName = "limehook.db";
inline constexpr const char* kLockName = "lock";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// Makes the folder if need be (mode 0700) and locks it for this process until the descriptor is closed.
std::expected<FileDescriptor, std::string> lock_directory(const std::filesystem::path& directory);

// Makes an empty file (mode 0600) unless one is there.
std::expected<void, std::string> create_private_file(const std::filesystem::path& file);

std::expected<void, std::string> sync_path(const std::filesystem::path& path);

}  // namespace limehook::store::sqlite
