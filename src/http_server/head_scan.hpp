#pragma once
// What a request's head must be like as bytes and as a whole (RFC 9112), stricter than the parser: whatever another
// server on the way could read differently is refused, so that no request hides in another. Pure.

#include <cstddef>
#include <optional>
#include <string_view>

#include "http_server/request.hpp"

namespace limehook::http_server {

// Why a head is refused: the status to answer with, and a sentence.
struct HeadProblem {
  int status = 400;
  std::string_view detail;
  bool operator==(const HeadProblem&) const = default;
};

// Looks at the bytes of one head as they arrive, line by line.
class HeadScanner {
 public:
  // `text` is all that has arrived so far, and begins as it did in the calls before. Answers what is wrong with it.
  std::optional<HeadProblem> scan(std::string_view text);
  // The head's size in bytes with its empty line, once it has arrived; 0 before.
  std::size_t size() const { return size_; }

 private:
  std::optional<HeadProblem> check_line(std::string_view line);

  std::size_t line_begin_ = 0;
  std::size_t seen_ = 0;  // of the line that is not complete yet
  std::size_t lines_ = 0;
  std::size_t size_ = 0;
};

// What is wrong with a parsed head: its target, Host, and what says where the body ends. `http_minor` is 0 or 1.
std::optional<HeadProblem> head_problem(const Request& head, unsigned http_minor);

}  // namespace limehook::http_server
