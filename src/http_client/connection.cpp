#include "http_client/connection.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "base/assert.hpp"
#include "http_client/clocks.hpp"
#include "http_client/exchange.hpp"

namespace limehook::http_client {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kEncryptedBytes = 16 * 1024;
constexpr int kInterimResponsesMax = 16;
constexpr auto kAftermath = std::chrono::milliseconds(100);  // see await_reset()
// For one answer, or one handshake, with all that is not kept of it: chunk extensions, trailers, TLS messages. Far
// more than the longest head and body that are kept need, even in chunks of one byte.
constexpr std::size_t kReceivedBytesMax = 256 * 1024;

std::string text_of(const Connection::Endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool out_of_descriptors(const boost::system::error_code& ec) {
  return ec == boost::system::errc::too_many_files_open || ec == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Connection::Connection(asio::io_context& io, OriginPtr origin_, PoolPtr pool_, const TlsContext& tls,
                       ConnectionUser& user)
    : origin(std::move(origin_)), pool(std::move(pool_)), socket_(io.get_executor()), user_(user), tls_context_(tls) {}

void Connection::connect(asio::io_context& io, RaceBudget& budget, std::vector<Endpoint> endpoints) {
  endpoint_ = endpoints.front();
  const auto count = endpoints.size();
  race_.reset(new Race(io, budget, std::move(endpoints), [self = ConnectionPtr(this), count](Race::Result result) {
    self->on_connected(std::move(result), count);
  }));
  race_->start();
}

std::string Connection::where() const {
  return fmt::format("{}{}: ", origin->via_proxy ? "proxy " : "", text_of(endpoint_));
}

void Connection::on_connected(Race::Result result, std::size_t addresses) {
  if (state_ == State::Closed) return;
  race_.reset();
  endpoint_ = result.endpoint;
  const Error& ec = result.error;
  if (out_of_descriptors(ec)) return fail(AttemptOutcome::Internal, "no file descriptor left: " + ec.message());
  if (ec) {
    const auto others = addresses > 1 ? fmt::format(" (the last of {} addresses that failed)", addresses) : "";
    return fail(AttemptOutcome::ConnectFailed, where() + ec.message() + others);
  }
  socket_ = std::move(*result.socket);
  if (!origin->tunnel_request.empty()) {
    open_tunnel();
  } else if (origin->tls) {
    begin_tls();
  } else {
    state_ = State::Idle;
    user_.on_ready(*this);
  }
  if (state_ != State::Closed) read();
}

void Connection::open_tunnel() {
  state_ = State::Tunneling;
  parser_.emplace(ResponseParser::Body::None);
  out_ = origin->tunnel_request;
  flush();
}

void Connection::consume_tunnel_answer() {
  in_.consume(parser_->put(in_.data()));
  if (parser_->failed()) {
    return fail(AttemptOutcome::ConnectFailed, where() + "its answer to CONNECT is not HTTP/1.1");
  }
  if (!parser_->done()) return;
  const int status = parser_->status();
  if (status / 100 != 2) {
    return fail(AttemptOutcome::ConnectFailed, fmt::format("{}it answered {} to CONNECT", where(), status));
  }
  if (!in_.empty()) return fail(AttemptOutcome::ConnectFailed, where() + "it sent more than an answer to CONNECT");
  parser_.reset();
  begin_tls();
}

void Connection::begin_tls() {
  state_ = State::Handshaking;
  tls_.emplace(tls_context_, origin->host, origin->address.has_value(), pool->identity.get(), pool->tls_session);
  encrypted_ = std::make_unique_for_overwrite<char[]>(kEncryptedBytes);
  handshake();
}

void Connection::want_turn() {
  if (state_ == State::Idle) return close_idle();  // nobody waits for what it would be for
  wants_turn_ = true;
  user_.on_turn_wanted(*this);
}

void Connection::take_turn() {
  if (state_ == State::Closed) return;
  wants_turn_ = false;
  if (state_ == State::Handshaking) {
    handshake();
  } else {
    tls_->grant_turn();
  }
  if (state_ != State::Handshaking && state_ != State::Closed) decrypt();
  if (state_ != State::Closed && !wants_turn_) read();
}

void Connection::handshake() {
  const auto step = tls_->handshake();
  tls_->take_output(out_);
  flush();
  switch (step) {
    case TlsChannel::Step::NeedsInput:
    case TlsChannel::Step::NeedsTurn:
      return;
    case TlsChannel::Step::Done:
      break;
    case TlsChannel::Step::Closed:
    case TlsChannel::Step::Failed:
      return fail(AttemptOutcome::TlsFailed, tls_->error());
  }
  state_ = State::Idle;
  user_.on_ready(*this);
}

bool Connection::send(std::string_view head, const std::shared_ptr<const std::string>& body) {
  LIMEHOOK_ASSERT(state_ == State::Idle);
  state_ = State::Busy;
  parser_.emplace();
  interim_responses_ = 0;
  doubtful_interim_ = false;
  received_ = 0;
  if (tls_) {
    write_failed_ = !tls_->write(head) || !tls_->write(*body);
    tls_->take_output(out_);
  } else {
    out_.assign(head);
    body_ = body;
  }
  flush();
  return !write_failed_ || sent_ > 0;
}

void Connection::flush() {
  if (waiting_writable_ || write_failed_) return;
  const std::size_t body_size = body_ ? body_->size() : 0;
  while (sent_ < out_.size() + body_size) {
    const auto from_out = std::min(sent_, out_.size());
    const std::array<asio::const_buffer, 2> buffers{
        asio::buffer(out_) + from_out, body_ ? asio::buffer(*body_) + (sent_ - from_out) : asio::const_buffer()};
    Error ec;
    const auto size = socket_.send(buffers, 0, ec);
    if (ec == asio::error::would_block) return wait_writable();
    if (ec) {
      // What the peer said before it closed can still be read; the pending read finds that, or the end.
      write_failed_ = true;
      return;
    }
    sent_ += size;
  }
  out_.clear();
  body_.reset();
  sent_ = 0;
}

void Connection::wait_writable() {
  waiting_writable_ = true;
  socket_.async_wait(Socket::wait_write, [self = ConnectionPtr(this)](const Error& ec) {
    self->waiting_writable_ = false;
    if (!ec && self->state_ != State::Closed) self->flush();
  });
}

// A read is always pending, so that a close by the peer is noticed at once; with bytes it costs no system call more
// than the one that fetches them.
void Connection::read() {
  const auto space = tls_ ? std::span<char>(encrypted_.get(), kEncryptedBytes) : in_.prepare();
  socket_.async_read_some(asio::buffer(space.data(), space.size()),
                          [self = ConnectionPtr(this)](const Error& ec, std::size_t n) { self->on_read(ec, n); });
}

void Connection::on_read(const Error& ec, std::size_t size) {
  if (state_ == State::Closed || state_ == State::Ending) return;
  if (ec) return on_end(ec);
  received_ += size;
  if (tls_) {
    tls_->feed({encrypted_.get(), size});
    state_ == State::Handshaking ? want_turn() : decrypt();
  } else {
    in_.commit(size);
    state_ == State::Tunneling ? consume_tunnel_answer() : consume();
  }
  if (state_ == State::Ending) return;
  if (state_ != State::Closed && received_ > kReceivedBytesMax) on_flood();
  if (state_ != State::Closed && !wants_turn_) read();
}

void Connection::decrypt() {
  while (state_ != State::Closed) {
    const auto result = tls_->read(in_.prepare());
    if (result.step == TlsChannel::Step::Done) {
      in_.commit(result.size);
      consume();
      continue;
    }
    if (result.step == TlsChannel::Step::NeedsInput) break;
    if (result.step == TlsChannel::Step::NeedsTurn) return want_turn();
    // With TLS 1.3 a server says only now that it does not like our certificate.
    if (result.step == TlsChannel::Step::Failed && state_ == State::Busy && !response_begun()) {
      return fail(AttemptOutcome::TlsFailed, with_tls_note(tls_->error()));
    }
    return on_end(result.step == TlsChannel::Step::Closed ? Error(asio::error::eof)
                                                          : make_error_code(boost::system::errc::protocol_error));
  }
  if (state_ == State::Closed) return;
  // The peer may have asked for something, such as new keys.
  tls_->take_output(out_);
  flush();
}

void Connection::consume() {
  if (state_ == State::Idle) return in_.empty() ? void() : close_idle();
  while (!in_.empty()) {
    in_.consume(parser_->put(in_.data()));
    if (parser_->failed()) return on_parse_error();
    if (parser_->body_cut()) return end_response({});
    if (!parser_->done()) return;
    if (!parser_->head().is_interim()) return end_response({});
    if (++interim_responses_ > kInterimResponsesMax) {
      return fail(AttemptOutcome::BadResponse, "too many interim (1xx) responses");
    }
    doubtful_interim_ |= parser_->head().ambiguous;
    parser_.emplace();
  }
}

void Connection::on_parse_error() {
  if (head_received()) return end_response(parser_->error());
  fail(AttemptOutcome::BadResponse, parser_->error());
}

void Connection::on_end(const Error& ec) {
  const bool closed = ec == asio::error::eof;
  switch (state_) {
    case State::Closed:
    case State::Connecting:
    case State::Ending:
      return;
    case State::Idle:
      return close_idle();
    case State::Tunneling:
      return fail(AttemptOutcome::ConnectFailed,
                  where() + (closed ? "it closed the connection without an answer to CONNECT" : ec.message()));
    case State::Handshaking:
      return fail(AttemptOutcome::TlsFailed, closed ? "the connection was closed during the handshake" : ec.message());
    case State::Busy:
      break;
  }
  if (head_received()) {
    const bool complete = closed && parser_->ends_with_connection();
    return end_response(complete ? "" : "the connection ended before the response body was complete");
  }
  if (closed && reused && !surely_unprocessed(ec) && !response_begun() && is_fresh()) return await_reset();
  lose(ec);
}

// Some say that they close, with the request unread, and do so afterwards: the reset that this makes comes a little
// later.
void Connection::await_reset() {
  state_ = State::Ending;
  aftermath_.emplace(socket_.get_executor(), kAftermath);
  aftermath_->async_wait([self = ConnectionPtr(this)](const Error&) {
    if (self->state_ != State::Ending) return;
    self->state_ = State::Busy;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(self->socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    self->lose(error == 0 ? Error(asio::error::eof) : Error(asio::error::connection_reset));
  });
}

void Connection::lose(const Error& ec) {
  request_unprocessed_ = surely_unprocessed(ec);
  std::string why = ec == asio::error::eof ? "the receiver closed the connection" : ec.message();
  why += in_.empty() ? " without a response" : " in the middle of the response head";
  if (!request_unprocessed_) why += "; the request may have been processed";
  fail(AttemptOutcome::ConnectionLost, with_tls_note(std::move(why)));
}

// Was the request sent so lately that its end may still be the connection's that was given up before?
bool Connection::is_fresh() const { return monotonic_now() - sent_at < kStaleWithin; }

// RFC 9112 section 9.3.1. What the end of a connection says about the request on it:
// - it has not been written as a whole: nobody can have read it;
// - closed (FIN): the FIN acknowledges all that had arrived. What it leaves unacknowledged came too late;
// - reset (RST): what a kernel sends when data comes to a closed connection, or when it is closed with data unread.
//   There are others: who ends a process or means to abort may reset what was read. Right after the request, on a
//   connection that the receiver may have been about to give up, it is taken for the former.
bool Connection::surely_unprocessed(const Error& ec) {
  if (response_begun()) return false;
  if (!out_.empty() || body_) return true;
  if (ec == asio::error::eof) {
    int unacknowledged = 0;
    return ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0;
  }
  const bool reset = ec == asio::error::connection_reset || ec == asio::error::broken_pipe;
  return reset && reused && is_fresh();
}

void Connection::on_flood() {
  if (state_ == State::Idle) return close_idle();
  if (state_ == State::Handshaking) return fail(AttemptOutcome::TlsFailed, "the TLS handshake is too long");
  if (!head_received()) return fail(AttemptOutcome::BadResponse, "the answer is too long");
  parser_->cut_body();
  end_response({});
}

bool Connection::response_begun() const {
  return interim_responses_ > 0 || !in_.empty() || (tls_ && tls_->holds_part_of_record());
}

std::string Connection::tls_note() const {
  const bool refused = tls_ && tls_->renegotiation_refused();
  return refused ? "the receiver asked for another TLS handshake (TLS 1.2 renegotiation), which is refused" : "";
}

std::string Connection::with_tls_note(std::string why) const {
  if (const auto note = tls_note(); !note.empty()) why += "; " + note;
  return why;
}

void Connection::end_response(std::string note) {
  state_ = State::Idle;
  if (note.empty() && parser_->status() / 100 != 2) note = tls_note();
  user_.on_response(*this, std::move(note));
}

bool Connection::reusable() const {
  const bool request_sent = out_.empty() && !body_ && !write_failed_;
  return state_ == State::Idle && parser_ && parser_->done() && parser_->head().keep_alive &&
         !parser_->head().ambiguous && !doubtful_interim_ && parser_->status() != 101 && in_.empty() && request_sent;
}

bool Connection::quiet() {
  if (state_ != State::Idle || !in_.empty()) return false;
  if (!tls_) {
    char byte;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block(errno);
  }
  // Session tickets and the like may come at any time. Anything else, or half a record, ends the connection's use.
  while (received_ <= kReceivedBytesMax) {
    if (tls_->read(in_.prepare()).step != TlsChannel::Step::NeedsInput) return false;
    const auto size = ::recv(socket_.native_handle(), encrypted_.get(), kEncryptedBytes, MSG_DONTWAIT);
    if (size < 0) return would_block(errno) && !tls_->holds_part_of_record();
    if (size == 0) return false;
    received_ += static_cast<std::size_t>(size);
    tls_->feed({encrypted_.get(), static_cast<std::size_t>(size)});
  }
  return false;
}

void Connection::fail(AttemptOutcome outcome, std::string why) {
  close();
  user_.on_failed(*this, outcome, std::move(why));
}

void Connection::close_idle() {
  close();
  user_.on_idle_closed(*this);
}

void Connection::on_deadline(MonotonicTime) { close_idle(); }

void Connection::close() {
  if (state_ == State::Closed) return;
  Error ec;
  if (tls_ && state_ == State::Idle && out_.empty()) {
    tls_->close_notify();
    tls_->take_output(out_);
    flush();
  }
  state_ = State::Closed;
  if (race_) race_->cancel();
  race_.reset();
  if (aftermath_) aftermath_->cancel();
  socket_.close(ec);
}

}  // namespace limehook::http_client
