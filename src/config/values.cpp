#include "config/values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

#include "base/email_address.hpp"
#include "base/json_text.hpp"

namespace limehook::config {
namespace {

using Problem = std::unexpected<std::string>;

template <class Integer>
std::optional<Integer> read_integer(std::string_view text) {
  Integer value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && !text.empty() ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

struct IpAddress {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};
  int bits() const { return family == AF_INET ? 32 : 128; }
  std::string str() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    return text.data();
  }
};

std::optional<IpAddress> read_address(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  for (const int family : {AF_INET, AF_INET6}) {
    address.family = family;
    if (inet_pton(family, terminated.c_str(), address.bytes.data()) == 1) return address;
  }
  return std::nullopt;
}

void clear_host_bits(IpAddress& address, int prefix) {
  for (int bit = prefix; bit < address.bits(); ++bit) {
    address.bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> (bit % 8)));
  }
}

// Also IPv4 addresses.
bool is_host_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-._").contains(static_cast<char>(c));
  });
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc() || digits.size() != 2 || stop != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

// A host's name or address, as it stands in a URL.
std::optional<std::string> read_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto address = read_address(text.substr(1, text.size() - 2));
    return address && address->family == AF_INET6 ? std::optional(address->str()) : std::nullopt;
  }
  if (!is_host_name(text)) return std::nullopt;
  return std::string(text);
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const auto address = read_address(host);
  return address && (address->family == AF_INET ? address->bytes[0] == 127 : address->str() == "::1");
}

struct WebUrl {
  bool https = false;
  std::string host;
  std::string_view path;
};

// Without user, query and fragment.
std::optional<WebUrl> read_web_url(std::string_view text) {
  const bool https = text.starts_with("https://");
  if (!https && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(https ? 8 : 7);
  const auto slash = std::min(text.find('/'), text.size());
  const auto path = text.substr(slash);
  auto host = text.substr(0, slash);
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    if (read_integer<std::uint16_t>(host.substr(colon + 1)).value_or(0) == 0) return std::nullopt;
    host = host.substr(0, colon);
  }
  auto name = read_host(host);
  const auto is_odd = [](char c) { return c <= ' ' || c > '~' || c == '?' || c == '#'; };
  if (!name || std::ranges::any_of(path, is_odd)) return std::nullopt;
  return WebUrl{https, std::move(*name), path};
}

}  // namespace

Value<ListenAddress> read_listen(std::string_view text) {
  const auto problem = [&] {
    return Problem(
        fmt::format("\"{}\" is not an address with a port; expected ADDRESS:PORT such as 127.0.0.1:8080, "
                    "0.0.0.0:8080 or [::1]:8080 (port 0: any free one)",
                    text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return problem();
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto port = read_integer<std::uint16_t>(text.substr(colon + 1));
  const auto address = read_address(host == "localhost" ? "127.0.0.1" : host);
  if (!port || !address || bracketed != (address->family == AF_INET6)) return problem();
  return ListenAddress{address->str(), *port};
}

Value<std::string> read_network(std::string_view text) {
  const auto slash = text.find('/');
  auto address = read_address(text.substr(0, slash));
  auto prefix = address ? std::optional(address->bits()) : std::nullopt;
  if (address && slash != std::string_view::npos) prefix = read_integer<int>(text.substr(slash + 1));
  if (!prefix || *prefix < 0 || *prefix > address->bits()) {
    return Problem(
        fmt::format("\"{}\" is not a network; expected CIDR such as 10.0.0.0/8, 192.168.1.20 or fd00::/8", text));
  }
  clear_host_bits(*address, *prefix);
  return fmt::format("{}/{}", address->str(), *prefix);
}

Value<std::vector<std::string>> read_networks(std::string_view text) {
  std::vector<std::string> networks;
  for (const auto part : split(text)) {
    auto network = read_network(part);
    if (!network) return Problem(std::move(network.error()));
    networks.push_back(std::move(*network));
  }
  return networks;
}

Value<std::vector<std::uint16_t>> read_ports(std::string_view text) {
  std::vector<std::uint16_t> ports;
  for (const auto part : split(text)) {
    const auto port = read_count(part, 1, 65'535);
    if (!port) return Problem(fmt::format("\"{}\" is not a port; expected a number from 1 to 65535", part));
    ports.push_back(static_cast<std::uint16_t>(*port));
  }
  return ports;
}

Value<std::vector<std::string>> read_origins(std::string_view text) {
  std::vector<std::string> origins;
  for (const auto part : split(text)) {
    const auto rest = part.starts_with("https://") ? part.substr(8) : part.starts_with("http://") ? part.substr(7) : "";
    // They become part of a header.
    const auto allowed = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-.:*[]").contains(c);
    };
    if (rest.empty() || !std::ranges::all_of(rest, allowed)) {
      return Problem(fmt::format("\"{}\" is not an origin; expected https://HOST or https://HOST:PORT", part));
    }
    origins.emplace_back(part);
  }
  return origins;
}

Value<ProxyAddress> read_proxy(std::string_view text) {
  const auto problem = Problem("this is not a proxy; expected http://HOST:PORT or http://USER:PASSWORD@HOST:PORT");
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return problem;
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  ProxyAddress proxy;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    auto credentials = percent_decoded(text.substr(0, at));
    if (!credentials || credentials->empty()) return problem;
    proxy.credentials = std::move(*credentials);
    if (!proxy.credentials.contains(':')) proxy.credentials += ':';
    text.remove_prefix(at + 1);
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return problem;
  const auto port = read_integer<std::uint16_t>(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool good = bracketed ? read_address(host).has_value() : is_host_name(host);
  if (!good || !port || *port == 0) return problem;
  proxy.host = host;
  proxy.port = *port;
  return proxy;
}

Value<Duration> read_duration(std::string_view text, Duration min, Duration max) {
  const auto duration = parse_duration(text);
  if (!duration) {
    return Problem(
        fmt::format("\"{}\" is not a duration; expected a number with a unit, such as 250ms, 15s, 5m, 12h "
                    "or 30d",
                    text));
  }
  if (*duration < min || *duration > max) {
    return Problem(
        fmt::format("{} is out of range; expected {} to {}", text, format_duration(min), format_duration(max)));
  }
  return *duration;
}

Value<std::vector<Duration>> read_retry_schedule(std::string_view text) {
  const auto parts = split(text);
  if (parts.size() > limits::kRetryStepsMax) {
    return Problem(fmt::format("{} steps are too many; expected 1 to {}", parts.size(), limits::kRetryStepsMax));
  }
  std::vector<Duration> schedule;
  for (const auto part : parts) {
    auto step = read_duration(part, limits::kRetryStepMin, limits::kRetryStepMax);
    if (!step) return Problem(fmt::format("{}; the whole reads like 1m,5m,15m,30m", step.error()));
    schedule.push_back(*step);
  }
  return schedule;
}

Value<std::uint64_t> read_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  static constexpr std::array<Unit, 10> kUnits{{{"", 1},
                                                {"B", 1},
                                                {"kB", 1000},
                                                {"KB", 1000},
                                                {"KiB", 1024},
                                                {"MB", 1000'000},
                                                {"MiB", 1 << 20},
                                                {"GB", 1000'000'000},
                                                {"GiB", 1 << 30},
                                                {"TB", 1000'000'000'000}}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto amount = read_integer<std::uint64_t>(text.substr(0, digits));
  const auto* const unit = std::ranges::find(kUnits, trimmed(text.substr(digits)), &Unit::name);
  if (!amount || unit == kUnits.end() || *amount > std::numeric_limits<std::int64_t>::max() / unit->bytes) {
    return Problem(
        fmt::format("\"{}\" is not a size; expected bytes with an optional unit, such as 64MiB or 20GB", text));
  }
  return *amount * unit->bytes;
}

Value<std::uint64_t> read_count(std::string_view text, std::uint64_t min, std::uint64_t max) {
  const auto count = read_integer<std::uint64_t>(text);
  if (!count || *count < min || *count > max) {
    return Problem(fmt::format("\"{}\" is not possible; expected a whole number from {} to {}", text, min, max));
  }
  return *count;
}

Value<SmtpServer> read_smtp_url(std::string_view text) {
  using Encryption = SmtpServer::Encryption;
  // What was given is not repeated: somebody may have put a password into it.
  const Problem problem(
      "this is not a mail server; expected smtp://HOST:PORT or smtps://HOST:PORT without anything behind it but "
      "?tls=none or ?tls=starttls (with smtp://)");
  const bool tls = text.starts_with("smtps://");
  if (!tls && !text.starts_with("smtp://")) return problem;
  text.remove_prefix(text.find("//") + 2);
  const auto query = text.substr(std::min(text.find('?'), text.size()));
  text.remove_suffix(query.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto colon = text.ends_with(']') ? std::string_view::npos : text.rfind(':');
  const auto host = read_host(text.substr(0, colon));
  std::optional<std::uint16_t> port = tls ? 465 : 25;
  if (colon != std::string_view::npos) port = read_integer<std::uint16_t>(text.substr(colon + 1));
  if (!host || !port || *port == 0) return problem;
  SmtpServer server{*host, *port, Encryption::Tls, is_loopback(*host)};
  if (tls) return query.empty() ? Value<SmtpServer>(server) : problem;
  if (!query.empty() && query != "?tls=none" && query != "?tls=starttls") return problem;
  const bool plain = query.empty() ? server.loopback : query == "?tls=none";
  server.encryption = plain ? Encryption::None : Encryption::StartTls;
  return server;
}

Value<std::string> read_issuer(std::string_view text) {
  const auto url = read_web_url(text);
  if (!url) return Problem("this is no issuer; expected an https URL without user, query and fragment");
  if (!url->https && !is_loopback(url->host)) {
    return Problem(fmt::format("\"{}\" is not encrypted; expected https (http on this machine only)", text));
  }
  return std::string(text);
}

Value<std::string> read_public_url(std::string_view text) {
  const auto url = read_web_url(text);
  if (!url || (!url->path.empty() && url->path != "/")) {
    return Problem("this is no URL of a server; expected http(s)://HOST[:PORT]");
  }
  text.remove_suffix(url->path.size());
  return std::string(text);
}

Value<std::string> read_secret_file(std::string_view name) {
  constexpr std::size_t kBytesMax = 4096;
  const std::string path(name);
  const auto problem = [&](std::string_view what) { return Problem(fmt::format("\"{}\" {}", path, what)); };
  struct stat status{};
  std::ifstream file(path, std::ios::binary);
  if (!file || stat(path.c_str(), &status) != 0 || S_ISDIR(status.st_mode)) {
    return problem("cannot be read; expected a file with the secret in its first line");
  }
  if (status.st_uid == geteuid() && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return problem("may be read by others; expected a file for its owner only (chmod 600)");
  }
  std::string secret(kBytesMax, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(file.gcount()));
  secret.erase(0, secret.size() - json_text::without_byte_order_mark(secret).size());
  secret.resize(std::min(secret.find('\n'), secret.size()));
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return problem("has an empty first line; expected the secret there");
  return secret;
}

Value<std::string> read_email_address(std::string_view text) {
  if (const auto problem = email_problem(text)) return Problem(fmt::format("\"{}\" {}", text, *problem));
  return std::string(text);
}

Value<std::vector<std::string>> read_email_addresses(std::string_view text) {
  std::vector<std::string> addresses;
  for (const auto part : split(text)) {
    auto address = read_email_address(part);
    if (!address) return Problem(std::move(address.error()));
    addresses.push_back(std::move(*address));
  }
  return addresses;
}

Value<bool> read_switch(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return Problem(fmt::format("\"{}\" is not a switch; expected true or false", text));
}

}  // namespace limehook::config
