#include "base/ids.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace limehook {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford, lower case
constexpr int kDigitsPerId = 13;                                          // 13 * 5 >= 64
constexpr int kCounterBits = 14;
constexpr int kPartitionBits = 8;
constexpr int kTimeShift = kCounterBits + kPartitionBits;
constexpr std::int64_t kEpochMs = 1577836800000;  // 2020-01-01T00:00:00Z

// 41 bits of milliseconds: times before 2020 and after 2089 count as the first and the last.
std::int64_t id_ms(WallTime at) {
  constexpr std::int64_t kLastMs = (std::int64_t{1} << (63 - kTimeShift)) - 1;
  return std::clamp<std::int64_t>(to_us(at) / 1000 - kEpochMs, 0, kLastMs);
}

}  // namespace

std::string encode_id(std::string_view prefix, std::int64_t value) {
  std::string out(prefix);
  out.resize(prefix.size() + kDigitsPerId);
  auto rest = static_cast<std::uint64_t>(value);
  for (int i = kDigitsPerId - 1; i >= 0; --i) {
    out[prefix.size() + static_cast<std::size_t>(i)] = kDigits[rest & 31];
    rest >>= 5;
  }
  return out;
}

std::optional<std::int64_t> decode_id(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + kDigitsPerId) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text.substr(prefix.size())) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos || (value >> 58) != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  if (value == 0 || (value >> 63) != 0) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::string attempt_id(DeliveryId delivery, int number) {
  return encode_id("att_", delivery.value) + "_" + std::to_string(number);
}

std::int64_t first_id_at(WallTime at) { return id_ms(at) << kTimeShift; }

WallTime id_time(std::int64_t id) { return from_us(((id >> kTimeShift) + kEpochMs) * 1000); }

IdGenerator::IdGenerator(std::int64_t last, int partition) : last_(last), partition_(partition) {
  LIMEHOOK_ASSERT(partition >= 0 && partition < 1 << kPartitionBits);
}

std::int64_t IdGenerator::next(WallTime now) {
  constexpr std::int64_t kPartitionMask = ((std::int64_t{1} << kPartitionBits) - 1) << kCounterBits;
  const std::int64_t partition = std::int64_t{partition_} << kCounterBits;
  std::int64_t id = std::max(last_ + 1, first_id_at(now) | partition);
  if ((id & kPartitionMask) != partition) {  // the counter ran over: go on in the next millisecond
    id = (((last_ >> kTimeShift) + 1) << kTimeShift) | partition;
  }
  return last_ = id;
}

}  // namespace limehook
