// Property: a provider's document gives https endpoints of the issuer that was asked for, or an error.

#include "fuzz_input.hpp"
#include "identity/oidc_flow.hpp"
#include "identity/provider.hpp"

using namespace limehook;
using namespace limehook::identity;
using fuzz::check;

namespace {

void check_paths(std::string_view path) {
  if (!is_local_path(path)) return;
  check(path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\"), "a local path has no host");
  for (const char c : path) check(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "nor control characters");
  check(make_flow(path, from_us(0)).return_to == path, "a flow goes back to it");
}

// Schemes have no case (RFC 3986, section 3.1).
bool has_https(std::string_view url) {
  std::string scheme(url.substr(0, 8));
  for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return scheme == "https://";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_paths(text);
  if (const auto tokens = read_token_answer({.status = 200, .body = std::string(text)})) {
    for (const char c : tokens->access_token) check(c > ' ' && c <= '~', "an access token can stand in a header");
  }
  if (const auto refusal = read_token_answer({.status = 400, .body = std::string(text)}); !refusal) {
    for (const char c : refusal.error().log) check(static_cast<unsigned char>(c) >= ' ', "the log keeps its lines");
  }
  for (const std::string_view issuer : {"https://id.example.com", "http://127.0.0.1:9000"}) {
    const auto document = read_provider_document(text, issuer);
    if (!document) {
      check(!document.error().empty(), "a refusal says why");
      continue;
    }
    const auto is_fine = [&](std::string_view url) { return has_https(url) || !issuer.starts_with("https"); };
    check(is_fine(document->authorization_endpoint) && is_fine(document->token_endpoint), "endpoints have https");
    const auto url = authorize_url(make_flow("/", from_us(0)), document->authorization_endpoint, "c&c", "https://h/cb");
    check(url.find_first_of(" \r\n") == std::string::npos && url.find("client_id=c%26c") != std::string::npos,
          "the browser is sent to one URL");
  }
  return 0;
}
