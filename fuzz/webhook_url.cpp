// Property: the check of a URL and the connection read the same host, and no accepted URL names a private address.

#include "fuzz_input.hpp"
#include "http_client/address_policy.hpp"
#include "http_client/target.hpp"
#include "model/webhook_json.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = fuzz::text_of(data, size);
  const http_client::AddressPolicy policy;
  std::string judged;
  const UrlRules rules{.allow_http = true, .literal_problem = [&](std::string_view host) {
                         judged = host;
                         return policy.literal_problem(host);
                       }};
  const auto problem = url_problem(url, rules);
  const auto target = http_client::parse_target(url);
  if (problem) {
    check(!problem->empty(), "a refusal says why");
    return 0;
  }
  check(target.has_value(), "what is accepted can be connected to");
  for (char& c : judged) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (judged.starts_with('[')) judged = judged.substr(1, judged.size() - 2);
  check(target->host == judged, "the host that was judged is the one connected to");
  check(!policy.literal_problem(target->host), "and it is still fine as the connection reads it");
  check(!target->address || !policy.problem(*target->address), "an address is a public one");
  check(target->port != 0 && target->path.starts_with('/'), "port and path can be sent");
  const auto harmless = [](char c) { return c > ' ' && c < '\x7f'; };
  for (const char c : target->authority + target->path) check(harmless(c), "nothing breaks the request apart");
  check(url.starts_with(http_client::origin_text(url)), "the origin is the URL's beginning");
  return 0;
}
