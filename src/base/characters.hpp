#pragma once
// How long a text is for the people who wrote it.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace limehook {

// The code points of a UTF-8 text: what a length in an error, and minLength and maxLength in the OpenAPI document,
// count.
inline std::size_t characters_in(std::string_view text) {
  constexpr unsigned kContinuation = 0b10;
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return static_cast<unsigned char>(c) >> 6 != kContinuation; }));
}

}  // namespace limehook
