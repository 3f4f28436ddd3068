#pragma once
// An HTTP/1.1 server for one thread's io_context: accepts, reads requests within limits, asks a handler, answers. It
// knows nothing of webhooks.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limehook::http_server {

namespace asio = boost::asio;

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent: path and query
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string client_address;                                // who asks: an IP address without port
  bool secure = false;                                       // came over TLS

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
  // The first header of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond Content-Type, Content-Length, Date and Server
};

// Called on the server's io_context. The request stays valid until the handler has finished.
using Handler = std::function<asio::awaitable<Response>(const Request&)>;

struct ServerOptions {
  std::string server_name;  // value of the Server header
  std::size_t connections_max = 4096;
  // The largest body for a request, in bytes; larger ones are answered with 413 by `too_large`.
  std::function<std::size_t(std::string_view method, std::string_view path)> body_bytes_max;
  // Told how many connections are open, whenever that changes.
  std::function<void(std::size_t count)> connections_changed;
  // Judges a request by its head, before its body is read: an answer refuses it.
  std::function<std::optional<Response>(const Request& head)> admit;
  // Answers for what never reaches the handler, by status: 400, 413, 431, 500, 503.
  std::function<Response(int status, std::string_view detail)> error;
};

class Server {
 public:
  Server(asio::io_context& io, ServerOptions options, Handler handler);
  ~Server();

  // Binds and listens; answers the address in use ("127.0.0.1:8080", with the port that port 0 became) or throws
  // boost::system::system_error.
  std::string listen(const asio::ip::tcp::endpoint& endpoint);
  // Stops accepting; open connections close after their current answer.
  void drain();

 private:
  struct State;
  static asio::awaitable<void> accept_loop(std::shared_ptr<State> state);
  static asio::awaitable<void> serve(std::shared_ptr<State> state, std::shared_ptr<void> session);
  std::shared_ptr<State> state_;
};

}  // namespace limehook::http_server
