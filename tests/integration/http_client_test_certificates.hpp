#pragma once
// Certificates made for a test.

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace limehook::http_client::testing {

struct CertificateDeleter {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};

using KeyPtr = std::unique_ptr<EVP_PKEY, CertificateDeleter>;

struct Certificate {
  std::unique_ptr<X509, CertificateDeleter> x509;
  KeyPtr key;
  std::string pem() const;
  std::string key_pem() const;
};

struct CertificateWish {
  std::string common_name = "test";
  std::string alternative_names;  // as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1"
  bool authority = false;
  long valid_from_seconds = -3600;  // relative to now
  long valid_until_seconds = 3600;
  const Certificate* issuer = nullptr;  // none: self-signed
  EVP_PKEY* key = nullptr;              // none: a new one on P-256
};
Certificate make_certificate(const CertificateWish& wish);

// Something like the public half of an RSA key, made in no time whatever its size.
KeyPtr fake_rsa_key(int bits, int exponent_bits = 17);

void write_file(const std::string& path, const std::string& text);
std::unique_ptr<SSL_CTX, CertificateDeleter> server_context(const Certificate& certificate);

}  // namespace limehook::http_client::testing
