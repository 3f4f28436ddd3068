#pragma once
// TLS without I/O: bytes from the peer go in, bytes for the peer come out. Sockets are the connection's business, so
// that it reads and writes the same way with and without TLS.

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace limehook::http_client {

class ClientIdentity;

struct OpensslDeleter {
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_SESSION* p) const { SSL_SESSION_free(p); }
};

// What all connections share: trusted authorities, versions (TLS 1.2 and later), the rules in tls_rules.hpp. Immutable;
// any thread.
class TlsContext {
 public:
  // Trusts the system's authorities, and those in `ca_file` (PEM) unless it is empty. The error says what is wrong
  // with the file.
  static std::expected<TlsContext, std::string> create(const std::string& ca_file);
  SSL_CTX* native() const { return context_.get(); }

 private:
  explicit TlsContext(std::unique_ptr<SSL_CTX, OpensslDeleter> context) : context_(std::move(context)) {}
  std::unique_ptr<SSL_CTX, OpensslDeleter> context_;
};

// The newest session with an origin, to resume from (RFC 8446 section 2.2). One thread.
using TlsSessionSlot = std::unique_ptr<SSL_SESSION, OpensslDeleter>;

// The client's end of one TLS connection. One thread.
class TlsChannel {
 public:
  enum class Step {
    Done,
    NeedsInput,
    NeedsTurn,  // must sign; goes on after grant_turn()
    Closed,     // the peer said that nothing more will come
    Failed,     // see error()
  };
  struct ReadResult {
    Step step;
    std::size_t size = 0;  // bytes read, when Done
  };

  // The peer must prove to be `host`: a name, or an address literal when `host_is_address`. `identity` is shown when
  // the peer asks for a certificate; null: none. `slot` outlives this.
  TlsChannel(const TlsContext& context, const std::string& host, bool host_is_address, const ClientIdentity* identity,
             TlsSessionSlot& slot);
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  void feed(std::string_view from_peer);
  Step handshake();
  // After the handshake. False: not a byte is written, because the peer has begun something that it must finish first.
  bool write(std::string_view plain);
  // With TLS 1.3 the peer may ask for a certificate only now (RFC 8446 section 4.6.2). It is shown, a few times between
  // two writes, and not before the caller has time for the signature: NeedsTurn.
  ReadResult read(std::span<char> plain);
  void grant_turn() { turn_granted_ = true; }
  // Have bytes been fed that make no whole record yet?
  bool holds_part_of_record() const;
  void close_notify();
  // Appends what must be sent to the peer.
  void take_output(std::string& out);
  // Why it failed, for people.
  std::string error() const;
  // Did the peer ask for another handshake (TLS 1.2 renegotiation, RFC 5746)? It is refused, which mostly ends in the
  // peer's refusing the request.
  bool renegotiation_refused() const { return renegotiation_refused_; }

 private:
  Step step_of(int result);
  bool chain_is_fit(X509_STORE_CTX* verification);
  // OpenSSL's callbacks.
  friend TlsContext;
  static TlsChannel& of(const SSL* ssl) { return *static_cast<TlsChannel*>(SSL_get_app_data(ssl)); }
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  static int verify(X509_STORE_CTX* verification, void*);
  static int on_certificate_asked(SSL* ssl, void*);
  static void on_info(const SSL* ssl, int where, int value);

  std::unique_ptr<SSL, OpensslDeleter> ssl_;
  TlsSessionSlot& slot_;
  std::string host_;
  std::string reason_;
  std::string certificate_problem_;  // of the peer, in our words; empty: see OpenSSL's
  bool connected_ = false;           // the handshake is over
  bool turn_granted_ = false;
  int certificates_asked_ = 0;  // after the handshake, since the last write
  bool renegotiation_refused_ = false;
};

}  // namespace limehook::http_client
