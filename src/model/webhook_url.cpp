// What may stand in a webhook's URL (spec, section 4).

#include <algorithm>
#include <ranges>

#include "model/absolute_url.hpp"
#include "model/webhook_json.hpp"

namespace limehook {
namespace {

std::optional<std::string> scheme_problem(const boost::urls::url_view& url, const UrlRules& rules) {
  if (url.scheme_id() == boost::urls::scheme::https) return std::nullopt;
  if (url.scheme_id() != boost::urls::scheme::http) return "must start with https://";
  if (rules.allow_http) return std::nullopt;
  return "must start with https:// (http:// is allowed only when the server runs with --allow-http)";
}

// RFC 1035 section 2.3.4. A dot at the end only marks the name as absolute.
bool labels_fit(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  return std::ranges::all_of(name | std::views::split('.'),
                             [](const auto& label) { return !label.empty() && std::ranges::distance(label) <= 63; });
}

std::optional<std::string> host_problem(const boost::urls::url_view& url, const UrlRules& rules) {
  if (!url.has_authority() || url.encoded_host().empty()) return "must name a host";
  if (url.host_type() == boost::urls::host_type::ipvfuture) return "must name a host or an IPv4 or IPv6 address";
  const std::string host(url.encoded_host_address());
  const auto is_name_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._").find(c) != std::string_view::npos;
  };
  if (url.host_type() == boost::urls::host_type::name && !std::ranges::all_of(host, is_name_character)) {
    return "must name a host of letters, digits, '-', '_' and '.' (write international names in their xn-- form)";
  }
  if (url.host_type() == boost::urls::host_type::name && !labels_fit(host)) {
    return "must name a host of at most 253 characters, 1 to 63 between two dots";
  }
  return rules.literal_problem ? rules.literal_problem(host) : std::nullopt;
}

}  // namespace

std::optional<std::string> url_problem(std::string_view text, const UrlRules& rules) {
  if (text.empty()) return "is required";
  if (rules.is_test_receiver && rules.is_test_receiver(text)) return std::nullopt;
  if (text.size() > limits::kUrlBytesMax) {
    return "must be at most " + std::to_string(limits::kUrlBytesMax) + " characters long";
  }
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return "must not contain spaces, control characters or letters outside ASCII (percent-encode them)";
  }
  const auto parsed = parse_absolute_url(text);
  if (!parsed) return "must be an absolute URL such as https://example.com/hook";
  const auto& url = *parsed;
  if (auto problem = scheme_problem(url, rules)) return problem;
  if (url.has_userinfo()) return "must not contain a user name or password (use headers or the token instead)";
  if (url.has_fragment()) return "must not contain a fragment ('#')";
  if (url.has_port() && url.port_number() == 0) return "must have a port from 1 to 65535, or none";
  if (auto problem = host_problem(url, rules)) return problem;
  return url.port_number() != 0 && rules.port_problem ? rules.port_problem(url.port_number()) : std::nullopt;
}

}  // namespace limehook
