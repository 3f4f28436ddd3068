#pragma once
// A mistake in what a user sent: where (JSON pointer, RFC 6901) and what is wrong, in words for that user.

#include <string>
#include <vector>

namespace limehook {

struct FieldError {
  std::string pointer;
  std::string detail;
  bool operator==(const FieldError&) const = default;
};
using FieldErrors = std::vector<FieldError>;

}  // namespace limehook
