#pragma once
// The data folder on disk: who may open it, and with which rights its files are made.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace limehook::store::sqlite {

inline constexpr const char* kDatabaseName = "limehook.db";
inline constexpr const char* kLockName = "lock";

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// Makes the folder if need be (mode 0700), durably, and locks it for this process until the descriptor is closed. Its
// file can be removed, or be one that nobody may open: what decides is lock_database(). Other versions know only this.
std::expected<FileDescriptor, std::string> lock_directory(const std::filesystem::path& directory);

// Locks the database file itself for this process until the descriptor is closed: whatever happens to other files, and
// under whatever name the folder is found, it has one server. Not before create_private_file(), and closed after every
// connection of this process, whose own locks the system drops when any descriptor of the file is closed.
std::expected<FileDescriptor, std::string> lock_database(const std::filesystem::path& file);

// Makes an empty file (mode 0600), durably, unless one is there.
std::expected<void, std::string> create_private_file(const std::filesystem::path& file);

std::expected<void, std::string> sync_path(const std::filesystem::path& path);

// Are files still where they were opened? What is written to one that was moved or deleted is lost with the process.
// One thread.
class FilesInPlace {
 public:
  // Remembers the files that are at these paths now.
  explicit FilesInPlace(std::vector<std::filesystem::path> files);
  // Names the first of them that is not there any more; empty: all are.
  std::string missing() const;

 private:
  struct Place {
    std::filesystem::path path;
    std::pair<std::uint64_t, std::uint64_t> file;  // device and number; both 0: none
  };
  std::vector<Place> places_;
};

}  // namespace limehook::store::sqlite
