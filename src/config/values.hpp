#pragma once
// Reads single option values. Each function answers the value, or what is wrong in words that end a sentence which
// began with the option's name: `"abc" is not a port; expected …`.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace limehook::config {

template <class T>
using Value = std::expected<T, std::string>;

// "127.0.0.1:8080", "[::1]:8080", "localhost:0".
Value<ListenAddress> read_listen(std::string_view text);
// "10.0.0.0/8", "fd00::/8", or one address. Host bits are cleared: "10.1.2.3/8" is "10.0.0.0/8".
Value<std::string> read_network(std::string_view text);
// Networks with commas between them.
Value<std::vector<std::string>> read_networks(std::string_view text);
// Ports with commas between them.
Value<std::vector<std::uint16_t>> read_ports(std::string_view text);
// Origins (RFC 6454: "https://app.example.com", "http://localhost:3000") with commas between them.
Value<std::vector<std::string>> read_origins(std::string_view text);
// "http://[user:password@]host:port". The error does not repeat the text, which may hold a password.
Value<ProxyAddress> read_proxy(std::string_view text);
// "15s", with both ends allowed.
Value<Duration> read_duration(std::string_view text, Duration min, Duration max);
// Steps with commas between them, as spec section 4 limits them.
Value<std::vector<Duration>> read_retry_schedule(std::string_view text);
// "67108864", "64MiB" (powers of 1024), "20GB" (powers of 1000).
Value<std::uint64_t> read_bytes(std::string_view text);
Value<std::uint64_t> read_count(std::string_view text, std::uint64_t min, std::uint64_t max);
// "smtp://mail.example.com:587" (STARTTLS, unless the host is this machine or "?tls=none" is added; "?tls=starttls"
// asks for it there too), "smtps://mail.example.com". Ports are 25 and 465 where none is given.
Value<SmtpServer> read_smtp_url(std::string_view text);
// "https://id.example.com/realm", "http://localhost:9000": https, unless the host is this machine. Kept as it is, since
// issuers are compared byte by byte.
Value<std::string> read_issuer(std::string_view text);
// "https://hooks.example.com", "http://10.0.0.1:8080"; a slash at the end is dropped.
Value<std::string> read_public_url(std::string_view text);
// The first line of the file of that name: a secret. A file that others than its owner may read is refused when it is
// this user's (what ssh does with private keys).
Value<std::string> read_secret_file(std::string_view name);
Value<std::string> read_email_address(std::string_view text);
// Addresses with commas between them.
Value<std::vector<std::string>> read_email_addresses(std::string_view text);
// "true", "yes", "on", "1" and their opposites.
Value<bool> read_switch(std::string_view text);

}  // namespace limehook::config
