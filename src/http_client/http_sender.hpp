#pragma once
// Sends attempts over HTTP/1.1, with or without TLS.
//
// Each thread owns its event loop, its connections and everything it knows about webhooks and origins; threads share
// nothing but the name resolver and the trusted certificates. All requests to one origin (scheme, host, port) are made
// by the same thread, so that it knows how the receiver fares. (Requests for OAuth tokens are made by the thread of the
// attempt that waits.) Connections and TLS sessions are kept for one webhook each and are never lent to another.

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "http_client/address_policy.hpp"
#include "http_client/attempt_sender.hpp"
#include "http_client/port_policy.hpp"
#include "http_client/resolution.hpp"

namespace limehook::http_client {

class Resolver;
class TlsContext;
class Worker;

// An HTTP proxy that everything goes through (RFC 9110 section 9.3.6, RFC 9112 section 3.2.2).
struct Proxy {
  std::string host;  // a name, or an address literal without brackets
  std::uint16_t port = 0;
  std::string credentials;  // "user:password" (RFC 7617); empty: none
};

struct SenderOptions {
  int threads = 1;
  std::string version;  // for User-Agent
  AddressPolicy policy;
  PortPolicy ports;
  // Told of names whose addresses `policy` forbids, all of them, and of what kind these are. For the operator only:
  // attempts do not say whether a name is known. Called on the senders' threads; may be unset.
  std::function<void(const std::string& host, std::string_view kind)> name_leads_inside;
  // Is it one of this server's own test receivers? Attempts go there, whatever `policy` says, and not through `proxy`.
  // Called on the senders' threads; unset: there are none.
  std::function<bool(std::string_view url)> is_test_receiver;
  std::optional<Proxy> proxy;  // resolves names in our place; `policy` judges literal addresses only, and not its own
  std::string ca_file;         // certificate authorities (PEM) to trust beside the system's; empty: none
  Duration connect_timeout = limits::kConnectTimeout;  // name lookup, TCP and TLS; never beyond the attempt's timeout
  Duration idle_connection_timeout = std::chrono::seconds(30);
  // Older connections take no further request, so that names and certificates are looked at again.
  Duration connection_age_max = std::chrono::minutes(5);
  std::size_t connections_max = 2000;                       // open sockets per thread; attempts beyond wait for one
  Duration resolution_lifetime = std::chrono::seconds(30);  // older addresses serve while a lookup runs, up to 1 hour
  LookUp look_up = system_look_up;                          // called on threads of its own; may block
};

class HttpSender final : public AttemptSender {
 public:
  // Runs its threads from here on. `done` is called on them and must not block; it may call start(). The error says
  // what is wrong with the options.
  static std::expected<std::unique_ptr<HttpSender>, std::string> create(SenderOptions options, AttemptDone done);
  ~HttpSender() override;

  // The whole attempt may take webhook->timeout from when a thread takes it up, which is also its started_at. After
  // stop() the attempt ends at once, on the calling thread.
  //
  // An attempt may put its request on the wire twice, in one case (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1): it
  // took a kept connection that turned out to be stale. That is one which ends before a single byte of a response when
  // the receiver cannot have had the whole request, or on which 408 comes just as the request goes out. The same bytes
  // go once more over a new connection, as part of the same attempt and within its time. Any other loss is told as
  // ConnectionLost, with the words "may have been processed" where that is so.
  void start(AttemptRequest request) override;

  // A webhook with OAuth settings gets its access token by an exchange of its own, within the attempt's time and under
  // the same address policy (RFC 6749 section 4.4). Attempts that wait for the same token wait for one request.

  // Ends everything under way (outcome Internal, "stopped"; whether the receiver has processed it is unknown) and the
  // threads. Every attempt has had its callback when this returns. Not from `done`.
  void stop();

 private:
  HttpSender(SenderOptions options, AttemptDone done, std::unique_ptr<TlsContext> tls);

  SenderOptions options_;
  AttemptDone done_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<Resolver> resolver_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace limehook::http_client
