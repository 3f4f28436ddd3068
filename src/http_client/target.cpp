#include "http_client/target.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>

#include "base/ascii.hpp"

namespace limehook::http_client {

std::expected<Target, std::string> parse_target(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return std::unexpected("it cannot be read: " + parsed.error().message());
  const auto scheme = parsed->scheme_id();
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https) {
    return std::unexpected("its scheme is neither http nor https");
  }
  // Boost 1.81 takes "http://8.8.8.8.example/" for an address and the path ".example/". RFC 3986 section 3.3.
  if (!parsed->encoded_path().empty() && !parsed->encoded_path().starts_with('/')) {
    return std::unexpected("its host or port is malformed");
  }
  Target target;
  target.tls = scheme == boost::urls::scheme::https;
  const std::uint16_t default_port = target.tls ? 443 : 80;
  if (parsed->has_port() && !parsed->port().empty() && parsed->port_number() == 0) {
    return std::unexpected("its port is not one from 1 to 65535");
  }
  target.port = parsed->port_number() == 0 ? default_port : parsed->port_number();

  target.authority = ascii::lower(std::string(parsed->encoded_host()));
  target.host = target.authority;
  if (target.host.starts_with('[')) target.host = target.host.substr(1, target.host.size() - 2);
  if (target.host.empty()) return std::unexpected("it has no host");
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(target.host, ec);
  if (!ec) target.address = address;
  if (target.port != default_port) target.authority += ":" + std::to_string(target.port);

  target.path = std::string(parsed->encoded_target());
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  return target;
}

std::string_view origin_text(std::string_view url) {
  const auto host_begin = url.find("//");
  if (host_begin == std::string_view::npos) return url;
  return url.substr(0, url.find_first_of("/?#", host_begin + 2));
}

}  // namespace limehook::http_client
