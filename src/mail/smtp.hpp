#pragma once
// Hands messages to a mail server (RFC 5321), by libcurl.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "mail/mailer.hpp"

namespace limehook::mail {

enum class Encryption : std::uint8_t {
  None,
  StartTls,  // RFC 3207; the server must offer it
  Tls,       // from the first byte on (RFC 8314)
};

struct SmtpOptions {
  std::string host;  // a name or an address; IPv6 without brackets
  std::uint16_t port = 25;
  Encryption encryption = Encryption::StartTls;  // certificates are always verified
  std::string user;                              // empty: no authentication
  std::string password;
  std::string ca_file;                  // PEM certificates trusted besides the system's; empty: none
  std::chrono::seconds time_limit{30};  // of connecting, and of all of one message
};

// For a Mailer. May be called on one thread at a time.
HandOver smtp(SmtpOptions options);

}  // namespace limehook::mail
