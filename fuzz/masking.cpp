// Input: a line, an answer. Property: a webhook's token and the credentials in own headers never get into the log,
// wherever a receiver puts them.

#include "http_client/masking.hpp"

#include <algorithm>

#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string kToken = "tok_1234567890abcdef";
  auto rest = fuzz::text_of(data, size);
  Webhook webhook;
  webhook.token = kToken;
  webhook.headers = {{"X-Own-Key", std::string(fuzz::take_line(rest))}};
  std::string answer(rest);
  answer.insert(answer.size() / 2, kToken);
  http_client::mask_secrets(answer, webhook, true);
  check(answer.find(kToken) == std::string::npos, "the token is masked");
  const auto& own = webhook.headers.front().value;
  const bool allowed = std::ranges::all_of(own, [](char c) { return c >= ' ' && c <= '~'; });
  if (allowed && own.size() >= 6) check(answer.find(own) == std::string::npos, "so is an own header's value");
  return 0;
}
