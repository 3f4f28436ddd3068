#include "store/sqlite/log_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

namespace limehook::store::sqlite {
namespace {

// The file: "LMRK", salts, frames, and their sum, low byte first.
constexpr std::uint32_t kMarkMagic = 0x4B524D4C;
struct MarkBytes {
  std::uint32_t magic = kMarkMagic;
  std::uint32_t reserved = 0;
  std::uint64_t salts = 0;
  std::uint64_t frames = 0;
  std::uint64_t sum = 0;
};

std::uint64_t sum_of(const MarkBytes& mark) {  // FNV-1a
  std::uint64_t sum = 0xCBF29CE484222325;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&mark);
  for (std::size_t i = 0; i < offsetof(MarkBytes, sum); ++i) sum = (sum ^ bytes[i]) * 0x100000001B3;
  return sum;
}

// As many bytes as there are, at most bytes.size().
std::size_t read_at(int fd, std::span<unsigned char> bytes, std::uint64_t offset) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto got = ::pread(fd, bytes.data() + size, bytes.size() - size, static_cast<off_t>(offset + size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

FileDescriptor open_to_read(const std::filesystem::path& file) {
  return FileDescriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
}

// Nothing: there is none that can be believed.
std::optional<LogPosition> read_mark(const std::filesystem::path& directory) {
  const FileDescriptor file = open_to_read(directory / kMarkName);
  MarkBytes mark;
  const std::span bytes(reinterpret_cast<unsigned char*>(&mark), sizeof(mark));
  if (file.get() < 0 || read_at(file.get(), bytes, 0) != sizeof(mark)) return std::nullopt;
  if (mark.magic != kMarkMagic || mark.sum != sum_of(mark)) return std::nullopt;
  return LogPosition{mark.salts, mark.frames};
}

// ---- the log's format (sqlite.org/fileformat2.html#walformat) -----------------------------------------------------

constexpr std::size_t kLogHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kPageBytesMax = 65536;

std::uint32_t big_endian(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
std::uint64_t salts_at(const unsigned char* p) { return std::uint64_t{big_endian(p)} << 32 | big_endian(p + 4); }

class LogSum {
 public:
  explicit LogSum(bool big) : big_(big) {}
  void add(std::span<const unsigned char> bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += word(&bytes[i]) + second_;
      second_ += word(&bytes[i + 4]) + first_;
    }
  }
  bool equals(const unsigned char* stored) const {
    return first_ == big_endian(stored) && second_ == big_endian(stored + 4);
  }

 private:
  std::uint32_t word(const unsigned char* p) const {
    const std::uint32_t value = big_endian(p);
    return big_ ? value : __builtin_bswap32(value);
  }
  bool big_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

struct LogHeader {
  std::uint64_t salts;
  std::size_t page_bytes;
  LogSum sum;
};

std::optional<LogHeader> read_header(int log) {
  std::array<unsigned char, kLogHeaderBytes> bytes{};
  if (read_at(log, bytes, 0) != bytes.size()) return std::nullopt;
  const std::uint32_t magic = big_endian(bytes.data());
  if ((magic & ~1U) != 0x377F0682) return std::nullopt;
  LogHeader header{salts_at(&bytes[16]), big_endian(&bytes[8]), LogSum((magic & 1) != 0)};
  header.sum.add(std::span(bytes).first(24));
  if (!header.sum.equals(&bytes[24]) || header.page_bytes < 512 || header.page_bytes > kPageBytesMax) {
    return std::nullopt;
  }
  return header;
}

// How many of the first `most` frames are whole.
std::uint64_t count_frames(int log, LogHeader header, std::uint64_t most) {
  std::vector<unsigned char> frame(kFrameHeaderBytes + header.page_bytes);
  for (std::uint64_t i = 0; i < most; ++i) {
    if (read_at(log, frame, kLogHeaderBytes + i * frame.size()) != frame.size()) return i;
    if (salts_at(&frame[8]) != header.salts) return i;
    header.sum.add(std::span(frame).first(8));
    header.sum.add(std::span(frame).subspan(kFrameHeaderBytes));
    if (!header.sum.equals(&frame[16])) return i;
  }
  return most;
}

// Does the database file have all pages as the log's frames up to `needed` leave them?
bool was_moved(int log, const std::filesystem::path& database, const LogPosition& needed) {
  const FileDescriptor file = open_to_read(database);
  std::array<unsigned char, 2> size{};
  if (file.get() < 0 || read_at(file.get(), size, 16) != size.size()) return false;
  const std::size_t page_bytes = size[0] == 0 && size[1] == 1 ? kPageBytesMax : std::size_t{size[0]} << 8 | size[1];
  std::vector<unsigned char> frame(kFrameHeaderBytes + page_bytes);
  std::vector<unsigned char> page(page_bytes);
  std::map<std::uint32_t, std::uint64_t> newest;  // frame of each page
  std::uint32_t page_count = 0;
  for (std::uint64_t i = 0; i < needed.frames; ++i) {
    const std::span header = std::span(frame).first(kFrameHeaderBytes);
    if (read_at(log, header, kLogHeaderBytes + i * frame.size()) != header.size()) return false;
    if (salts_at(&frame[8]) != needed.salts) return false;
    newest[big_endian(frame.data())] = i;
    page_count = big_endian(&frame[4]);
  }
  return std::ranges::all_of(newest, [&](const auto& entry) {
    const auto [number, i] = entry;
    if (number == 0 || number > page_count) return number != 0;
    return read_at(log, frame, kLogHeaderBytes + i * frame.size()) == frame.size() &&
           read_at(file.get(), page, std::uint64_t{number - 1} * page_bytes) == page.size() &&
           std::ranges::equal(page, std::span(frame).subspan(kFrameHeaderBytes));
  });
}

// What is wrong with the log for a store that needs it up to `needed`; empty: nothing.
std::string log_problem(const std::filesystem::path& file, const std::filesystem::path& database,
                        const LogPosition& needed) {
  const FileDescriptor log = open_to_read(file);
  if (log.get() < 0) return "is missing or cannot be read";
  const auto header = read_header(log.get());
  if (!header) {
    // A power loss may leave this when the log was about to start over; then everything is in the database file.
    return was_moved(log.get(), database, needed) ? "" : "is empty or begins with a damaged header";
  }
  // It has started over since: everything from before is in the database file.
  if (header->salts != needed.salts) return {};
  const std::uint64_t whole = count_frames(log.get(), *header, needed.frames);
  if (whole >= needed.frames) return {};
  const auto again = read_header(log.get());  // a server may have started it over meanwhile
  if (again && again->salts != needed.salts) return {};
  return "is damaged or cut off after " + std::to_string(whole) + " of " + std::to_string(needed.frames) + " frames";
}

}  // namespace

std::expected<LogMark, std::string> LogMark::open(const std::filesystem::path& directory) {
  return open_with(directory, O_CREAT);
}

std::expected<LogMark, std::string> LogMark::open_existing(const std::filesystem::path& directory) {
  return open_with(directory, 0);
}

std::expected<LogMark, std::string> LogMark::open_with(const std::filesystem::path& directory, int flags) {
  const auto path = directory / kMarkName;
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (file.get() < 0 && (flags != 0 || errno != ENOENT)) {
    return std::unexpected("cannot open " + path.string() + ": " + std::generic_category().message(errno));
  }
  return LogMark(std::move(file));
}

void LogMark::write(LogPosition position) const {
  MarkBytes mark{.salts = position.salts, .frames = position.frames};
  mark.sum = sum_of(mark);
  while (::pwrite(file_.get(), &mark, sizeof(mark), 0) < 0 && errno == EINTR) {
  }
}

void LogMark::write_moved() const {
  write({});
  ::fdatasync(file_.get());
}

std::string missing_commits(const std::filesystem::path& directory) {
  const auto mark = read_mark(directory);
  if (!mark) return {};
  const auto database = directory / kDatabaseName;
  std::error_code error;
  const auto size = std::filesystem::file_size(database, error);
  const std::string way_out =
      "; restore a backup, or, to go on with what is left, remove " + (directory / kMarkName).string();
  if (error) return "the database file " + database.string() + " is missing, and there was one" + way_out;
  if (size == 0) return "the database file " + database.string() + " is empty, and was not" + way_out;
  if (mark->frames == 0) return {};
  const std::filesystem::path log = database.string() + "-wal";
  const std::string problem = log_problem(log, database, *mark);
  if (problem.empty()) return {};
  return "commits are missing that were reported as durable: the write-ahead log " + log.string() + " " + problem +
         way_out;
}

}  // namespace limehook::store::sqlite
