#include "http_client/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/assert.hpp"
#include "http_client/client_certificate.hpp"

namespace limehook::http_client {
namespace {

std::string last_openssl_reason() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

// Tickets of TLS 1.3 arrive after the handshake; each new one replaces the older.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* slot = static_cast<TlsSessionSlot*>(SSL_get_app_data(ssl));
  slot->reset(session);
  return 1;
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
  SSL_CTX_sess_set_new_cb(context.get(), keep_session);
  SSL_CTX_set_default_verify_paths(context.get());
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) != 1) {
    return std::unexpected(fmt::format("cannot read certificates from {}: {}", ca_file, last_openssl_reason()));
  }
  ERR_clear_error();
  return TlsContext(std::move(context));
}

TlsChannel::TlsChannel(const TlsContext& context, const std::string& host, bool host_is_address,
                       const ClientIdentity* identity, TlsSessionSlot& slot)
    : ssl_(SSL_new(context.native())), host_(host) {
  LIMEHOOK_ASSERT(ssl_ != nullptr);
  if (host_.ends_with('.')) host_.pop_back();  // RFC 6066 section 3
  BIO* from_peer = BIO_new(BIO_s_mem());
  BIO* to_peer = BIO_new(BIO_s_mem());
  LIMEHOOK_ASSERT(from_peer != nullptr && to_peer != nullptr);
  BIO_set_mem_eof_return(from_peer, -1);  // empty means "more may come"
  SSL_set_bio(ssl_.get(), from_peer, to_peer);
  SSL_set_connect_state(ssl_.get());
  SSL_set_app_data(ssl_.get(), &slot);
  if (host_is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host_.c_str());
  } else {
    SSL_set1_host(ssl_.get(), host_.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), host_.c_str());
  }
  if (identity != nullptr) identity->use_for(ssl_.get());
  if (slot && SSL_SESSION_is_resumable(slot.get())) SSL_set_session(ssl_.get(), slot.get());
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
    case SSL_ERROR_ZERO_RETURN:
      return Step::Closed;
    default:
      reason_ = last_openssl_reason();
      return Step::Failed;
  }
}

TlsChannel::Step TlsChannel::handshake() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(ssl_.get()));
}

void TlsChannel::write(std::string_view plain) {
  if (plain.empty()) return;
  ERR_clear_error();
  // A memory BIO takes everything, so a write is never partial.
  SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
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
  const auto verified = SSL_get_verify_result(ssl_.get());
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return fmt::format("certificate is not valid for host {}", host_);
  }
  if (verified != X509_V_OK) {
    return fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(verified));
  }
  if (reason_ == "wrong version number") return "the receiver does not speak TLS on this port";
  return "TLS failed: " + reason_;
}

}  // namespace limehook::http_client
