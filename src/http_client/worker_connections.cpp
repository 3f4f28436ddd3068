// How a worker shares its connections among its attempts.

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "http_client/clocks.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kIdlePerPoolMax = limits::kConcurrencyMax;  // as many as a webhook can use at a time
constexpr std::size_t kSessionsMax = 4096;                        // TLS sessions that are kept; some 3 KB each
constexpr auto kDescriptorPause = std::chrono::milliseconds(50);

std::string text_of(Duration d) { return format_duration(std::chrono::ceil<std::chrono::milliseconds>(d)); }

}  // namespace

// Does the connection lead where a new one would? A name may have got other addresses since.
bool Worker::is_current(const Connection& connection, const Origin& hop, MonotonicTime now) {
  if (hop.name.denied()) return false;
  const auto& addresses = hop.name.addresses(now);
  return addresses.empty() || std::ranges::find(addresses, connection.endpoint().address()) != addresses.end();
}

bool Worker::send_on_idle(Exchange& exchange) {
  if (exchange.dials_anew) return false;
  auto& idle = exchange.pool->idle;
  while (!idle.empty()) {
    Connection& connection = idle.front();
    take_from_idle(connection);
    wheel_.drop(connection);
    const auto now = monotonic_now();
    if (is_current(connection, hop_of(exchange), now) && connection.quiet()) {
      connection.reused = true;
      connection.sent_at = now;
      if (connection.send(exchange.head, exchange.request.body)) {
        connection.exchange = &exchange;
        exchange.connection = &connection;
        exchange.phase = Exchange::Phase::Waiting;
        schedule(exchange, exchange.deadline, now);
        return true;
      }
    }
    close_and_forget(connection);
  }
  return false;
}

// Gives the attempt a connection to wait for, or a place in the queue.
void Worker::place(Exchange& exchange) {
  if (!may_dial()) {
    exchange.phase = Exchange::Phase::Queued;
    schedule(exchange, exchange.deadline, monotonic_now());
    (exchange.origin->unresponsive ? unresponsive_queue_ : queue_).push_back(exchange);
    return;
  }
  if (connection_count_ >= options_.connections_max) close_and_forget(idle_connections_.front());
  dial(exchange);
}

bool Worker::may_dial() const {
  return !out_of_descriptors_ && dials_left_ > 0 &&
         (connection_count_ < options_.connections_max || !idle_connections_.empty());
}

void Worker::dial(Exchange& exchange) {
  if (dials_left_-- == kDialsPerTurn) {
    boost::asio::post(io_, [this] {
      dials_left_ = kDialsPerTurn;
      serve_queue();
    });
  }
  const auto now = monotonic_now();
  exchange.connect_deadline = std::min(exchange.deadline, now + options_.connect_timeout);
  std::vector<Connection::Endpoint> endpoints;
  for (const auto& address : exchange.addresses) endpoints.emplace_back(address, hop_of(exchange).port);
  const ConnectionPtr connection(new Connection(io_, exchange.origin, exchange.pool, tls_, *this));
  if (exchange.origin->tls) keep_session_of(exchange.pool);
  connections_.push_back(*connection);
  ++connection_count_;
  connection->opened_at = now;
  connection->exchange = &exchange;
  exchange.connection = connection.get();
  exchange.phase = Exchange::Phase::Connecting;
  schedule(exchange, exchange.connect_deadline, now);
  connection->connect(io_, race_budget_, std::move(endpoints));
}

// None is left in the process, or in the system. That says nothing about the receiver: the attempt goes on when there
// is one, if there is in its time.
void Worker::wait_for_descriptor(Exchange& exchange) {
  while (!idle_connections_.empty()) close_and_forget(idle_connections_.front());
  exchange.phase = Exchange::Phase::Queued;
  schedule(exchange, exchange.deadline, monotonic_now());
  queue_.push_front(exchange);
  if (std::exchange(out_of_descriptors_, true)) return;
  descriptor_timer_.expires_after(kDescriptorPause);
  descriptor_timer_.async_wait([this](const boost::system::error_code& ec) {
    out_of_descriptors_ = false;
    if (!ec) serve_queue();
  });
}

void Worker::on_ready(Connection& connection) {
  Exchange& exchange = *connection.exchange;
  exchange.phase = Exchange::Phase::Waiting;
  schedule(exchange, exchange.deadline, monotonic_now());
  // If it is lost already, what the peer has said before is still to be read, such as why it refuses our certificate.
  connection.send(exchange.head, exchange.request.body);
}

void Worker::on_failed(Connection& connection, AttemptOutcome outcome, std::string why) {
  Exchange& exchange = *connection.exchange;
  forget(connection);
  const bool no_descriptor = outcome == AttemptOutcome::Internal;
  if (no_descriptor) {
    wait_for_descriptor(exchange);
  } else if (outcome == AttemptOutcome::ConnectionLost && connection.reused && connection.request_unprocessed()) {
    exchange.dials_anew = true;
    resolve(exchange);
  } else if (outcome == AttemptOutcome::BadResponse) {
    finish(exchange, outcome, with_first_bytes(std::move(why), connection, exchange));
  } else {
    finish(exchange, outcome, std::move(why));
  }
  serve_queue();
}

// Signatures and key exchanges cost a thousand times as much as all the rest of a turn of the event loop. So each turn
// has one of them at most, whoever asks, and teams take turns: a team whose receivers all shake hands at once makes its
// own deliveries wait, and others' by one handshake for each turn that they need.
void Worker::on_turn_wanted(Connection& connection) {
  const auto* exchange = connection.exchange;
  handshakes_.push(exchange != nullptr ? exchange->request.webhook->team_id : "", ConnectionPtr(&connection));
  if (!std::exchange(handshake_posted_, true)) boost::asio::post(io_, [this] { take_handshake_turn(); });
}

void Worker::take_handshake_turn() {
  ConnectionPtr connection;
  while (!handshakes_.empty() && (!connection || connection->closed())) connection = handshakes_.pop();
  handshake_posted_ = !handshakes_.empty();
  if (handshake_posted_) boost::asio::post(io_, [this] { take_handshake_turn(); });
  if (connection) connection->take_turn();
}

void Worker::on_response(Connection& connection, std::string note) {
  Exchange& exchange = *connection.exchange;
  const auto status = connection.response().status();
  if (ended_stale(connection, exchange)) {
    close_and_forget(connection);
    exchange.dials_anew = true;
    resolve(exchange);
    return serve_queue();
  }
  const bool refused_by_proxy = exchange.origin->via_proxy && !exchange.origin->tls && status == 407;
  if (!refused_by_proxy) keep_response(exchange, connection.response());
  exchange.origin->unresponsive = false;
  exchange.connection = nullptr;
  if (connection.reusable()) {
    park(connection);
  } else {
    close_and_forget(connection);
  }
  if (refused_by_proxy) {
    finish(exchange, AttemptOutcome::ConnectFailed, "the proxy asks for other credentials: it answered 407");
  } else {
    finish(exchange, AttemptOutcome::Response, std::move(note));
  }
  serve_queue();
}

// 408: the receiver has not had a whole request in its time (RFC 9110 section 15.5.9). Some say so when they give up a
// kept connection, just as a request comes. That request has not been heard, and may be repeated.
bool Worker::ended_stale(Connection& connection, const Exchange& exchange) {
  const auto now = monotonic_now();
  return connection.reused && connection.response().status() == 408 && now - connection.sent_at < kStaleWithin &&
         now < exchange.deadline;
}

void Worker::park(Connection& connection) {
  connection.exchange = nullptr;
  const auto now = monotonic_now();
  Duration limit = std::min(options_.idle_connection_timeout, connection.opened_at + options_.connection_age_max - now);
  // A second less than the peer says, so that it does not close just as we send.
  if (const auto peer_limit = connection.response().head().keep_alive_timeout) {
    limit = std::min<Duration>(limit, *peer_limit - std::chrono::seconds(1));
  }
  if (limit <= Duration(0)) return close_and_forget(connection);
  connection.idle_since = now;
  Pool& pool = *connection.pool;
  if (pool.idle_count >= kIdlePerPoolMax) close_and_forget(pool.idle.back());
  idle_connections_.push_back(connection);
  pool.idle.push_front(connection);
  ++pool.idle_count;
  schedule(connection, connection.idle_since + limit, connection.idle_since);
}

void Worker::take_from_idle(Connection& connection) {
  if (!connection.pool_hook.is_linked()) return;
  connection.pool_hook.unlink();
  connection.idle_hook.unlink();
  --connection.pool->idle_count;
}

// Sessions are large, and webhooks many: the pool that was listed first loses its own.
void Worker::keep_session_of(const PoolPtr& pool) {
  if (std::exchange(pool->may_resume, true)) return;
  if (resumable_.size() < kSessionsMax) return resumable_.push_back(pool);
  PoolPtr& oldest = resumable_[next_resumable_++ % kSessionsMax];
  oldest->tls_session.reset();
  oldest->may_resume = false;
  oldest = pool;
}

void Worker::on_idle_closed(Connection& connection) {
  forget(connection);
  serve_queue();
}

void Worker::forget(Connection& connection) {
  wheel_.drop(connection);
  take_from_idle(connection);
  connection.all_hook.unlink();
  --connection_count_;
  if (connection.exchange != nullptr) connection.exchange->connection = nullptr;
  connection.exchange = nullptr;
}

void Worker::close_and_forget(Connection& connection) {
  const ConnectionPtr alive(&connection);
  connection.close();
  forget(connection);
}

// First come, first served, whatever the origin: waiting for a connection that fits could take forever.
void Worker::serve_queue() {
  if (serving_queue_) return;
  serving_queue_ = true;
  while (may_dial() && !(queue_.empty() && unresponsive_queue_.empty())) {
    auto& queue = queue_.empty() ? unresponsive_queue_ : queue_;
    Exchange& exchange = queue.front();
    queue.pop_front();
    if (!send_on_idle(exchange)) place(exchange);
  }
  serving_queue_ = false;
}

void Exchange::on_deadline(MonotonicTime) { worker.on_deadline(*this); }

void Worker::on_deadline(Exchange& exchange) {
  const Duration timeout = exchange.request.webhook->timeout;
  const auto connect_limit = [&] { return text_of(std::min(timeout, options_.connect_timeout)); };
  switch (exchange.phase) {
    case Exchange::Phase::Free:
      LIMEHOOK_ASSERT(false);
    case Exchange::Phase::AwaitingToken:
      return finish(exchange, AttemptOutcome::OauthFailed,
                    no_token(*exchange.token_source, fmt::format("no answer within {}", text_of(timeout))));
    case Exchange::Phase::Resolving:
      if (exchange.origin->via_proxy) {
        return finish(exchange, AttemptOutcome::ConnectFailed,
                      fmt::format("proxy {}: no answer from the name server within {}", proxy_->host, connect_limit()));
      }
      return finish(
          exchange, AttemptOutcome::NameNotResolved,
          fmt::format("{}: no answer from the name server within {}", exchange.origin->host, connect_limit()));
    case Exchange::Phase::Queued:
      return finish(exchange, AttemptOutcome::Internal,
                    out_of_descriptors_ ? "no file descriptor became free in time"
                                        : "no connection became free in time: too many are open");
    case Exchange::Phase::Connecting:
    case Exchange::Phase::Waiting:
      break;
  }
  Connection& connection = *exchange.connection;
  const ConnectionPtr alive(&connection);
  const auto receiver = exchange.origin->via_proxy ? fmt::format("proxy {}", proxy_->host) : exchange.origin->host;
  if (connection.connecting()) {
    exchange.origin->unresponsive = true;
    connection.close();
    return on_failed(connection, AttemptOutcome::ConnectFailed,
                     fmt::format("no connection to {} within {}", receiver, connect_limit()));
  }
  if (connection.tunneling() || connection.handshaking()) {
    exchange.origin->unresponsive = true;
    const bool tunneling = connection.tunneling();
    connection.close();
    if (tunneling) {
      return on_failed(connection, AttemptOutcome::ConnectFailed,
                       fmt::format("{}: no answer to CONNECT within {}", receiver, connect_limit()));
    }
    return on_failed(connection, AttemptOutcome::TlsFailed,
                     fmt::format("the TLS handshake was not complete within {}", connect_limit()));
  }
  if (connection.head_received()) {
    connection.close();
    return on_response(connection, "the response body was not complete in time");
  }
  exchange.origin->unresponsive = true;
  connection.close();
  on_failed(connection, AttemptOutcome::Timeout,
            connection.with_tls_note(fmt::format("timed out: no response within {}", text_of(timeout))));
}

}  // namespace limehook::http_client
