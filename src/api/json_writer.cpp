#include "api/json_writer.hpp"

#include <cmath>

namespace limehook::api {

JsonWriter& JsonWriter::number(double value) {
  std::int64_t thousandths = std::llround(value * 1000);
  std::string text = thousandths < 0 ? "-" : "";
  thousandths = std::abs(thousandths);
  text += std::to_string(thousandths / 1000);
  if (const auto rest = thousandths % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += '.' + digits;
  }
  return raw(text);
}

}  // namespace limehook::api
