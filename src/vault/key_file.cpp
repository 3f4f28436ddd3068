#include "vault/key_file.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace limehook::vault {
namespace {

constexpr std::size_t kFileBytesMax = 4096;
constexpr std::string_view kComment =
    "# Seals the secrets in the store of this folder; without it they cannot be read. Keep a copy apart from the\n"
    "# backups. The first key seals, each opens. To change it: limehook rotate-key\n";

class File {
 public:
  File(const std::filesystem::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Text with keys in it.
struct Wiped {
  std::string text;
  explicit Wiped(std::size_t capacity) { text.reserve(capacity); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

std::unexpected<std::string> failure(std::string_view what, const std::filesystem::path& file) {
  return std::unexpected("cannot " + std::string(what) + " the key file " + file.string() + ": " +
                         std::generic_category().message(errno));
}

std::unexpected<std::string> refusal(const std::filesystem::path& file, std::string_view why) {
  return std::unexpected("the key file " + file.string() + " " + std::string(why));
}

std::expected<void, std::string> check_kind(int fd, const std::filesystem::path& file) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failure("read", file);
  if (!S_ISREG(status.st_mode)) return refusal(file, "is not a file");
  if (status.st_uid == ::geteuid() && (status.st_mode & 077) != 0) {
    return refusal(file, "may be read by others: chmod 600 it");
  }
  if (static_cast<std::size_t>(status.st_size) > kFileBytesMax) return refusal(file, "is too long for one");
  return {};
}

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

std::expected<KeyRing, std::string> parse_keys(std::string_view text, const std::filesystem::path& file) {
  KeyRing keys;
  int number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    const auto key = Key::parse(line);
    if (!key) {
      return refusal(file, "has something else than a key in line " + std::to_string(number) +
                               "; expected the base64 or hexadecimal form of 32 bytes");
    }
    keys.push_back(*key);
  }
  if (keys.empty()) return refusal(file, "has no key in it; expected the base64 or hexadecimal form of 32 bytes");
  return keys;
}

std::expected<void, std::string> write_all(int fd, std::string_view text, const std::filesystem::path& file) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return failure("write", file);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::expected<void, std::string> write_synced(const std::filesystem::path& file, std::string_view text) {
  ::unlink(file.c_str());  // what a crash has left
  const File made(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!made) return failure("create", file);
  if (auto written = write_all(made.fd(), text, file); !written) return written;
  if (::fsync(made.fd()) != 0) return failure("sync", file);
  return {};
}

}  // namespace

std::expected<KeyRing, std::string> read_key_file(const std::filesystem::path& file) {
  // What is no file might never answer.
  const File opened(file, O_RDONLY | O_NONBLOCK);
  if (!opened) return failure("read", file);
  if (auto good = check_kind(opened.fd(), file); !good) return std::unexpected(good.error());
  Wiped content(kFileBytesMax);
  content.text.resize(kFileBytesMax);
  std::size_t size = 0;
  while (size < kFileBytesMax) {
    const auto got = ::read(opened.fd(), content.text.data() + size, kFileBytesMax - size);
    if (got < 0 && errno != EINTR) return failure("read", file);
    if (got == 0) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  return parse_keys(std::string_view(content.text).substr(0, size), file);
}

std::expected<void, std::string> write_key_file(const std::filesystem::path& file, std::span<const Key> keys) {
  Wiped content(kFileBytesMax);
  content.text += kComment;
  for (const Key& key : keys) {
    Wiped line(0);
    line.text = key.text();
    content.text += line.text;
    content.text += '\n';
  }
  // A link stays a link.
  std::error_code error;
  const auto target = std::filesystem::weakly_canonical(file, error);
  if (error) return std::unexpected("cannot find the key file " + file.string() + ": " + error.message());
  const std::filesystem::path unfinished = target.string() + ".unfinished";
  if (auto written = write_synced(unfinished, content.text); !written) return written;
  if (::rename(unfinished.c_str(), target.c_str()) != 0) return failure("replace", target);
  const File folder(target.parent_path(), O_RDONLY | O_DIRECTORY);
  if (!folder || ::fsync(folder.fd()) != 0) return failure("sync the folder of", target);
  return {};
}

std::string origin_text(const KeySource& source, const std::filesystem::path& own_file) {
  return source.key ? "that was given (secret-key)" : "in " + source.file.value_or(own_file).string();
}

std::expected<KeyRing, std::string> load_keys(const KeySource& source, const std::filesystem::path& own_file) {
  if (source.key) return KeyRing{*source.key};
  return read_key_file(source.file.value_or(own_file));
}

}  // namespace limehook::vault
