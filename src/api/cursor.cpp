#include "api/cursor.hpp"

#include "base/limits.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kPrefix = "cur_";
constexpr std::size_t kTagBytes = 16;

std::string_view bytes_of(const signing::Mac& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

// As ids are written: Crockford's base 32, in lower case.
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr int kBitsPerDigit = 5;

std::string to_digits(std::string_view bytes) {
  std::string text;
  unsigned pending = 0;
  int bits = 0;
  for (const char byte : bytes) {
    pending = (pending << 8 | static_cast<unsigned char>(byte)) & 0xFFFF;
    for (bits += 8; bits >= kBitsPerDigit;) {
      bits -= kBitsPerDigit;
      text += kDigits[pending >> bits & 31];
    }
  }
  if (bits > 0) text += kDigits[pending << (kBitsPerDigit - bits) & 31];
  return text;
}

std::optional<std::string> from_digits(std::string_view text) {
  std::string bytes;
  unsigned pending = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    pending = (pending << kBitsPerDigit | static_cast<unsigned>(digit)) & 0xFFFF;
    if ((bits += kBitsPerDigit) < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(pending >> bits);
  }
  // No digit too many, and left-over bits are zero: two texts never mean the same.
  if (bits >= kBitsPerDigit || (pending & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

CursorSeal::CursorSeal(std::string_view key) : tags_("tag " + std::string(key)), covers_("cover " + std::string(key)) {}

// The tag comes of the position too, and covers it: of two positions it tells only whether they are the same (as
// SIV does, RFC 5297).
std::string CursorSeal::seal(std::string_view list, std::string_view position) const {
  const std::string tag = tag_of(list, position);
  return std::string(kPrefix) + to_digits(tag + covered(tag, position));
}

std::optional<std::string> CursorSeal::open(std::string_view list, std::string_view text) const {
  constexpr std::size_t kPlainMax = kTagBytes + 4 * limits::kTeamIdCharactersMax;
  constexpr std::size_t kTextBytesMax = kPrefix.size() + kPlainMax * 8 / kBitsPerDigit + 1;
  if (!text.starts_with(kPrefix) || text.size() > kTextBytesMax) return std::nullopt;
  const auto bytes = from_digits(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() <= kTagBytes) return std::nullopt;
  const auto tag = std::string_view(*bytes).substr(0, kTagBytes);
  std::string position = covered(tag, std::string_view(*bytes).substr(kTagBytes));
  if (!signing::equal_constant_time(tag, tag_of(list, position))) return std::nullopt;
  return position;
}

std::string CursorSeal::seal_id(std::string_view list, std::int64_t position) const {
  std::string bytes(sizeof position, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(position >> 8 * (bytes.size() - 1 - i));
  return seal(list, bytes);
}

std::optional<std::int64_t> CursorSeal::open_id(std::string_view list, std::string_view text) const {
  const auto bytes = open(list, text);
  if (!bytes || bytes->size() != sizeof(std::int64_t)) return std::nullopt;
  std::int64_t position = 0;
  for (const char byte : *bytes) position = position << 8 | static_cast<unsigned char>(byte);
  return position;
}

std::string CursorSeal::tag_of(std::string_view list, std::string_view position) const {
  const auto mac = tags_.mac({list, std::string_view("\0", 1), position});
  return std::string(bytes_of(mac).substr(0, kTagBytes));
}

std::string CursorSeal::covered(std::string_view tag, std::string_view bytes) const {
  std::string out;
  for (unsigned char block = 0; out.size() < bytes.size(); ++block) {
    const char number = static_cast<char>(block);
    const auto mac = covers_.mac({tag, std::string_view(&number, 1)});
    for (const char cover : bytes_of(mac)) {
      if (out.size() == bytes.size()) break;
      out += static_cast<char>(cover ^ bytes[out.size()]);
    }
  }
  return out;
}

}  // namespace limehook::api
