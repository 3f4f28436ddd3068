// Property: a receiver's answer is read the same in one piece and byte by byte, and keeps within its limits.

#include <algorithm>

#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "http_client/response_parser.hpp"

using namespace limehook;
using fuzz::check;

namespace {

struct Read {
  bool head = false, whole = false, failed = false, cut = false, ambiguous = false;
  int status = 0;
  std::string head_text, body, retry_after;
  bool operator==(const Read&) const = default;
};

// As connection.cpp does it: what was not taken is offered again with more behind it.
Read read(std::string_view answer, std::size_t piece) {
  http_client::ResponseParser parser;
  Read result;
  std::size_t begin = 0;
  for (std::size_t end = std::min(piece, answer.size());; end = std::min(end + piece, answer.size())) {
    begin += parser.put(answer.substr(begin, end - begin));
    result.failed = parser.failed();
    if (parser.done() || result.failed || parser.body_cut() || end == answer.size()) break;
  }
  check(begin <= answer.size(), "no more is taken than was there");
  result.head = parser.head_done();
  result.whole = parser.done();
  result.cut = parser.body_cut();
  result.ambiguous = parser.head().ambiguous;
  result.status = parser.status();
  result.retry_after = parser.head().retry_after;
  result.head_text = parser.take_fields();
  result.body = parser.take_body();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = fuzz::text_of(data, size);
  const Read at_once = read(answer, std::max<std::size_t>(answer.size(), 1));
  check(at_once.head_text.size() <= limits::kResponseHeadBytesMax, "the head has its limit");
  check(at_once.body.size() <= limits::kResponseBodyBytesMax, "the body has its limit");
  check(!at_once.head || (at_once.status >= 100 && at_once.status <= 999), "a status has three digits");
  for (const char c : at_once.head_text) check(c != '\0', "no NUL gets into a head");
  check(!at_once.whole || at_once.body.size() <= answer.size(), "a body is part of the answer");
  if (answer.size() > 4096) return 0;  // byte by byte would take too long
  const Read bytewise = read(answer, 1);
  if (!at_once.whole && !bytewise.whole) return 0;  // how far a broken answer was read may differ
  check(bytewise == at_once, "the pieces in which an answer comes make no difference");
  return 0;
}
