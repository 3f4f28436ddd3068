// How a worker shares its connections among its attempts.

#include <fmt/format.h>

#include "base/assert.hpp"
#include "http_client/clocks.hpp"
#include "http_client/masking.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {
namespace {

// After that long a close by the peer may have been missed; younger connections are not worth a system call.
constexpr auto kIdleBeforeCheck = std::chrono::milliseconds(500);

std::string text_of(Duration d) { return format_duration(std::chrono::ceil<std::chrono::milliseconds>(d)); }

}  // namespace

bool Worker::send_on_idle(Exchange& exchange) {
  if (exchange.dials_anew) return false;
  auto& idle = exchange.origin->idle;
  while (!idle.empty()) {
    Connection& connection = idle.front();
    connection.origin_hook.unlink();
    connection.idle_hook.unlink();
    wheel_.drop(connection);
    const auto now = monotonic_now();
    if (now - connection.idle_since < kIdleBeforeCheck || !connection.peer_has_closed()) {
      if (connection.send(exchange.head, exchange.request.body)) {
        connection.exchange = &exchange;
        connection.idle_time = now - connection.idle_since;
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
  if (connection_count_ >= options_.connections_max) {
    if (idle_connections_.empty()) {
      exchange.phase = Exchange::Phase::Queued;
      schedule(exchange, exchange.deadline, monotonic_now());
      queue_.push_back(exchange);
      return;
    }
    close_and_forget(idle_connections_.front());
  }
  dial(exchange);
}

void Worker::dial(Exchange& exchange) {
  const auto now = monotonic_now();
  if (exchange.next_address == 0) {
    exchange.connect_deadline = std::min(exchange.deadline, now + options_.connect_timeout);
  }
  const auto addresses_left = static_cast<Duration::rep>(exchange.addresses.size() - exchange.next_address);
  const Connection::Endpoint endpoint(exchange.addresses[exchange.next_address++], exchange.origin->port);
  const ConnectionPtr connection(new Connection(io_, exchange.origin, tls_, *this));
  connections_.push_back(*connection);
  ++connection_count_;
  connection->exchange = &exchange;
  exchange.connection = connection.get();
  exchange.phase = Exchange::Phase::Connecting;
  // An address that does not answer must leave time for the others.
  schedule(exchange, now + (exchange.connect_deadline - now) / addresses_left, now);
  connection->connect(endpoint);
}

void Worker::on_ready(Connection& connection) {
  Exchange& exchange = *connection.exchange;
  exchange.phase = Exchange::Phase::Waiting;
  schedule(exchange, exchange.deadline, monotonic_now());
  if (connection.send(exchange.head, exchange.request.body)) return;
  close_and_forget(connection);
  finish(exchange, AttemptOutcome::ConnectionLost, "the connection was lost before anything was sent");
  serve_queue();
}

void Worker::on_failed(Connection& connection, AttemptOutcome outcome, std::string why) {
  Exchange& exchange = *connection.exchange;
  forget(connection);
  const bool no_descriptor = outcome == AttemptOutcome::Internal;
  if (no_descriptor && !idle_connections_.empty()) {
    while (!idle_connections_.empty()) close_and_forget(idle_connections_.front());
    --exchange.next_address;
    dial(exchange);
  } else if (outcome == AttemptOutcome::ConnectFailed && exchange.next_address < exchange.addresses.size() &&
             monotonic_now() < exchange.connect_deadline) {
    dial(exchange);
  } else if (outcome == AttemptOutcome::ConnectionLost && connection.ended_unanswered() &&
             connection.idle_time >= kIdleBeforeRedial) {
    exchange.dials_anew = true;
    resolve(exchange);
  } else {
    finish(exchange, outcome, std::move(why));
  }
  serve_queue();
}

void Worker::on_response(Connection& connection, std::string note) {
  Exchange& exchange = *connection.exchange;
  keep_response(exchange, connection.response());
  exchange.connection = nullptr;
  if (connection.reusable()) {
    park(connection);
  } else {
    close_and_forget(connection);
  }
  finish(exchange, AttemptOutcome::Response, std::move(note));
  serve_queue();
}

void Worker::keep_response(Exchange& exchange, ResponseParser& response) {
  auto& attempt = exchange.result.attempt;
  attempt.http_status = response.status();
  attempt.response_head = response.take_head();
  attempt.response_body = response.take_body();
  mask_secrets(attempt.response_head, *exchange.request.webhook);
  mask_secrets(attempt.response_body, *exchange.request.webhook);
  attempt.response_body_cut = response.body_cut();
  if (attempt.http_status == 429 || attempt.http_status == 503) {
    exchange.result.retry_after = parse_retry_after(response.retry_after(), wall_now());
  }
}

void Worker::park(Connection& connection) {
  connection.exchange = nullptr;
  Duration limit = options_.idle_connection_timeout;
  // A second less than the peer says, so that it does not close just as we send.
  if (const auto peer_limit = connection.response().keep_alive_timeout()) {
    limit = std::min<Duration>(limit, *peer_limit - std::chrono::seconds(1));
  }
  if (limit <= Duration(0)) return close_and_forget(connection);
  connection.idle_since = monotonic_now();
  idle_connections_.push_back(connection);
  connection.origin->idle.push_front(connection);
  schedule(connection, connection.idle_since + limit, connection.idle_since);
}

void Worker::on_idle_closed(Connection& connection) {
  forget(connection);
  serve_queue();
}

void Worker::forget(Connection& connection) {
  wheel_.drop(connection);
  connection.idle_hook.unlink();
  connection.origin_hook.unlink();
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
  while (!queue_.empty() && (connection_count_ < options_.connections_max || !idle_connections_.empty())) {
    Exchange& exchange = queue_.front();
    queue_.pop_front();
    if (!send_on_idle(exchange)) place(exchange);
  }
  serving_queue_ = false;
}

void Exchange::on_deadline(MonotonicTime now) { worker.on_deadline(*this, now); }

void Worker::on_deadline(Exchange& exchange, MonotonicTime now) {
  const Duration timeout = exchange.request.webhook->timeout;
  const auto connect_limit = [&] { return text_of(std::min(timeout, options_.connect_timeout)); };
  switch (exchange.phase) {
    case Exchange::Phase::Free:
      LIMEHOOK_ASSERT(false);
    case Exchange::Phase::Resolving:
      return finish(
          exchange, AttemptOutcome::NameNotResolved,
          fmt::format("{}: no answer from the name server within {}", exchange.origin->host, connect_limit()));
    case Exchange::Phase::Queued:
      return finish(exchange, AttemptOutcome::Internal, "no connection became free in time: too many are open");
    case Exchange::Phase::Connecting:
    case Exchange::Phase::Waiting:
      break;
  }
  Connection& connection = *exchange.connection;
  const ConnectionPtr alive(&connection);
  if (connection.connecting()) {
    connection.close();
    return on_failed(connection, AttemptOutcome::ConnectFailed,
                     fmt::format("no connection to {} within {}", exchange.origin->host, connect_limit()));
  }
  if (connection.handshaking()) {
    // Until now only this address's share of the time to connect was over.
    if (now < exchange.connect_deadline) return schedule(exchange, exchange.connect_deadline, now);
    connection.close();
    return on_failed(connection, AttemptOutcome::TlsFailed,
                     fmt::format("the TLS handshake was not complete within {}", connect_limit()));
  }
  if (connection.head_received()) {
    connection.close();
    return on_response(connection, "the response body was not complete in time");
  }
  connection.close();
  on_failed(connection, AttemptOutcome::Timeout, fmt::format("timed out: no response within {}", text_of(timeout)));
}

}  // namespace limehook::http_client
