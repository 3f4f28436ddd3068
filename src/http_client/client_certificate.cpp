#include "http_client/client_certificate.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>

#include "base/assert.hpp"
#include "http_client/tls_rules.hpp"

namespace limehook::http_client {
namespace {

using Member = CertificateProblem::Member;
using BioPtr = std::unique_ptr<BIO, decltype([](BIO* p) { BIO_free(p); })>;

std::unexpected<CertificateProblem> problem(Member member, std::string detail) {
  ERR_clear_error();
  return std::unexpected(CertificateProblem{member, std::move(detail)});
}

BioPtr reader_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Otherwise OpenSSL asks at the terminal.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

std::expected<ClientIdentity, CertificateProblem> ClientIdentity::read(const ClientCertificate& certificate) {
  ClientIdentity made;
  // It would be shown with the certificate.
  if (certificate.certificate.contains("PRIVATE KEY")) {
    return problem(Member::Certificate, "must not contain a private key");
  }
  const auto certificates = reader_of(certificate.certificate);
  made.certificate_.reset(PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr));
  if (!made.certificate_) return problem(Member::Certificate, "must begin with a certificate in PEM form");
  made.chain_.reset(sk_X509_new_null());
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, no_password, nullptr)) {
    LIMEHOOK_ASSERT(sk_X509_push(made.chain_.get(), next) > 0);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return problem(Member::Certificate, "has a certificate that cannot be read after the first one");
  }
  if (sk_X509_num(made.chain_.get()) >= kChainCertificatesMax) {
    return problem(Member::Certificate, fmt::format("must have at most {} certificates", kChainCertificatesMax));
  }
  const auto key = reader_of(certificate.private_key);
  made.key_.reset(PEM_read_bio_PrivateKey(key.get(), nullptr, no_password, nullptr));
  if (!made.key_) return problem(Member::PrivateKey, "must be a private key in PEM form that needs no password");
  // Each handshake signs with it.
  if (const auto costly = key_problem(made.key_.get(), kClientRsaBitsMax)) return problem(Member::PrivateKey, *costly);
  if (X509_check_private_key(made.certificate_.get(), made.key_.get()) != 1) {
    return problem(Member::PrivateKey, "is not the key of the certificate");
  }
  // Asks OpenSSL whether it would use them: it has its own idea of keys that are too short.
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (SSL_CTX_use_cert_and_key(context.get(), made.certificate_.get(), made.key_.get(), made.chain_.get(), 1) != 1) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return problem(Member::Certificate, std::string("cannot be used: ") + (reason != nullptr ? reason : "unknown"));
  }
  ERR_clear_error();
  return made;
}

void ClientIdentity::use_for(SSL* ssl) const {
  LIMEHOOK_ASSERT(SSL_use_cert_and_key(ssl, certificate_.get(), key_.get(), chain_.get(), 1) == 1);
}

std::string ClientIdentity::subject() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate_.get()), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

WallTime ClientIdentity::not_after() const {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate_.get()), &parts);
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

std::expected<void, CertificateProblem> complete(ClientCertificate& certificate, WallTime now) {
  const auto identity = ClientIdentity::read(certificate);
  if (!identity) return std::unexpected(identity.error());
  certificate.subject = identity->subject();
  certificate.not_after = identity->not_after();
  if (certificate.not_after > now) return {};
  return problem(Member::Certificate, "has expired on " + format_rfc3339(certificate.not_after));
}

}  // namespace limehook::http_client
