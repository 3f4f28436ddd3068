#include "identity/provider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url.hpp>

#include "identity/json_object.hpp"
#include "identity/oidc_words.hpp"
#include "signing/signing.hpp"

namespace limehook::identity {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;

std::string encoded(std::string_view text) { return boost::urls::encode(text, boost::urls::unreserved_chars); }

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_loopback(const boost::urls::url_view& url) {
  if (url.host_type() == boost::urls::host_type::ipv4) return url.host_ipv4_address().is_loopback();
  if (url.host_type() == boost::urls::host_type::ipv6) return url.host_ipv6_address().is_loopback();
  return url.host() == "localhost";
}

bool is_endpoint(std::string_view text, bool http_allowed) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || text.size() > kUrlBytesMax || url->encoded_host().empty() || url->has_userinfo() || url->has_fragment()) {
    return false;
  }
  return url->scheme_id() == boost::urls::scheme::https ||
         (http_allowed && url->scheme_id() == boost::urls::scheme::http && is_loopback(*url));
}

// Whether the list under that name, or what counts where there is none, holds `wanted`.
bool lists(const boost::json::object& document, std::string_view name, std::string_view wanted, bool without_list) {
  const auto* const member = document.if_contains(name);
  const auto* const list = member ? member->if_array() : nullptr;
  if (!list) return without_list;
  return std::ranges::any_of(*list, [&](const auto& v) { return v.is_string() && v.get_string() == wanted; });
}

}  // namespace

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return fmt::format("{}/.well-known/openid-configuration", issuer);
}

std::expected<ProviderDocument, std::string> read_provider_document(std::string_view json, std::string_view issuer) {
  const auto document = read_object(json);
  if (!document) return std::unexpected("it is no JSON object with unique names");
  const auto named = text_member(*document, "issuer").value_or("");
  if (named != issuer) {
    return std::unexpected(
        fmt::format("it is about another issuer, {}", is_endpoint(named, true) ? named : "unreadable"));
  }
  const auto own = boost::urls::parse_uri(issuer);
  const bool http_allowed = own && own->scheme_id() == boost::urls::scheme::http && is_loopback(*own);
  ProviderDocument provider;
  const auto take = [&](std::string& target, std::string_view name) {
    target = text_member(*document, name).value_or("");
    return is_endpoint(target, http_allowed);
  };
  for (const auto& [target, name] :
       {std::pair(&provider.authorization_endpoint, "authorization_endpoint"),
        std::pair(&provider.token_endpoint, "token_endpoint"), std::pair(&provider.jwks_uri, "jwks_uri")}) {
    if (!take(*target, name)) return std::unexpected(fmt::format("its {} is no https URL", name));
  }
  if (document->contains("userinfo_endpoint") && !take(provider.userinfo_endpoint, "userinfo_endpoint")) {
    return std::unexpected("its userinfo_endpoint is no https URL");
  }
  static constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  provider.secret_in_header = lists(*document, kMethods, "client_secret_basic", true);
  if (!provider.secret_in_header && !lists(*document, kMethods, "client_secret_post", false)) {
    return std::unexpected("it takes neither client_secret_basic nor client_secret_post");
  }
  return provider;
}

FetchRequest token_request(const ProviderDocument& provider, const ClientCredentials& client, const OidcFlow& flow,
                           std::string_view code, std::string_view redirect_uri) {
  FetchRequest request{.url = provider.token_endpoint,
                       .form = fmt::format("grant_type=authorization_code&code={}&redirect_uri={}&code_verifier={}",
                                           encoded(code), encoded(redirect_uri), encoded(flow.verifier))};
  if (provider.secret_in_header) {
    const auto text = fmt::format("{}:{}", encoded(client.id), encoded(client.secret));  // RFC 6749, section 2.3.1
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    request.authorization = "Basic " + signing::base64({bytes, text.size()});
  } else {
    request.form += fmt::format("&client_id={}&client_secret={}", encoded(client.id), encoded(client.secret));
  }
  return request;
}

std::expected<Tokens, OidcProblem> read_token_answer(const FetchAnswer& answer) {
  const auto object = read_object(answer.body);
  if (answer.status != 200) {
    const auto code = error_code_for_log(object ? text_member(*object, "error").value_or("") : "");
    auto log = fmt::format("the provider's token endpoint answered {} with \"{}\"", answer.status, code);
    // Codes are guessed and used twice; all else is the provider's trouble, or this server's with it.
    return std::unexpected(code == "invalid_grant" ? refused(std::move(log)) : unavailable(std::move(log)));
  }
  const auto id_token = object ? text_member(*object, "id_token") : std::nullopt;
  if (!id_token) return std::unexpected(unavailable("the provider's token endpoint answered without an ID token"));
  auto access_token = text_member(*object, "access_token").value_or("");
  if (!is_visible(access_token)) access_token.clear();
  return Tokens{*id_token, std::move(access_token)};
}

}  // namespace limehook::identity
