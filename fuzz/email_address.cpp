// Property: an accepted address can stand in a header and in an SMTP command as it is.

#include "base/email_address.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto problem = email_problem(text)) {
    check(!problem->empty(), "a refusal says why");
    return 0;
  }
  check(text.size() <= limits::kEmailBytesMax, "an address has its limit");
  check(std::ranges::count(text, '@') == 1 && !text.starts_with('@') && !text.ends_with('@'), "one @ within");
  check(std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }), "visible ASCII only");
  check(text.find_first_of("<>()[]\\,;:\"") == std::string_view::npos, "nothing that a header gives a meaning to");
  check(!text.starts_with('-') || text.size() > 1, "there is a local part");
  return 0;
}
