// Property: a receiver's answer is read the same in one piece and byte by byte, and keeps within its limits.

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "http_client/response_parser.hpp"

using namespace limehook;
using fuzz::check;

namespace {

struct Read {
  bool head = false, whole = false, failed = false, cut = false;
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
    boost::system::error_code error;
    const auto unread = answer.substr(begin, end - begin);
    begin += parser.put(boost::asio::const_buffer(unread.data(), unread.size()), error);
    result.failed = error && error != boost::beast::http::error::need_more;
    if (parser.is_done() || result.failed || end == answer.size()) break;
  }
  check(begin <= answer.size(), "no more is taken than was there");
  result.head = parser.is_header_done();
  result.whole = parser.is_done();
  result.cut = parser.body_cut();
  result.status = parser.status();
  result.retry_after = parser.retry_after();
  result.head_text = parser.take_head();
  result.body = parser.take_body();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = fuzz::text_of(data, size);
  const Read at_once = read(answer, std::max<std::size_t>(answer.size(), 1));
  check(at_once.head_text.size() <= limits::kResponseHeadBytesMax, "the head has its limit");
  check(at_once.body.size() <= limits::kResponseBodyBytesMax, "the body has its limit");
  check(!at_once.head || (at_once.status >= 0 && at_once.status <= 999), "a status has three digits");
  for (const char c : at_once.head_text) check(c != '\0', "no NUL gets into a head");
  if (answer.size() > 4096) return 0;  // byte by byte would take too long
  const Read bytewise = read(answer, 1);
  if (!at_once.whole && !bytewise.whole) return 0;  // how far a broken answer was read may differ
  check(bytewise == at_once, "the pieces in which an answer comes make no difference");
  return 0;
}
