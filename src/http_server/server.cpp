#include "http_server/server.hpp"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>

#include "http_server/session.hpp"

namespace limehook::http_server {
namespace {

using boost::system::error_code;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr auto kSweepInterval = std::chrono::milliseconds(200);  // how late a deadline may be noticed
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr auto kDrainedInterval = std::chrono::milliseconds(5);  // how often it is looked at

asio::awaitable<void> serve(std::unique_ptr<Session> session) { co_await session->run(); }

}  // namespace

struct Server::Listener {
  asio::io_context& io;
  std::shared_ptr<ServerState> state;
  std::shared_ptr<asio::ssl::context> tls{};
  asio::ip::tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};
  asio::steady_timer sweep{io};

  void open(asio::ip::tcp::socket socket);
  static asio::awaitable<void> accept_all(std::shared_ptr<Listener> self);
  static asio::awaitable<void> sweep_deadlines(std::shared_ptr<Listener> self);
};

void Server::Listener::open(asio::ip::tcp::socket socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;  // it is gone already
  const auto peer = plain_address(endpoint.address());
  const bool exempt = state->options.trusted_proxies.contains(peer);
  if (const auto shortage = state->shares.enter(address_block(peer), exempt)) {
    const bool of_address = *shortage == Shortage::ConnectionsOfAddress;
    return state->options.refused(of_address ? Refusal::ConnectionsOfAddress : Refusal::Connections);
  }
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  asio::co_spawn(io, serve(std::make_unique<Session>(state, std::move(socket), peer, tls)), asio::detached);
}

asio::awaitable<void> Server::Listener::accept_all(std::shared_ptr<Listener> self) {
  while (self->acceptor.is_open()) {
    auto [error, socket] = co_await self->acceptor.async_accept(kNoThrow);
    if (error == asio::error::operation_aborted) co_return;
    if (!error) {
      self->open(std::move(socket));
      continue;
    }
    // Out of descriptors or memory: let connections end before asking again.
    const bool of_process = error == boost::system::errc::too_many_files_open;
    if (of_process || error == boost::system::errc::too_many_files_open_in_system) {
      self->state->options.refused(Refusal::Descriptors);
    }
    self->accept_pause.expires_after(kAcceptPause);
    co_await self->accept_pause.async_wait(kNoThrow);
  }
}

// One timer for all: to set one for each step of each request would cost more than to look at all connections.
asio::awaitable<void> Server::Listener::sweep_deadlines(std::shared_ptr<Listener> self) {
  while (!self->state->draining || !self->state->sessions.empty()) {
    self->sweep.expires_after(kSweepInterval);
    co_await self->sweep.async_wait(kNoThrow);
    const auto now = Session::Clock::now();
    for (Session* const session : self->state->sessions) session->end_if_overdue(now);
  }
}

Server::Server(asio::io_context& io, ServerOptions options, Handler handler) {
  const Shares shares(options.shares);
  const AnswerWriter answers(options.server_name);
  auto state = std::make_shared<ServerState>(std::move(options), std::move(handler), shares, answers);
  listener_.reset(new Listener{io, std::move(state)});
}

Server::~Server() { drain(); }

void Server::use_tls(std::shared_ptr<asio::ssl::context> context) { listener_->tls = std::move(context); }

std::string Server::listen(const asio::ip::tcp::endpoint& endpoint) {
  auto& acceptor = listener_->acceptor;
  acceptor.open(endpoint.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(endpoint);
  acceptor.listen(4096);
  const auto local = acceptor.local_endpoint();
  const auto host = local.address().to_string();
  return (local.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(local.port());
}

void Server::accept() {
  asio::co_spawn(listener_->io, Listener::accept_all(listener_), asio::detached);
  asio::co_spawn(listener_->io, Listener::sweep_deadlines(listener_), asio::detached);
}

void Server::drain() {
  listener_->state->draining = true;
  error_code ignored;
  listener_->acceptor.close(ignored);
  for (Session* const session : listener_->state->sessions) session->end_if_idle();
}

asio::awaitable<void> Server::drained(Session::Clock::duration limit) {
  const auto deadline = Session::Clock::now() + limit;
  asio::steady_timer pause(listener_->io);
  while (!listener_->state->sessions.empty() && Session::Clock::now() < deadline) {
    pause.expires_after(kDrainedInterval);
    co_await pause.async_wait(kNoThrow);
  }
}

}  // namespace limehook::http_server
