#include "http_server/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace limehook::http_server {
namespace {

namespace ssl = boost::asio::ssl;

constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kHttp11, sizeof kHttp11, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void restrict_protocol(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(context, kTls12Ciphers);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // Sessions are resumed by tickets, which the callers keep: nothing of them fills memory here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

std::string end_of_validity(SSL_CTX* context) {
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  const ASN1_TIME* const end = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(end) < 0) return "";
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), BIO_free);
  ASN1_TIME_print(text.get(), end);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::expected<TlsIdentity, TlsProblem> load_tls(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  restrict_protocol(context->native_handle());
  // Nobody is there to be asked for a passphrase.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  boost::system::error_code error;
  context->use_certificate_chain_file(files.certificate.string(), error);
  if (error) {
    return std::unexpected(TlsProblem{false, "\"" + files.certificate.string() + "\" cannot be used (" +
                                                 error.message() + "); expected a file of certificates in PEM form"});
  }
  context->use_private_key_file(files.key.string(), ssl::context::pem, error);
  if (error) {
    return std::unexpected(
        TlsProblem{true, "\"" + files.key.string() + "\" cannot be used (" + error.message() +
                             "); expected the certificate's private key in PEM form, without a passphrase"});
  }
  return TlsIdentity{context, end_of_validity(context->native_handle())};
}

}  // namespace limehook::http_server
