#pragma once
// Where in the write-ahead log the last commit ends that was reported as durable. SQLite reads a log up to the first
// damaged frame and takes that for its end: commits behind it would be gone without a word. The mark, a file of its own
// beside the database, tells that there were more.
//
// It is written after each commit and not synced: after a power loss it may be older than the log, never newer. A mark
// of no frames says that the database file has everything; it is synced, because the log may then start over or go.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "store/sqlite/files.hpp"

namespace limehook::store::sqlite {

inline constexpr const char* kMarkName = "limehook.mark";

struct LogPosition {
  std::uint64_t salts = 0;   // of the log's header: new ones each time it starts over
  std::uint64_t frames = 0;  // from its beginning; 0: none are needed
};

class LogMark {
 public:
  // Makes the file, which says nothing then, or takes the one that is there as it is.
  static std::expected<LogMark, std::string> open(const std::filesystem::path& directory);
  // The same, but makes none: without a file, writes come to nothing.
  static std::expected<LogMark, std::string> open_existing(const std::filesystem::path& directory);

  // A failure leaves an older mark, or one that says nothing.
  void write(LogPosition position) const;
  // Any thread.
  void write_moved() const;

 private:
  static std::expected<LogMark, std::string> open_with(const std::filesystem::path& directory, int flags);
  explicit LogMark(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

// What the mark in `directory` knows to be missing there, as one sentence for the operator; empty: nothing. Changes
// nothing, and may be asked while a server works with the folder.
std::string missing_commits(const std::filesystem::path& directory);

}  // namespace limehook::store::sqlite
