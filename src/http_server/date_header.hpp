#pragma once
// The Date header's value, made anew once a second.

#include <ctime>
#include <string>

namespace limehook::http_server {

class DateHeader {
 public:
  const std::string& now() const {
    const std::time_t second = std::time(nullptr);
    if (second != second_) {
      second_ = second;
      std::tm utc{};
      gmtime_r(&second, &utc);
      char text[40];
      text_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
    }
    return text_;
  }

 private:
  mutable std::time_t second_ = 0;
  mutable std::string text_;
};

}  // namespace limehook::http_server
