#pragma once
// Certificates that webhooks show to receivers which ask for one (mutual TLS).

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <string>

#include "model/webhook_security.hpp"

namespace limehook::http_client {

// What is wrong with a ClientCertificate, and in which of its texts.
struct CertificateProblem {
  enum class Member { Certificate, PrivateKey } member;
  std::string detail;
};

// A certificate with its key, ready for use. Immutable; any thread.
class ClientIdentity {
 public:
  // Refuses texts that are not PEM, keys that need a password, a key that is another certificate's, and what would cost
  // too much to show: see tls_rules.hpp.
  static std::expected<ClientIdentity, CertificateProblem> read(const ClientCertificate& certificate);
  void use_for(SSL* ssl) const;
  std::string subject() const;  // as RFC 2253 writes names
  WallTime not_after() const;

 private:
  struct Deleter {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(STACK_OF(X509) * p) const { sk_X509_pop_free(p, X509_free); }
  };
  std::unique_ptr<X509, Deleter> certificate_;
  std::unique_ptr<STACK_OF(X509), Deleter> chain_;
  std::unique_ptr<EVP_PKEY, Deleter> key_;
};

// Checks what a user has given and fills in its subject and not_after. Refuses what has expired by `now`.
std::expected<void, CertificateProblem> complete(ClientCertificate& certificate, WallTime now);

}  // namespace limehook::http_client
