// Input: Authorization, a line, Cookie. Property: what is taken for a key or a token is a part of the header, whole.

#include <algorithm>

#include "api/auth.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text_of(data, size);
  const auto authorization = fuzz::take_line(rest);
  if (const auto key = api::bearer(authorization)) {
    check(!key->empty() && !key->starts_with(' ') && authorization.ends_with(*key), "a key is what follows Bearer");
  }
  http_server::Request request;
  request.headers = {{"cookie", std::string(rest)}};
  for (const bool secure : {false, true}) {
    request.secure = secure;
    const auto name = api::session_cookie_name(secure);
    const auto value = api::cookie(request, name);
    if (value.empty()) continue;
    check(value.find(';') == std::string_view::npos, "a cookie ends at its semicolon");
    check(rest.find(std::string(name) + "=" + std::string(value)) != std::string_view::npos, "it is the one named");
  }
  return 0;
}
