#pragma once
// What an operator can decide about a server (spec, section 7). Made by load_config(), which has checked every
// value; immutable from then on.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/time.hpp"
#include "vault/key_file.hpp"

namespace limehook {

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warning, Error };
enum class LogFormat : std::uint8_t {
  Auto,  // readable text on a terminal, JSON lines otherwise
  Json,
  Text,
};

struct ListenAddress {
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 literal, without brackets
  std::uint16_t port = 8080;          // 0: the system picks one
  bool operator==(const ListenAddress&) const = default;
};

struct ProxyAddress {
  std::string host;  // a name, or an address literal without brackets
  std::uint16_t port = 0;
  std::string credentials;  // "user:password"; empty: none
  bool operator==(const ProxyAddress&) const = default;
};

struct SmtpServer {
  enum class Encryption : std::uint8_t {
    None,
    StartTls,  // RFC 3207; the server must offer it
    Tls,       // from the first byte on (RFC 8314)
  };
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  Encryption encryption{};
  bool loopback = false;  // it is this machine, as its name or address says
  bool operator==(const SmtpServer&) const = default;
};

struct Config {
  ListenAddress listen;
  std::optional<std::filesystem::path> tls_cert;  // with tls_key: the API speaks TLS
  std::optional<std::filesystem::path> tls_key;
  std::vector<std::string> trusted_proxies;  // networks in CIDR form without host bits
  std::filesystem::path data = "./limehook-data";
  // Where people and receivers of links reach this server: "https://hooks.example.com", with a port where it has one,
  // without a slash at the end. Empty: http:// and where it listens.
  std::string public_url;
  std::optional<std::string> admin_key;
  vault::KeySource secret_keys;  // what the store's secrets are sealed with

  // Single sign-on with OpenID Connect. Without an issuer there is none, and id and secret are empty; else all are set.
  std::string oidc_issuer;  // https, or http on this machine
  std::string oidc_client_id;
  std::string oidc_client_secret;
  std::string oidc_name = "Single sign-on";  // what the button says

  // Delivery.
  bool allow_http = false;
  std::vector<std::string> allow_nets;     // networks in CIDR form without host bits, besides the public addresses
  std::vector<std::uint16_t> allow_ports;  // of other protocols, which webhooks may reach all the same
  std::optional<std::filesystem::path> ca_file;  // certificates trusted besides the system's; readable at start
  std::optional<ProxyAddress> proxy;             // an HTTP proxy that everything to receivers goes through
  std::vector<Duration> retry_schedule{std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(15),
                                       std::chrono::minutes(30)};
  Duration disable_after = std::chrono::days(5);       // without one success
  Duration breaker_pause = std::chrono::seconds(1);    // before the first probe
  Duration timeout = limits::kAttemptTimeout;          // of a whole attempt
  Duration connect_timeout = limits::kConnectTimeout;  // at most `timeout`

  // The log.
  Duration retention = std::chrono::hours(24 * 30);   // 0: for ever
  std::uint64_t retention_bytes = 0;                  // 0: no limit
  Duration audit_retention = std::chrono::days(365);  // of the audit log; 0: for ever

  // People who sign in.
  Duration session_idle = std::chrono::hours(8);  // a session that is not used for that long ends
  Duration session_age = std::chrono::days(7);    // however much it is used
  std::vector<std::string> frame_ancestors;       // origins of sites that may embed a team's portal

  // E-mail about webhooks. Without `smtp` there is none, and the rest is empty.
  std::optional<SmtpServer> smtp;
  std::string smtp_user;  // empty: no authentication
  std::string smtp_password;
  std::string smtp_from;
  std::vector<std::string> smtp_to;  // who is told about webhooks that name nobody

  // Limits.
  int sender_threads = 0;                                // 0: as many as suits the machine
  std::size_t connections_max = 0;                       // of server and sender together
  std::size_t connections_per_address = 0;               // of callers
  double request_rate = 0;                               // per second and key, or address without key; 0: no limit
  std::size_t in_flight_max = 0;                         // attempts under way at once; at most connections_max
  std::size_t memory_bytes_max = std::size_t{64} << 20;  // payloads held in memory while they wait

  LogLevel log_level = LogLevel::Info;
  LogFormat log_format = LogFormat::Auto;
};

}  // namespace limehook
