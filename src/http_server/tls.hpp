#pragma once
// The server's side of TLS: TLS 1.2 or later with forward secrecy, HTTP/1.1 by ALPN.

#include <boost/asio/ssl/context.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <string>

namespace limehook::http_server {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: the server's certificate, then the chain to its authority
  std::filesystem::path key;          // PEM, without a passphrase
};

struct TlsProblem {
  bool of_key = false;  // otherwise of the certificate
  std::string text;     // the end of a sentence that began with the option's name
};

struct TlsIdentity {
  std::shared_ptr<boost::asio::ssl::context> context;
  std::string valid_until;  // the certificate, as OpenSSL writes times; empty when it has expired already
};

// Reads both files and checks that they belong together.
std::expected<TlsIdentity, TlsProblem> load_tls(const TlsFiles& files);

}  // namespace limehook::http_server
