#include "http_client/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include "base/assert.hpp"
#include "http_client/exchange.hpp"

namespace limehook::http_client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kEncryptedBytes = 16 * 1024;
constexpr int kInterimResponsesMax = 16;
// For one answer, or one handshake, with all that is not kept of it: chunk extensions, trailers, TLS messages. Far
// more than the longest head and body that are kept need, even in chunks of one byte.
constexpr std::size_t kReceivedBytesMax = 256 * 1024;

std::string text_of(const Connection::Endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

// Beast wants a whole version before it judges; a peer that waits for us after a few other bytes is told apart here.
bool may_become_http(std::string_view first_bytes) {
  static constexpr std::string_view kStart = "HTTP/1.";
  return kStart.substr(0, first_bytes.size()) == first_bytes.substr(0, kStart.size());
}

bool out_of_descriptors(const boost::system::error_code& ec) {
  return ec == boost::system::errc::too_many_files_open || ec == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Connection::Connection(asio::io_context& io, OriginPtr origin_, const TlsContext& tls, ConnectionUser& user)
    : origin(std::move(origin_)), socket_(io.get_executor()), user_(user), tls_context_(tls) {}

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
  parser_.emplace();
  parser_->skip(true);  // a successful answer has no body (RFC 9110 section 9.3.6), and no other one's is wanted
  out_ = origin->tunnel_request;
  flush();
}

void Connection::consume_tunnel_answer() {
  Error ec;
  const auto input = in_.data();
  in_.consume(parser_->put(asio::const_buffer(input.data(), input.size()), ec));
  const bool whole = parser_->is_header_done();
  if ((ec && ec != http::error::need_more) || (!whole && in_.full())) {
    return fail(AttemptOutcome::ConnectFailed, where() + "its answer to CONNECT is not HTTP/1.1");
  }
  if (!whole) return;
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
  tls_.emplace(tls_context_, origin->host, origin->address.has_value(), origin->identity.get(), origin->tls_session);
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
  if (state_ == State::Closed) return;
  if (ec) return on_end(ec);
  received_ += size;
  if (tls_) {
    tls_->feed({encrypted_.get(), size});
    state_ == State::Handshaking ? want_turn() : decrypt();
  } else {
    in_.commit(size);
    state_ == State::Tunneling ? consume_tunnel_answer() : consume();
  }
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
    Error ec;
    const auto input = in_.data();
    in_.consume(parser_->put(asio::const_buffer(input.data(), input.size()), ec));
    if (parser_->is_done()) {
      if (!parser_->is_interim()) return end_response({});
      if (++interim_responses_ > kInterimResponsesMax) {
        return fail(AttemptOutcome::BadResponse, "too many interim (1xx) responses");
      }
      parser_.emplace();
      continue;
    }
    if (ec == http::error::need_more && parser_->status() == 0 && !may_become_http(in_.data())) {
      return fail(AttemptOutcome::BadResponse, "the answer is not HTTP/1.1");
    }
    if (ec == http::error::need_more && !in_.full()) return;
    if (ec) return on_parse_error(ec);
  }
}

void Connection::on_parse_error(const Error& ec) {
  if (parser_->body_cut()) return end_response({});
  if (head_received()) return end_response("the response body is malformed: " + ec.message());
  if (ec == http::error::header_limit || ec == http::error::need_more) {
    return fail(AttemptOutcome::BadResponse, "the response head is too long");
  }
  fail(AttemptOutcome::BadResponse, "the answer is not HTTP/1.1: " + ec.message());
}

void Connection::on_end(const Error& ec) {
  const bool closed = ec == asio::error::eof;
  switch (state_) {
    case State::Closed:
    case State::Connecting:
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
    const bool complete = closed && parser_->need_eof();
    return end_response(complete ? "" : "the connection ended before the response body was complete");
  }
  ended_unanswered_ =
      (closed || ec == asio::error::connection_reset || ec == asio::error::broken_pipe) && !response_begun();
  std::string why = closed ? "the receiver closed the connection" : ec.message();
  why += parser_->got_some() ? " in the middle of the response head" : " without a response";
  fail(AttemptOutcome::ConnectionLost, with_tls_note(std::move(why)));
}

void Connection::on_flood() {
  if (state_ == State::Idle) return close_idle();
  if (state_ == State::Handshaking) return fail(AttemptOutcome::TlsFailed, "the TLS handshake is too long");
  if (!head_received()) return fail(AttemptOutcome::BadResponse, "the answer is too long");
  parser_->cut_body();
  end_response({});
}

bool Connection::response_begun() const {
  return interim_responses_ > 0 || parser_->got_some() || !in_.empty() || (tls_ && tls_->holds_part_of_record());
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
  return state_ == State::Idle && parser_ && parser_->is_done() && parser_->keep_alive() && parser_->status() != 101 &&
         in_.empty() && request_sent;
}

bool Connection::peer_has_closed() {
  char byte;
  const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
  return size == 0 || !tls_;  // unasked bytes: only TLS has reasons to send some
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
  socket_.close(ec);
}

}  // namespace limehook::http_client
