#pragma once
// Whole numbers in what users wrote.

#include <boost/json/value.hpp>
#include <cmath>
#include <cstdint>
#include <optional>

namespace limehook {

// A number without a fraction, however it is written: 12, 12.0 and 1.2e1 are one integer, as JSON Schema says. Nothing
// for anything else, and for numbers in a form with a fraction or an exponent that are too large to be exact.
inline std::optional<std::int64_t> json_integer(const boost::json::value& value) {
  constexpr double kExactMax = 9007199254740992;  // 2^53
  if (const auto* number = value.if_double()) {
    const bool whole = std::abs(*number) <= kExactMax && std::trunc(*number) == *number;
    return whole ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
  }
  if (const auto* number = value.if_int64()) return *number;
  return std::nullopt;
}

}  // namespace limehook
