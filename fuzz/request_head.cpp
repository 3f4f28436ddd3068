// Property: a head is judged alike in one piece and byte by byte, and one that passes ends where it seems to and holds
// nothing that another server could read differently.

#include "fuzz_input.hpp"
#include "http_server/head_scan.hpp"

using namespace limehook;
using fuzz::check;

namespace {

struct Judged {
  std::optional<http_server::HeadProblem> problem;
  std::size_t size = 0;
  bool operator==(const Judged&) const = default;
};

Judged judge(std::string_view text, std::size_t piece) {
  http_server::HeadScanner scanner;
  Judged judged;
  for (std::size_t end = std::min(piece, text.size()); !judged.problem && scanner.size() == 0; end += piece) {
    judged.problem = scanner.scan(text.substr(0, end));
    if (end >= text.size()) break;
  }
  judged.size = scanner.size();
  return judged;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, std::min<std::size_t>(size, 8192));
  const Judged at_once = judge(text, std::max<std::size_t>(text.size(), 1));
  check(judge(text, 1) == at_once, "the pieces in which a head comes make no difference");
  if (at_once.problem) {
    check(at_once.problem->status >= 400 && !at_once.problem->detail.empty(), "a refusal has a status and says why");
    return 0;
  }
  if (at_once.size == 0) return 0;
  check(at_once.size <= text.size(), "a head is no longer than what has arrived");
  const auto head = text.substr(0, at_once.size);
  check(head.ends_with("\r\n\r\n"), "a head ends with an empty line");
  check(head.find('\0') == std::string_view::npos, "no NUL is in a head");
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    check(at > 0 && head[at - 1] == '\r', "every line ends with CR LF");
  }
  return 0;
}
