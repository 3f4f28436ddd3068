#pragma once
// An HTTP/1.1 server for one thread's io_context: accepts, reads requests within limits, asks a handler, answers. It
// knows nothing of webhooks.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "http_server/client_address.hpp"
#include "http_server/request.hpp"
#include "http_server/shares.hpp"

namespace boost::asio::ssl {
class context;
}

namespace limehook::http_server {

namespace asio = boost::asio;

// Called on the server's io_context. The request stays valid until the handler has finished.
using Handler = std::function<asio::awaitable<Response>(const Request&)>;

// Why callers are turned away before a handler hears of them.
enum class Refusal : std::uint8_t {
  Connections,           // there are as many as may be
  ConnectionsOfAddress,  // the address has as many as it may have
  Tls,                   // no handshake came about
  Malformed,             // not the HTTP that is spoken here, or too large a head
  TooLarge,              // a body
  Timeout,               // a handshake, a request or the taking of an answer
  Memory,                // for bodies
  Descriptors,           // none is left to accept with; callers wait until there is one
  Answers,               // more of theirs wait to be taken than may
};
inline constexpr std::size_t kRefusalCount = 9;

// How long things may take. They end up to a fifth of a second later.
struct TimeLimits {
  std::chrono::milliseconds handshake = limits::kTlsHandshakeTimeout;
  std::chrono::milliseconds head = limits::kRequestHeadTimeout;  // also a new connection's wait for its first byte
  std::chrono::milliseconds idle = limits::kIdleConnectionTimeout;
  std::chrono::milliseconds body_grace = limits::kRequestBodyGrace;  // before kRequestBodyBytesPerSecondMin counts
  std::chrono::milliseconds body = limits::kRequestBodyTimeout;
  std::chrono::milliseconds response = limits::kResponseTimeout;  // until the caller has taken it
};

struct ServerOptions {
  std::string server_name;  // value of the Server header
  ShareLimits shares;
  TimeLimits times;
  TrustedProxies trusted_proxies;  // limits per address do not hold for them
  // The largest body for a request, in bytes; larger ones are answered with 413.
  std::function<std::size_t(std::string_view method, std::string_view path)> body_bytes_max;
  // Told how many connections are open, whenever that changes.
  std::function<void(std::size_t count)> connections_changed;
  std::function<void(Refusal reason)> refused;
  // Judges a request by its head, before its body is read: an answer refuses it.
  std::function<std::optional<Response>(const Request& head)> admit;
  // Who has sent a request, as far as answers that wait to be taken are counted together: a team, or an address.
  std::function<std::string(const Request& head)> payer;
  // Answers for what never reaches the handler, by status: 400, 413, 431, 500, 503.
  std::function<Response(int status, std::string_view detail)> error;
};

class Server {
 public:
  Server(asio::io_context& io, ServerOptions options, Handler handler);
  ~Server();

  // Speaks TLS with connections that are accepted from now on; those that are open go on as they are. nullptr: plain.
  void use_tls(std::shared_ptr<asio::ssl::context> context);
  // Binds and listens; answers the address in use ("127.0.0.1:8080", with the port that port 0 became) or throws
  // boost::system::system_error. Callers wait until accept().
  std::string listen(const asio::ip::tcp::endpoint& endpoint);
  void accept();
  // Stops accepting; open connections close after their current answer. One with a stream lasts until that ends.
  void drain();
  // After drain(): when all connections are closed, or `limit` is over. The last answers may be on their way until
  // then.
  boost::asio::awaitable<void> drained(std::chrono::steady_clock::duration limit);

 private:
  struct Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace limehook::http_server
