// Property: times and durations that are read can be written, and are then read as the same; waits are never negative.

#include "base/time.hpp"
#include "fuzz_input.hpp"
#include "http_client/response_parser.hpp"

using namespace limehook;
using fuzz::check;
using std::chrono::floor;
using std::chrono::milliseconds;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const WallTime now = from_us(1'738'249'200'000'000);
  if (const auto time = parse_rfc3339(text)) {
    check(parse_rfc3339(format_rfc3339(*time)) == floor<milliseconds>(*time), "a time is the same after writing");
  }
  if (const auto date = parse_http_date(text, now)) {
    check(parse_rfc3339(format_rfc3339(*date)) == floor<milliseconds>(*date), "a date is the same after writing");
  }
  if (const auto duration = parse_duration(text)) {
    check(*duration >= Duration(0), "a duration is not negative");
    check(parse_duration(format_duration(*duration)) == *duration, "a duration is the same after writing");
  }
  if (const auto wait = http_client::parse_retry_after(text, now)) {
    check(*wait >= Duration(0) && *wait <= std::chrono::hours(24 * 366 * 10'000LL), "a wait has its limits");
  }
  if (const auto timeout = http_client::parse_keep_alive_timeout(text)) {
    check(timeout->count() >= 0, "a connection is not kept for less than no time");
  }
  return 0;
}
