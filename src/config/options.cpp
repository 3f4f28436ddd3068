#include "config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <limits>
#include <utility>

#include "config/values.hpp"

namespace limehook::config {
namespace {

using Problem = std::optional<std::string>;

// Stores what a reader answered, or passes its complaint on.
template <class Target, class T>
Problem set(Target& target, Value<T> value) {
  if (!value) return std::move(value.error());
  target = static_cast<Target>(std::move(*value));
  return std::nullopt;
}

template <class Enum, std::size_t N>
Problem set_named(Enum& target, std::string_view text, const std::array<std::pair<std::string_view, Enum>, N>& names) {
  std::string all;
  for (const auto& [name, value] : names) {
    if (name == text) {
      target = value;
      return std::nullopt;
    }
    all += all.empty() ? "" : ", ";
    all += name;
  }
  return fmt::format("\"{}\" is not known; expected one of {}", text, all);
}

Problem set_listen(Config& c, std::string_view text) { return set(c.listen, read_listen(text)); }

Problem set_readable_file(std::optional<std::filesystem::path>& target, std::string_view text,
                          std::string_view expected) {
  std::ifstream file{std::string(text)};
  if (file.peek() == std::ifstream::traits_type::eof()) {
    return fmt::format("\"{}\" cannot be read; expected {}", text, expected);
  }
  target = text;
  return std::nullopt;
}

Problem set_tls_cert(Config& c, std::string_view text) {
  return set_readable_file(c.tls_cert, text, "a file of certificates in PEM form");
}

Problem set_tls_key(Config& c, std::string_view text) {
  return set_readable_file(c.tls_key, text, "a file with a private key in PEM form");
}

Problem set_trusted_proxy(Config& c, std::string_view text) { return set(c.trusted_proxies, read_networks(text)); }

Problem set_data(Config& c, std::string_view text) {
  if (text.empty()) return "a folder's name is expected";
  c.data = text;
  return std::nullopt;
}

Problem set_database(Config&, std::string_view) {
  return "this version has the embedded store only; leave this out and name its folder with --data";
}

Problem set_admin_key(Config& c, std::string_view text) {
  // It travels in an Authorization header. A wrong key is not repeated: error messages end up in logs.
  const auto visible = [](char ch) { return ch > ' ' && ch <= '~'; };
  if (text.empty() || text.size() > 255 || !std::ranges::all_of(text, visible)) {
    return "this key cannot be used; expected 1 to 255 visible ASCII characters without spaces";
  }
  c.admin_key = text;
  return std::nullopt;
}

Problem set_secret_key_file(Config& c, std::string_view text) {
  if (text.empty()) return "a file's name is expected";
  c.secret_keys.file = text;
  return std::nullopt;
}

Problem set_secret_key(Config& c, std::string_view text) {
  c.secret_keys.key = vault::Key::parse(text);
  if (c.secret_keys.key) return std::nullopt;
  return "this is no key; expected the base64 or hexadecimal form of 32 bytes (openssl rand -base64 32)";
}

Problem set_allow_http(Config& c, std::string_view text) { return set(c.allow_http, read_switch(text)); }
Problem set_allow_net(Config& c, std::string_view text) { return set(c.allow_nets, read_networks(text)); }

Problem set_allow_port(Config& c, std::string_view text) { return set(c.allow_ports, read_ports(text)); }

Problem set_ca_file(Config& c, std::string_view text) {
  return set_readable_file(c.ca_file, text, "a file of certificates in PEM form");
}

Problem set_proxy(Config& c, std::string_view text) { return set(c.proxy, read_proxy(text)); }

Problem set_retry_schedule(Config& c, std::string_view text) {
  return set(c.retry_schedule, read_retry_schedule(text));
}

Problem set_disable_after(Config& c, std::string_view text) {
  return set(c.disable_after, read_duration(text, std::chrono::seconds(1), std::chrono::days(36'500)));
}

Problem set_breaker_pause(Config& c, std::string_view text) {
  return set(c.breaker_pause, read_duration(text, std::chrono::milliseconds(100), std::chrono::minutes(1)));
}

Problem set_timeout(Config& c, std::string_view text) {
  return set(c.timeout, read_duration(text, limits::kAttemptTimeoutMin, limits::kAttemptTimeoutMax));
}

Problem set_connect_timeout(Config& c, std::string_view text) {
  return set(c.connect_timeout, read_duration(text, limits::kAttemptTimeoutMin, limits::kAttemptTimeoutMax));
}

Problem set_retention(Config& c, std::string_view text) {
  return set(c.retention, read_duration(text, Duration(0), std::chrono::days(36'500)));
}

Problem set_retention_size(Config& c, std::string_view text) { return set(c.retention_bytes, read_bytes(text)); }

Problem set_audit_retention(Config& c, std::string_view text) {
  return set(c.audit_retention, read_duration(text, Duration(0), std::chrono::days(36'500)));
}

Problem set_session_idle(Config& c, std::string_view text) {
  return set(c.session_idle, read_duration(text, std::chrono::minutes(1), std::chrono::days(365)));
}

Problem set_session_age(Config& c, std::string_view text) {
  return set(c.session_age, read_duration(text, std::chrono::minutes(1), std::chrono::days(365)));
}

Problem set_frame_ancestor(Config& c, std::string_view text) { return set(c.frame_ancestors, read_origins(text)); }

Problem set_smtp_url(Config& c, std::string_view text) { return set(c.smtp, read_smtp_url(text)); }

Problem set_credential(std::string& target, std::string_view text) {
  const auto is_control = [](char ch) { return static_cast<unsigned char>(ch) < ' ' || ch == '\x7f'; };
  if (text.empty() || text.size() > 255 || std::ranges::any_of(text, is_control)) {
    return "this cannot be used; expected 1 to 255 bytes without control characters";
  }
  target = text;
  return std::nullopt;
}

Problem set_smtp_user(Config& c, std::string_view text) { return set_credential(c.smtp_user, text); }
Problem set_smtp_password(Config& c, std::string_view text) { return set_credential(c.smtp_password, text); }
Problem set_smtp_from(Config& c, std::string_view text) { return set(c.smtp_from, read_email_address(text)); }
Problem set_smtp_to(Config& c, std::string_view text) { return set(c.smtp_to, read_email_addresses(text)); }

Problem set_public_url(Config& c, std::string_view text) { return set(c.public_url, read_public_url(text)); }
Problem set_oidc_issuer(Config& c, std::string_view text) { return set(c.oidc_issuer, read_issuer(text)); }
Problem set_oidc_client_id(Config& c, std::string_view text) { return set_credential(c.oidc_client_id, text); }
Problem set_oidc_client_secret(Config& c, std::string_view text) { return set_credential(c.oidc_client_secret, text); }

Problem set_oidc_name(Config& c, std::string_view text) {
  const auto is_control = [](char ch) { return static_cast<unsigned char>(ch) < ' ' || ch == '\x7f'; };
  if (text.empty() || text.size() > 60 || std::ranges::any_of(text, is_control)) {
    return "this cannot be shown on a button; expected 1 to 60 bytes without control characters";
  }
  c.oidc_name = text;
  return std::nullopt;
}

// Like `setter`, with what the file of that name holds.
template <Problem (*setter)(Config&, std::string_view)>
Problem set_from_file(Config& c, std::string_view name) {
  const auto secret = read_secret_file(name);
  return secret ? setter(c, *secret) : Problem(secret.error());
}

Problem set_sender_threads(Config& c, std::string_view text) { return set(c.sender_threads, read_count(text, 0, 64)); }

Problem set_connections_max(Config& c, std::string_view text) {
  return set(c.connections_max, read_count(text, 16, 1'000'000));
}

Problem set_connections_per_address(Config& c, std::string_view text) {
  return set(c.connections_per_address, read_count(text, 1, 1'000'000));
}

Problem set_request_rate(Config& c, std::string_view text) {
  return set(c.request_rate, read_count(text, 0, 1'000'000));
}

Problem set_in_flight_max(Config& c, std::string_view text) {
  return set(c.in_flight_max, read_count(text, 1, 1'000'000));
}

Problem set_memory_max(Config& c, std::string_view text) {
  auto bytes = read_bytes(text);
  if (bytes && *bytes < (1 << 20)) return fmt::format("{} is too little; expected at least 1MiB", text);
  return set(c.memory_bytes_max, std::move(bytes));
}

Problem set_log_level(Config& c, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kNames{{{"trace", LogLevel::Trace},
                                                                                {"debug", LogLevel::Debug},
                                                                                {"info", LogLevel::Info},
                                                                                {"warning", LogLevel::Warning},
                                                                                {"error", LogLevel::Error}}};
  return set_named(c.log_level, text, kNames);
}

Problem set_log_format(Config& c, std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kNames{
      {{"auto", LogFormat::Auto}, {"json", LogFormat::Json}, {"text", LogFormat::Text}}};
  return set_named(c.log_format, text, kNames);
}

constexpr Option kOptions[] = {
    {"listen", OptionKind::Single, "ADDRESS:PORT", "127.0.0.1:8080",
     "Where the API listens. Port 0: any free port; DIR/limehook.address tells which.", set_listen},
    {"tls-cert", OptionKind::Single, "FILE", "",
     "PEM certificate of the API, with its chain: it then speaks TLS only. Read again on SIGHUP.", set_tls_cert},
    {"tls-key", OptionKind::Single, "FILE", "", "PEM private key of that certificate.", set_tls_key},
    {"trusted-proxy", OptionKind::List, "CIDR", "",
     "A reverse proxy's network: its X-Forwarded-For and X-Forwarded-Proto are believed.", set_trusted_proxy},
    {"data", OptionKind::Single, "DIR", "./limehook-data", "The folder of the embedded store. Made when missing.",
     set_data},
    {"database", OptionKind::Single, "URL", "", "Reserved: this version has the embedded store only.", set_database},
    {"admin-key", OptionKind::Single, "KEY", "",
     "The key that may do everything. Rather set LIMEHOOK_ADMIN_KEY: other users of the machine can see flags.",
     set_admin_key},
    {"admin-key-file", OptionKind::Single, "FILE", "", "A file with that key, which only its owner may read.",
     set_from_file<set_admin_key>},
    {"public-url", OptionKind::Single, "URL", "http:// and --listen",
     "Where people reach this server, such as https://hooks.example.com: for links in e-mails and sign-in.",
     set_public_url},
    {"oidc-issuer", OptionKind::Single, "URL", "",
     "Single sign-on: the OpenID Connect provider, exactly as it names itself. With it go the next two.",
     set_oidc_issuer},
    {"oidc-client-id", OptionKind::Single, "ID", "", "What the provider knows this server as.", set_oidc_client_id},
    {"oidc-client-secret", OptionKind::Single, "SECRET", "",
     "The secret that belongs to it. Rather set LIMEHOOK_OIDC_CLIENT_SECRET: other users of the machine can see flags.",
     set_oidc_client_secret},
    {"oidc-client-secret-file", OptionKind::Single, "FILE", "",
     "A file with that secret, which only its owner may read.", set_from_file<set_oidc_client_secret>},
    {"oidc-name", OptionKind::Single, "NAME", "Single sign-on", "What the button for it says.", set_oidc_name},
    {"secret-key-file", OptionKind::Single, "FILE", "DIR/secret.key",
     "The key that seals secrets in the store: base64 or hex of 32 bytes. The default one is made at the first start.",
     set_secret_key_file},
    {"secret-key", OptionKind::Single, "KEY", "",
     "That key itself. Rather set LIMEHOOK_SECRET_KEY: other users of the machine can see flags.", set_secret_key},
    {"allow-http", OptionKind::Switch, "", "false", "Webhooks may have http:// URLs, not only https://.",
     set_allow_http},
    {"allow-net", OptionKind::List, "CIDR", "", "Webhooks may reach this network besides the public addresses.",
     set_allow_net},
    {"allow-port", OptionKind::List, "PORT", "",
     "Webhooks may reach this port though it is one of another protocol, such as 25 or 6379.", set_allow_port},
    {"ca-file", OptionKind::Single, "FILE", "", "PEM certificates of authorities to trust besides the system's.",
     set_ca_file},
    {"proxy", OptionKind::Single, "URL", "",
     "HTTP proxy to reach receivers through: http://[USER:PASSWORD@]HOST:PORT. With a password rather set "
     "LIMEHOOK_PROXY.",
     set_proxy},
    {"retry-schedule", OptionKind::List, "DURATION,...", "1m,5m,15m,30m",
     "Waits after each failed attempt: 1 to 20 steps of 1s to 24h.", set_retry_schedule},
    {"disable-after", OptionKind::Single, "DURATION", "5d",
     "A webhook that has failed for that long without one success is disabled.", set_disable_after},
    {"breaker-pause", OptionKind::Single, "DURATION", "1s",
     "Rest of a webhook after 10 failures in a row; it doubles with each failed probe, up to 1m.", set_breaker_pause},
    {"timeout", OptionKind::Single, "DURATION", "15s", "Time limit of a whole attempt: 100ms to 1m.", set_timeout},
    {"connect-timeout", OptionKind::Single, "DURATION", "5s", "Time limit of connecting, at most --timeout.",
     set_connect_timeout},
    {"retention", OptionKind::Single, "DURATION", "30d", "How long events and their log are kept. 0: for ever.",
     set_retention},
    {"retention-size", OptionKind::Single, "BYTES", "0",
     "The store's size from which on the oldest events go early, such as 20GB. 0: no limit.", set_retention_size},
    {"audit-retention", OptionKind::Single, "DURATION", "365d", "How long the audit log is kept. 0: for ever.",
     set_audit_retention},
    {"session-idle", OptionKind::Single, "DURATION", "8h", "A person who does nothing for that long is signed out.",
     set_session_idle},
    {"session-max", OptionKind::Single, "DURATION", "7d", "Everybody is signed out that long after signing in.",
     set_session_age},
    {"frame-ancestor", OptionKind::List, "ORIGIN", "",
     "A site that may embed a team's portal, such as https://app.example.com.", set_frame_ancestor},
    {"smtp-url", OptionKind::Single, "URL", "",
     "The mail server for notices: smtp://HOST:PORT (with STARTTLS, unless it is this machine) or smtps://HOST:PORT.",
     set_smtp_url},
    {"smtp-user", OptionKind::Single, "NAME", "", "The user at the mail server, where it wants one.", set_smtp_user},
    {"smtp-password", OptionKind::Single, "PASSWORD", "",
     "That user's password. Rather set LIMEHOOK_SMTP_PASSWORD: other users of the machine can see flags.",
     set_smtp_password},
    {"smtp-password-file", OptionKind::Single, "FILE", "", "A file with that password, which only its owner may read.",
     set_from_file<set_smtp_password>},
    {"smtp-from", OptionKind::Single, "ADDRESS", "", "The sender of notices. Required with --smtp-url.", set_smtp_from},
    {"smtp-to", OptionKind::List, "ADDRESS", "", "Who gets notices about webhooks that name nobody.", set_smtp_to},
    {"sender-threads", OptionKind::Single, "N", "0", "Threads that send webhooks. 0: as suits the machine.",
     set_sender_threads},
    {"connections-max", OptionKind::Single, "N", "from the file descriptor limit",
     "Connections of callers and to receivers together.", set_connections_max},
    {"connections-per-address", OptionKind::Single, "N", "half of what callers may have",
     "Connections of one caller's address. Trusted proxies may have more.", set_connections_per_address},
    {"request-rate", OptionKind::Single, "N", "0",
     "Requests per second of one key, or of one address without a key. 0: no limit.", set_request_rate},
    {"in-flight-max", OptionKind::Single, "N", "half of --connections-max, at most 1024",
     "Attempts under way at the same time, over all webhooks.", set_in_flight_max},
    {"memory-max", OptionKind::Single, "BYTES", "64MiB", "Memory for payloads that wait to be sent.", set_memory_max},
    {"log-level", OptionKind::Single, "LEVEL", "info", "trace, debug, info, warning or error.", set_log_level},
    {"log-format", OptionKind::Single, "FORMAT", "auto",
     "json, text, or auto: text on a terminal, JSON lines otherwise.", set_log_format},
};

}  // namespace

std::string Option::flag() const { return fmt::format("--{}", name); }

std::string Option::variable() const {
  std::string out = "LIMEHOOK_";
  for (const char c : name) out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string Option::key() const {
  std::string out(name);
  std::ranges::replace(out, '-', '_');
  return out;
}

std::span<const Option> options() { return kOptions; }

}  // namespace limehook::config
