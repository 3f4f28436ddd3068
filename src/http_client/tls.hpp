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

// What all connections share: trusted authorities, versions (TLS 1.2 and later). Immutable; any thread.
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
    Closed,  // the peer said that nothing more will come
    Failed,  // see error()
  };
  struct ReadResult {
    Step step;
    std::size_t size = 0;  // bytes read, when Done
  };

  // The peer must prove to be `host`: a name, or an address literal when `host_is_address`. `identity` is shown when
  // the peer asks for a certificate; null: none. `slot` outlives this.
  TlsChannel(const TlsContext& context, const std::string& host, bool host_is_address, const ClientIdentity* identity,
             TlsSessionSlot& slot);

  void feed(std::string_view from_peer);
  Step handshake();
  void write(std::string_view plain);  // after the handshake
  ReadResult read(std::span<char> plain);
  // Have bytes been fed that make no whole record yet?
  bool holds_part_of_record() const;
  void close_notify();
  // Appends what must be sent to the peer.
  void take_output(std::string& out);
  // Why it failed, for people.
  std::string error() const;

 private:
  Step step_of(int result);

  std::unique_ptr<SSL, OpensslDeleter> ssl_;
  std::string host_;
  std::string reason_;
};

}  // namespace limehook::http_client
