#include "http_server/server.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <set>

#include "base/limits.hpp"
#include "http_server/date_header.hpp"

namespace limehook::http_server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using Parser = http::request_parser<http::string_body>;
using beast::error_code;

constexpr std::size_t kReadBytes = 8 * 1024;
constexpr auto kLingerTimeout = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;
constexpr std::size_t kLingerReadBytes = 64 * 1024;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

Request head_of(const Parser& parser) {
  const auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    auto name = std::string(field.name_string());
    for (char& c : name) c = beast::detail::ascii_tolower(c);
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  return request;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

struct Server::State {
  asio::io_context& io;
  ServerOptions options;
  Handler handler;
  asio::ip::tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};
  DateHeader date;
  bool draining = false;

  // Open connections; those that wait for a request are closed at once when the server drains.
  struct Session {
    explicit Session(asio::ip::tcp::socket socket) : stream(std::move(socket)) {}
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    bool idle = true;
    std::string client_address;
  };
  std::set<Session*> sessions;
  class SessionEntry;

  std::string render(const Response& response, bool keep_alive, bool head_only) const;
  asio::awaitable<bool> write(Session& session, const Response& response, bool keep_alive, bool head_only);
  asio::awaitable<bool> read_head(Session& session, Parser& parser);
  asio::awaitable<bool> read_body(Session& session, Parser& parser, const Request& head);
  asio::awaitable<bool> serve_one(Session& session);
  asio::awaitable<void> linger(Session& session);
  Response read_error(const error_code& ec) const;
};

std::string Server::State::render(const Response& response, bool keep_alive, bool head_only) const {
  std::string out;
  out.reserve(256 + response.body.size());
  out += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += http::obsolete_reason(static_cast<http::status>(response.status));
  out += "\r\nServer: " + options.server_name + "\r\nDate: ";
  out += date.now();
  if (response.status != 204) {
    out += "\r\nContent-Type: " + response.content_type;
    out += "\r\nContent-Length: " + std::to_string(response.body.size());
  }
  if (!keep_alive) out += "\r\nConnection: close";
  for (const auto& [name, value] : response.headers) out += "\r\n" + name + ": " + value;
  out += "\r\n\r\n";
  if (!head_only) out += response.body;
  return out;
}

asio::awaitable<bool> Server::State::write(Session& session, const Response& response, bool keep_alive,
                                           bool head_only) {
  const std::string text = render(response, keep_alive, head_only);
  session.stream.expires_after(limits::kRequestBodyTimeout);
  const auto [ec, size] = co_await asio::async_write(session.stream, asio::buffer(text), kNoThrow);
  co_return !ec && keep_alive;
}

Response Server::State::read_error(const error_code& ec) const {
  if (ec == http::error::body_limit) return options.error(413, "The body is too large.");
  if (ec == http::error::header_limit) return options.error(431, "The request's headers are too large.");
  return options.error(400, "The request is not valid HTTP: " + ec.message() + ".");
}

// Answers whether a whole head has arrived; whatever else happened has been dealt with.
asio::awaitable<bool> Server::State::read_head(Session& session, Parser& parser) {
  parser.header_limit(limits::kRequestHeadBytesMax);
  parser.body_limit(boost::none);  // the default judges Content-Length before we know the path
  session.idle = session.buffer.size() == 0;
  if (session.idle) {
    // Only the wait for a first byte may be long; a head that has begun must end soon.
    session.stream.expires_after(limits::kIdleConnectionTimeout);
    const auto [ec, size] = co_await session.stream.async_read_some(session.buffer.prepare(kReadBytes), kNoThrow);
    if (ec) co_return false;
    session.buffer.commit(size);
    session.idle = false;
  }
  session.stream.expires_after(limits::kRequestHeadTimeout);
  const auto [ec, size] = co_await http::async_read_header(session.stream, session.buffer, parser, kNoThrow);
  if (!ec) co_return true;
  const bool gone = ec == http::error::end_of_stream || ec == beast::error::timeout || ec == asio::error::eof ||
                    ec == asio::error::connection_reset || ec == asio::error::operation_aborted;
  if (!gone) co_await write(session, read_error(ec), false, false);
  co_return false;
}

asio::awaitable<bool> Server::State::read_body(Session& session, Parser& parser, const Request& head) {
  const std::size_t body_bytes_max = options.body_bytes_max(head.method, head.path());
  parser.body_limit(body_bytes_max);
  if (parser.content_length() && *parser.content_length() > body_bytes_max) {
    co_return co_await write(session, read_error(http::error::body_limit), false, false);
  }
  if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [ec, size] = co_await asio::async_write(session.stream, asio::buffer(kContinue), kNoThrow);
    if (ec) co_return false;
  }
  session.stream.expires_after(limits::kRequestBodyTimeout);
  const auto [ec, size] = co_await http::async_read(session.stream, session.buffer, parser, kNoThrow);
  if (!ec) co_return true;
  const bool gone = ec == http::error::partial_message || ec == beast::error::timeout;
  if (!gone) co_await write(session, read_error(ec), false, false);
  co_return false;
}

// Answers whether the connection goes on.
asio::awaitable<bool> Server::State::serve_one(Session& session) {
  Parser parser;
  if (!co_await read_head(session, parser)) co_return false;
  Request request = head_of(parser);
  request.client_address = session.client_address;
  const bool head_only = request.method == "HEAD";
  if (const auto refusal = options.admit(request)) {
    const bool whole = parser.is_done();  // otherwise an unread body stands between us and the next request
    co_return co_await write(session, *refusal, whole && parser.keep_alive() && !draining, head_only);
  }
  if (!parser.is_done() && !co_await read_body(session, parser, request)) co_return false;
  request.body = std::move(parser.get().body());
  session.stream.expires_never();
  const Response response = co_await handler(request);
  co_return co_await write(session, response, parser.keep_alive() && !draining, head_only);
}

// A client that is still sending when we close would get a reset instead of our answer: take what it sends for a while.
asio::awaitable<void> Server::State::linger(Session& session) {
  error_code ignored;
  session.stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  session.stream.expires_after(kLingerTimeout);
  session.buffer.clear();
  for (std::size_t taken = 0; taken < kLingerBytes;) {
    const auto [ec, size] = co_await session.stream.async_read_some(session.buffer.prepare(kLingerReadBytes), kNoThrow);
    if (ec) break;
    taken += size;
  }
}

// A session is listed for as long as it is served, however that ends.
class Server::State::SessionEntry {
 public:
  SessionEntry(State& state, Session* session) : state_(state), session_(session) {
    state_.sessions.insert(session_);
    state_.options.connections_changed(state_.sessions.size());
  }
  ~SessionEntry() {
    state_.sessions.erase(session_);
    state_.options.connections_changed(state_.sessions.size());
  }
  SessionEntry(const SessionEntry&) = delete;
  SessionEntry& operator=(const SessionEntry&) = delete;

 private:
  State& state_;
  Session* session_;
};

asio::awaitable<void> Server::serve(std::shared_ptr<State> state, std::shared_ptr<void> opaque) {
  const auto session = std::static_pointer_cast<State::Session>(opaque);
  const State::SessionEntry entry(*state, session.get());
  while (co_await state->serve_one(*session)) {
  }
  co_await state->linger(*session);
}

asio::awaitable<void> Server::accept_loop(std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    auto [ec, socket] = co_await state->acceptor.async_accept(kNoThrow);
    if (ec == asio::error::operation_aborted) co_return;
    if (ec) {
      // Out of descriptors or memory: let connections end before asking again.
      state->accept_pause.expires_after(std::chrono::milliseconds(50));
      co_await state->accept_pause.async_wait(kNoThrow);
      continue;
    }
    if (state->sessions.size() >= state->options.connections_max) continue;  // closes it
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    auto session = std::make_shared<State::Session>(std::move(socket));
    if (const auto peer = session->stream.socket().remote_endpoint(ignored); !ignored) {
      session->client_address = peer.address().to_string();
    }
    asio::co_spawn(state->io, serve(state, session), asio::detached);
  }
}

Server::Server(asio::io_context& io, ServerOptions options, Handler handler)
    : state_(new State{io, std::move(options), std::move(handler)}) {}

Server::~Server() { drain(); }

std::string Server::listen(const asio::ip::tcp::endpoint& endpoint) {
  auto& acceptor = state_->acceptor;
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen(4096);
  asio::co_spawn(state_->io, accept_loop(state_), asio::detached);
  const auto local = acceptor.local_endpoint();
  const auto host = local.address().to_string();
  return (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
}

void Server::drain() {
  state_->draining = true;
  error_code ignored;
  state_->acceptor.close(ignored);
  for (State::Session* session : state_->sessions) {
    if (session->idle) session->stream.socket().cancel(ignored);
  }
}

}  // namespace limehook::http_server
