// Property: two JSON parsers agree on what is valid, and compacting changes neither that nor the value.

#include "base/json_text.hpp"

#include <boost/json.hpp>

#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "model/event.hpp"

using namespace limehook;
using fuzz::check;

namespace {

boost::json::value parsed(std::string_view text, boost::json::error_code& error) {
  return boost::json::parse({text.data(), text.size()}, error, {}, {.max_depth = limits::kJsonDepthMax});
}

bool has_long_number(std::string_view text) {
  constexpr std::size_t kDigits = 15;
  std::size_t run = 0;
  for (const char c : text) {
    run = (c >= '0' && c <= '9') || c == '.' ? run + 1 : 0;
    if (run > kDigits) return true;
  }
  return false;
}

void check_string(std::string_view raw) {
  const auto text = json_text::string_value(raw);
  check(text.has_value() == raw.starts_with('"'), "strings, and only they, have characters");
  if (text) check(json_text::string_value(json_text::quote(*text)) == text, "a quoted text is read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  boost::json::error_code error;
  const auto value = parsed(text, error);
  const auto problem = json_problem(text);
  check(json_error(text).has_value() == problem.has_value(), "what is wrong is somewhere");
  if (const auto items = json_text::split_array(text, 10)) check(items->size() <= 11, "items are counted");
  check(problem.has_value() == error.failed(), "json_problem() and Boost.JSON agree");
  if (problem) return 0;
  const auto compact = json_text::compact(text);
  check(compact.size() <= text.size() && json_text::compact(compact) == compact, "compacting twice is compacting once");
  const auto same = parsed(compact, error);
  check(!error, "what is compact is valid");
  // As text, since Boost.JSON makes NaN of 0e999. It may read the last digit of a long number in two ways, depending on
  // where it stands.
  if (!has_long_number(text)) {
    check(boost::json::serialize(same) == boost::json::serialize(value), "compacting keeps the value");
  }
  check(json_text::value_end(compact, 0) == compact.size(), "the value ends at the end");
  check_string(compact);
  std::size_t members = 0;
  if (value.is_object()) {
    json_text::each_member(compact, [&](std::string_view key, std::string_view raw) {
      check_string('"' + std::string(key) + '"');
      check_string(raw);
      check(!json_problem(raw), "a member's value is JSON");
      ++members;
      return true;
    });
    check(members >= value.get_object().size(), "every member is visited");
  }
  if (value.is_array()) {
    json_text::each_element(compact, [&](std::string_view raw) {
      check(!json_problem(raw), "an element is JSON");
      ++members;
      return true;
    });
    check(members == value.get_array().size(), "every element is visited");
    const auto items = json_text::split_array(text, text.size());
    check(items && items->size() == members, "an array that is valid can be split");
  }
  return 0;
}
