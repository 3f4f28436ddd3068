#include "identity/oidc_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url.hpp>

#include "identity/base64url.hpp"
#include "identity/oidc_words.hpp"
#include "signing/signing.hpp"

namespace limehook::identity {
namespace {

constexpr std::size_t kPathBytesMax = 1024;
constexpr std::size_t kCodeBytesMax = 2048;

std::string encoded(std::string_view text) { return boost::urls::encode(text, boost::urls::unreserved_chars); }

}  // namespace

OidcFlow make_flow(std::string_view return_to, WallTime now) {
  return {.state = signing::generate_token(""),
          .nonce = signing::generate_token(""),
          .verifier = signing::generate_token(""),
          .return_to = is_local_path(return_to) ? std::string(return_to) : "/",
          .expires_at = now + kOidcFlowTime};
}

bool is_local_path(std::string_view path) {
  const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '\\'; };  // browsers read \ as /
  return path.starts_with('/') && !path.starts_with("//") && path.size() <= kPathBytesMax &&
         std::ranges::none_of(path, is_odd);
}

std::string authorize_url(const OidcFlow& flow, std::string_view authorization_endpoint, std::string_view client_id,
                          std::string_view redirect_uri) {
  return fmt::format(
      "{}{}response_type=code&scope=openid%20email%20profile&client_id={}&redirect_uri={}&state={}&nonce={}"
      "&code_challenge={}&code_challenge_method=S256",
      authorization_endpoint, authorization_endpoint.contains('?') ? '&' : '?', encoded(client_id),
      encoded(redirect_uri), encoded(flow.state), encoded(flow.nonce), base64url(signing::sha256(flow.verifier)));
}

std::expected<std::string, OidcProblem> code_of_callback(const OidcFlow& flow, const OidcCallback& callback,
                                                         std::string_view issuer, WallTime now) {
  if (flow.state.empty() || !callback.state || !signing::equal_constant_time(*callback.state, flow.state)) {
    return std::unexpected(refused("a browser came back with the state of another sign-in"));
  }
  if (now >= flow.expires_at) return std::unexpected(refused("a browser came back too late"));
  if (callback.issuer && *callback.issuer != issuer) {
    return std::unexpected(refused("a browser came back from another issuer"));
  }
  if (callback.error) {
    return std::unexpected(refused(fmt::format("the provider answered \"{}\"", error_code_for_log(*callback.error))));
  }
  if (!callback.code || callback.code->empty() || callback.code->size() > kCodeBytesMax) {
    return std::unexpected(refused("a browser came back without a code"));
  }
  return *callback.code;
}

}  // namespace limehook::identity
