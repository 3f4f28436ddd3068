#include "http_client_test_certificates.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <fstream>

#include "base/assert.hpp"

namespace limehook::http_client::testing {
namespace {

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  LIMEHOOK_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string written(const auto& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

Certificate make_certificate(const CertificateWish& wish) {
  static std::atomic<long> serial = 1;
  Certificate made;
  if (wish.key != nullptr) EVP_PKEY_up_ref(wish.key);
  made.key.reset(wish.key != nullptr ? wish.key : EVP_EC_gen("P-256"));
  made.x509.reset(X509_new());
  X509* x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), wish.valid_from_seconds);
  X509_gmtime_adj(X509_getm_notAfter(x509), wish.valid_until_seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1, -1, 0);
  X509_set_pubkey(x509, made.key.get());
  const Certificate& issuer = wish.issuer != nullptr ? *wish.issuer : made;
  X509_set_issuer_name(x509, X509_get_subject_name(issuer.x509.get()));
  if (wish.authority) add_extension(x509, issuer.x509.get(), NID_basic_constraints, "critical,CA:TRUE");
  if (!wish.alternative_names.empty()) {
    add_extension(x509, issuer.x509.get(), NID_subject_alt_name, wish.alternative_names);
  }
  LIMEHOOK_ASSERT(X509_sign(x509, issuer.key.get(), EVP_sha256()) > 0);
  return made;
}

KeyPtr fake_rsa_key(int bits, int exponent_bits) {
  BIGNUM* const modulus = BN_new();
  BIGNUM* const exponent = BN_new();
  BN_rand(modulus, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
  BN_set_bit(exponent, exponent_bits - 1);
  BN_set_bit(exponent, 0);
  OSSL_PARAM_BLD* const builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
  OSSL_PARAM* const parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  LIMEHOOK_ASSERT(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(modulus);
  BN_free(exponent);
  return KeyPtr(key);
}

std::string Certificate::pem() const {
  return written([this](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); });
}

std::string Certificate::key_pem() const {
  return written([this](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::unique_ptr<SSL_CTX, CertificateDeleter> server_context(const Certificate& certificate) {
  std::unique_ptr<SSL_CTX, CertificateDeleter> context(SSL_CTX_new(TLS_server_method()));
  LIMEHOOK_ASSERT(SSL_CTX_use_certificate(context.get(), certificate.x509.get()) == 1);
  LIMEHOOK_ASSERT(SSL_CTX_use_PrivateKey(context.get(), certificate.key.get()) == 1);
  return context;
}

}  // namespace limehook::http_client::testing
