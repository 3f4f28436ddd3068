#pragma once
// JSON numbers by their exact value, whatever their size: as decimals, never through floating point.

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace limehook {

// Keeps views of the number's text. Reading costs time in proportion to it; comparing two costs no more than the
// shorter one is long.
class Decimal {
 public:
  // `number` must be a JSON number.
  explicit Decimal(std::string_view number);

  bool is_zero() const { return head_.empty() && tail_.empty(); }
  bool is_negative() const { return negative_; }
  // Is its fraction zero, as in 12, 12.0 and 1.2e1?
  bool is_whole() const { return is_zero() || static_cast<std::int64_t>(digits()) <= magnitude_; }

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const { return *this <=> other == 0; }

 private:
  friend std::optional<std::int64_t> integer_of(std::string_view number);

  std::size_t digits() const { return head_.size() + tail_.size(); }
  char digit(std::size_t i) const { return i < head_.size() ? head_[i] : tail_[i - head_.size()]; }
  std::strong_ordering compare_magnitudes(const Decimal& other) const;

  // The value is 0.d1d2d3… × 10^magnitude; the digits are head's, then tail's, without zeros at either end.
  bool negative_ = false;
  std::int64_t magnitude_ = 0;
  std::string_view head_;
  std::string_view tail_;
};

// The integer that a JSON number stands for, as JSON Schema has it: 12, 12.0, 1.2e1 and -0 are integers. Nothing when
// it is none, or needs more than 64 bits.
std::optional<std::int64_t> integer_of(std::string_view number);

}  // namespace limehook
