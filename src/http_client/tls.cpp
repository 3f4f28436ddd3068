#include "http_client/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/assert.hpp"
#include "http_client/client_certificate.hpp"
#include "http_client/tls_rules.hpp"

namespace limehook::http_client {
namespace {

// After the handshake, between two writes: one is what servers need, and each costs a signature.
constexpr int kCertificatesAskedMax = 2;
constexpr std::size_t kTicketBytesMax = 4096;  // one is kept for each origin

std::string last_openssl_reason() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace

std::expected<TlsContext, std::string> TlsContext::create(const std::string& ca_file) {
  std::unique_ptr<SSL_CTX, OpensslDeleter> context(SSL_CTX_new(TLS_client_method()));
  LIMEHOOK_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // TLS 1.2: a server could have us shake hands again and again, and writes would fail meanwhile.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), TlsChannel::keep_session);
  SSL_CTX_set_post_handshake_auth(context.get(), 1);
  SSL_CTX_set_cert_verify_callback(context.get(), TlsChannel::verify, nullptr);
  SSL_CTX_set_cert_cb(context.get(), TlsChannel::on_certificate_asked, nullptr);
  SSL_CTX_set_info_callback(context.get(), TlsChannel::on_info);
  allow_cheap_cryptography_only(context.get());
  trust_issuing_authorities(context.get());
  SSL_CTX_set_default_verify_paths(context.get());
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return std::unexpected(fmt::format("cannot read certificates from {}: {}", ca_file, last_openssl_reason()));
  }
  ERR_clear_error();
  return TlsContext(std::move(context));
}

TlsChannel::TlsChannel(const TlsContext& context, const std::string& host, bool host_is_address,
                       const ClientIdentity* identity, TlsSessionSlot& slot)
    : ssl_(SSL_new(context.native())), slot_(slot), host_(host) {
  LIMEHOOK_ASSERT(ssl_ != nullptr);
  if (host_.ends_with('.')) host_.pop_back();  // RFC 6066 section 3
  BIO* from_peer = BIO_new(BIO_s_mem());
  BIO* to_peer = BIO_new(BIO_s_mem());
  LIMEHOOK_ASSERT(from_peer != nullptr && to_peer != nullptr);
  BIO_set_mem_eof_return(from_peer, -1);  // empty means "more may come"
  SSL_set_bio(ssl_.get(), from_peer, to_peer);
  SSL_set_connect_state(ssl_.get());
  SSL_set_app_data(ssl_.get(), this);
  expect_host(SSL_get0_param(ssl_.get()), host_);
  if (!host_is_address) SSL_set_tlsext_host_name(ssl_.get(), host_.c_str());
  if (identity != nullptr) identity->use_for(ssl_.get());
  if (slot && SSL_SESSION_is_resumable(slot.get())) SSL_set_session(ssl_.get(), slot.get());
}

// Tickets of TLS 1.3 arrive after the handshake; each new one replaces the older.
int TlsChannel::keep_session(SSL* ssl, SSL_SESSION* session) {
  const unsigned char* ticket = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &size);
  if (size > kTicketBytesMax) return 0;
  of(ssl).slot_.reset(session);
  return 1;
}

// Before anything is checked with the keys of a chain they must be ones that cost little.
bool TlsChannel::chain_is_fit(X509_STORE_CTX* verification) {
  const auto* chain = X509_STORE_CTX_get0_untrusted(verification);
  const int count = sk_X509_num(chain);
  if (count > kChainCertificatesMax) {
    certificate_problem_ =
        fmt::format("the receiver sent a chain of {} certificates; at most {} are taken", count, kChainCertificatesMax);
    return false;
  }
  for (int i = 0; i < count; ++i) {
    const auto problem = key_problem(X509_get0_pubkey(sk_X509_value(chain, i)), kPeerRsaBitsMax);
    if (!problem) continue;
    certificate_problem_ =
        fmt::format("the key in {} {}", i == 0 ? "the receiver's certificate" : "a certificate of its chain", *problem);
    return false;
  }
  return true;
}

int TlsChannel::verify(X509_STORE_CTX* verification, void*) {
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& channel = of(ssl);
  if (!channel.chain_is_fit(verification)) {
    X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  if (X509_verify_cert(verification) == 1) return 1;
  const int error = X509_STORE_CTX_get_error(verification);
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    channel.certificate_problem_ = fmt::format("certificate is not valid for host {}: it is for {}", channel.host_,
                                               names_of(X509_STORE_CTX_get0_cert(verification)));
  }
  return 0;
}

// During the handshake it is the caller who chooses the time.
int TlsChannel::on_certificate_asked(SSL* ssl, void*) {
  auto& channel = of(ssl);
  if (!channel.connected_) return 1;
  if (channel.certificates_asked_ == kCertificatesAskedMax) {
    channel.certificate_problem_ = "the receiver asked for the client certificate again and again";
    return 0;
  }
  if (!std::exchange(channel.turn_granted_, false)) return -1;
  ++channel.certificates_asked_;
  return 1;
}

void TlsChannel::on_info(const SSL* ssl, int where, int value) {
  if (where == SSL_CB_WRITE_ALERT && (value & 0xff) == SSL_AD_NO_RENEGOTIATION) of(ssl).renegotiation_refused_ = true;
}

void TlsChannel::feed(std::string_view from_peer) {
  BIO_write(SSL_get_rbio(ssl_.get()), from_peer.data(), static_cast<int>(from_peer.size()));
}

TlsChannel::Step TlsChannel::step_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Step::Done;
    case SSL_ERROR_WANT_READ:
      return Step::NeedsInput;
    case SSL_ERROR_WANT_X509_LOOKUP:
      return Step::NeedsTurn;
    case SSL_ERROR_ZERO_RETURN:
      return Step::Closed;
    default:
      reason_ = last_openssl_reason();
      return Step::Failed;
  }
}

TlsChannel::Step TlsChannel::handshake() {
  ERR_clear_error();
  const auto step = step_of(SSL_do_handshake(ssl_.get()));
  connected_ = step == Step::Done;
  return step;
}

bool TlsChannel::write(std::string_view plain) {
  if (plain.empty()) return true;
  ERR_clear_error();
  certificates_asked_ = 0;
  // A memory BIO takes everything, so a write is never partial.
  return SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())) > 0;
}

TlsChannel::ReadResult TlsChannel::read(std::span<char> plain) {
  ERR_clear_error();
  const int result = SSL_read(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  if (result > 0) return {Step::Done, static_cast<std::size_t>(result)};
  return {step_of(result)};
}

bool TlsChannel::holds_part_of_record() const {
  return SSL_has_pending(ssl_.get()) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) > 0;
}

void TlsChannel::close_notify() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsChannel::take_output(std::string& out) {
  BIO* to_peer = SSL_get_wbio(ssl_.get());
  const auto pending = BIO_ctrl_pending(to_peer);
  if (pending == 0) return;
  const auto before = out.size();
  out.resize(before + pending);
  BIO_read(to_peer, out.data() + before, static_cast<int>(pending));
}

std::string TlsChannel::error() const {
  if (!certificate_problem_.empty()) return certificate_problem_;
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    return fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verified));
  }
  if (reason_ == "wrong version number") return "the receiver does not speak TLS on this port";
  return "TLS failed: " + reason_;
}

}  // namespace limehook::http_client
