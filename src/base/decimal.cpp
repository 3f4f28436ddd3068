#include "base/decimal.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace limehook {
namespace {

constexpr std::int64_t kExponentMax = 1'000'000'000'000'000;  // so that sums of exponents and lengths cannot overflow

std::int64_t exponent_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), exponent).ec;
  if (error != std::errc()) exponent = text.starts_with('-') ? -kExponentMax : kExponentMax;
  return std::clamp(exponent, -kExponentMax, kExponentMax);
}

// Answers how many zeros there were.
std::size_t trim_front(std::string_view& digits) {
  const auto zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.remove_prefix(zeros);
  return zeros;
}

void trim_back(std::string_view& digits) { digits = digits.substr(0, digits.find_last_not_of('0') + 1); }

}  // namespace

Decimal::Decimal(std::string_view number) {
  const bool minus = number.starts_with('-');
  if (minus) number.remove_prefix(1);
  const auto mark = number.find_first_of("eE");
  const std::int64_t exponent = mark == std::string_view::npos ? 0 : exponent_of(number.substr(mark + 1));
  number = number.substr(0, mark);
  const auto dot = number.find('.');
  head_ = number.substr(0, dot);
  if (dot != std::string_view::npos) tail_ = number.substr(dot + 1);

  trim_front(head_);
  magnitude_ = exponent + static_cast<std::int64_t>(head_.size());
  if (head_.empty()) magnitude_ -= static_cast<std::int64_t>(trim_front(tail_));
  trim_back(tail_);
  if (tail_.empty()) trim_back(head_);
  negative_ = minus && !is_zero();
}

std::strong_ordering Decimal::compare_magnitudes(const Decimal& other) const {
  if (is_zero() || other.is_zero()) return other.is_zero() <=> is_zero();
  if (magnitude_ != other.magnitude_) return magnitude_ <=> other.magnitude_;
  const auto shared = std::min(digits(), other.digits());
  for (std::size_t i = 0; i < shared; ++i) {
    if (digit(i) != other.digit(i)) return digit(i) <=> other.digit(i);
  }
  return digits() <=> other.digits();
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (negative_ != other.negative_) return other.negative_ <=> negative_;
  return negative_ ? other.compare_magnitudes(*this) : compare_magnitudes(other);
}

std::optional<std::int64_t> integer_of(std::string_view number) {
  constexpr std::int64_t kDigitsMax = 19;  // of 2^63
  const Decimal decimal(number);
  if (decimal.is_zero()) return 0;
  if (!decimal.is_whole() || decimal.magnitude_ > kDigitsMax) return std::nullopt;
  std::string text = decimal.negative_ ? "-" : "";
  text.append(decimal.head_).append(decimal.tail_);
  text.append(static_cast<std::size_t>(decimal.magnitude_) - decimal.digits(), '0');
  std::int64_t value = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace limehook
