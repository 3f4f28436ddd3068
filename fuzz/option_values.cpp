// Input: an option's name, a line, its value. Property: a value is taken, or refused in words that do not repeat what
// may be a secret.

#include <algorithm>

#include "config/options.hpp"
#include "config/values.hpp"
#include "fuzz_input.hpp"
#include "http_client/address_policy.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto value = fuzz::text_of(data, size);
  const auto name = fuzz::take_line(value);
  const auto all = config::options();
  const auto option = std::ranges::find(all, name, &config::Option::name);
  if (option == all.end() || name.ends_with("-file")) return 0;
  Config config;
  const auto problem = option->apply(config, value);
  if (problem) {
    check(!problem->empty(), "a refusal says why");
    const bool secret =
        name.find("secret") != std::string_view::npos || name.find("password") != std::string_view::npos;
    if ((secret || name == "admin-key") && value.size() >= 16) {
      // What is said about any such value may happen to have these words.
      Config other;
      const auto usual = option->apply(other, std::string(value.size(), '\x01'));
      const bool usual_words = usual && usual->find(value) != std::string::npos;
      check(usual_words || problem->find(value) == std::string::npos, "a secret is not repeated");
    }
    return 0;
  }
  for (const auto& network : config.allow_nets) {
    check(http_client::parse_network(network).has_value(), "an allowed network can be used");
  }
  for (const auto step : config.retry_schedule) check(step >= std::chrono::seconds(1), "no retry comes at once");
  return 0;
}
