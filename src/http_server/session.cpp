#include "http_server/session.hpp"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstdio>

#include "base/limits_more.hpp"
#include "http_server/head_scan.hpp"

namespace limehook::http_server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;

constexpr std::size_t kHeadReadBytes = 8 * 1024;
constexpr std::size_t kBodyReadBytes = 64 * 1024;
constexpr std::size_t kChunkHeadBytesMax = 16 * 1024;  // with extensions, and trailers after the last one
constexpr auto kLingerTimeout = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 16 * 1024 * 1024;
constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);

std::string_view text_of(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

void take_over(const http::request<http::string_body>& message, Request& request) {
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    auto name = std::string(field.name_string());
    for (char& c : name) c = beast::detail::ascii_tolower(c);
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
}

// How long a body may have taken of which so much has come.
std::chrono::milliseconds body_time(const TimeLimits& times, std::size_t bytes) {
  const std::chrono::milliseconds earned(1000 * bytes / limits::kRequestBodyBytesPerSecondMin);
  return std::min(times.body_grace + earned, times.body);
}

// RFC 9112, section 7.1. An empty one is the last.
std::string chunk_of(std::string_view piece) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
  return std::string(size).append(piece).append("\r\n");
}

}  // namespace

// A request's part of the memory for bodies.
class Session::BodyShare {
 public:
  explicit BodyShare(Session& session) : session_(session) {}
  ~BodyShare() { session_.state_->shares.give_back(session_.block_, bytes_); }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  bool grow_to(std::size_t bytes) {
    if (!session_.state_->shares.take(session_.block_, bytes - bytes_, session_.exempt_)) return false;
    bytes_ = bytes;
    return true;
  }

 private:
  Session& session_;
  std::size_t bytes_ = 0;
};

// What an answer holds until the caller has taken it.
class Session::AnswerShare {
 public:
  AnswerShare(Shares& shares, std::string payer, std::size_t bytes)
      : shares_(shares), payer_(std::move(payer)), bytes_(bytes) {
    shares_.hold_answer(payer_, bytes_);
  }
  ~AnswerShare() { shares_.release_answer(payer_, bytes_); }
  AnswerShare(const AnswerShare&) = delete;
  AnswerShare& operator=(const AnswerShare&) = delete;

 private:
  Shares& shares_;
  std::string payer_;
  std::size_t bytes_;
};

Session::Session(std::shared_ptr<ServerState> state, asio::ip::tcp::socket socket, const asio::ip::address& peer,
                 const std::shared_ptr<asio::ssl::context>& tls)
    : state_(std::move(state)),
      socket_(std::move(socket)),
      peer_(peer),
      block_(address_block(peer)),
      exempt_(state_->options.trusted_proxies.contains(peer)) {
  if (tls) tls_.emplace(socket_, *tls);
  state_->sessions.insert(this);
  state_->options.connections_changed(state_->shares.connections());
}

Session::~Session() {
  state_->sessions.erase(this);
  state_->shares.leave(block_);
  state_->options.connections_changed(state_->shares.connections());
}

void Session::end_if_overdue(Clock::time_point now) {
  if (now < deadline_) return;
  if (!idle_) state_->options.refused(Refusal::Timeout);
  deadline_ = Clock::time_point::max();
  error_code ignored;
  socket_.close(ignored);
}

void Session::end_if_idle() {
  error_code ignored;
  if (idle_) socket_.close(ignored);
}

asio::awaitable<void> Session::run() {
  bool goes_on = !tls_ || co_await shake_hands();
  while (goes_on && !(new_ && state_->draining)) goes_on = co_await serve_one();
  if (socket_.is_open()) co_await say_goodbye();
}

asio::awaitable<bool> Session::shake_hands() {
  idle_ = false;
  may_take(state_->options.times.handshake);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kNoThrow);
  shaken_ = !error;
  if (error && socket_.is_open()) {
    state_->options.refused(Refusal::Tls);
    socket_.close();
  }
  co_return shaken_;
}

// Answers whether the connection goes on.
asio::awaitable<bool> Session::serve_one() {
  Parser parser;
  Request request;
  BodyShare share(*this);
  if (!co_await read_head(parser, request)) co_return false;
  const AnswerForm closing{false, request.method == "HEAD", request.secure, parser.get().version() == 11};
  auto form = closing;
  if (const auto refusal = state_->options.admit(request)) {
    const bool whole = parser.is_done();  // otherwise an unread body stands between us and the next request
    form.keep_alive = whole && parser.keep_alive() && !state_->draining;
    co_return co_await answer(*refusal, form);
  }
  // Before anything is done: nobody is to wonder whether it was.
  if (state_->shares.answer_bytes() > 0 && !state_->shares.fits(state_->options.payer(request), 0)) {
    co_return co_await refuse(Refusal::Answers, too_many_answers(), request.secure);
  }
  if (!parser.is_done() && !co_await read_body(parser, request, share)) co_return false;
  request.body = std::move(parser.get().body());
  deadline_ = Clock::time_point::max();
  Response response = co_await state_->handler(request);
  form.keep_alive = parser.keep_alive() && !response.stream && !state_->draining;
  co_return co_await answer(std::move(response), form, &request);
}

// Answers whether a whole head has arrived; whatever else happened has been dealt with.
asio::awaitable<bool> Session::read_head(Parser& parser, Request& head) {
  HeadScanner scanner;
  idle_ = buffer_.size() == 0;
  // Only the wait for a further request may be long; a head that has begun must end soon.
  may_take(idle_ && !new_ ? state_->options.times.idle : state_->options.times.head);
  while (true) {
    if (const auto problem = scanner.scan(text_of(buffer_))) {
      co_return co_await refuse(Refusal::Malformed, state_->options.error(problem->status, problem->detail), shaken_);
    }
    if (scanner.size() > 0) break;
    if (!co_await fill(kHeadReadBytes)) co_return false;
    if (idle_) may_take(state_->options.times.head);
    idle_ = false;
  }
  parser.header_limit(limits::kRequestHeadBytesMax);
  parser.body_limit(boost::none);  // the default judges Content-Length before we know the path
  error_code error;
  const auto used = parser.put(asio::buffer(buffer_.data(), scanner.size()), error);
  if (error || used != scanner.size()) {
    co_return co_await refuse(Refusal::Malformed, state_->options.error(400, "The request is not valid HTTP."),
                              shaken_);
  }
  buffer_.consume(used);
  take_over(parser.get(), head);
  auto origin = origin_of(peer_, shaken_, head, state_->options.trusted_proxies);
  head.client_address = std::move(origin.address);
  head.secure = origin.secure;
  if (const auto problem = head_problem(head, parser.get().version() % 10)) {
    co_return co_await refuse(Refusal::Malformed, state_->options.error(problem->status, problem->detail), head.secure);
  }
  co_return true;
}

asio::awaitable<bool> Session::read_body(Parser& parser, const Request& head, BodyShare& share) {
  const auto& options = state_->options;
  const std::size_t body_bytes_max = options.body_bytes_max(head.method, head.path());
  const auto too_large = [&] { return options.error(413, "The body is too large."); };
  parser.body_limit(body_bytes_max);
  if (parser.content_length() && *parser.content_length() > body_bytes_max) {
    co_return co_await refuse(Refusal::TooLarge, too_large(), head.secure);
  }
  if (parser.get().version() == 11 && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    may_take(state_->options.times.response);
    if (!co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
  }
  parser.eager(true);
  const auto began = Clock::now();
  while (true) {
    error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), error));
    const auto size = parser.get().body().size();
    if (error == http::error::body_limit) co_return co_await refuse(Refusal::TooLarge, too_large(), head.secure);
    const bool endless = error == http::error::need_more && buffer_.size() >= kChunkHeadBytesMax;
    if (endless || (error && error != http::error::need_more)) {
      co_return co_await refuse(Refusal::Malformed, options.error(400, "The body's chunks are not valid."),
                                head.secure);
    }
    if (!share.grow_to(size)) co_return co_await refuse(Refusal::Memory, short_of_memory(), head.secure);
    if (parser.is_done()) break;
    deadline_ = began + body_time(options.times, size);
    // Of chunks little is read at once, so that their heads and trailers stay small.
    if (!co_await fill(parser.chunked() ? kHeadReadBytes : kBodyReadBytes)) co_return false;
  }
  // What a large body needed is not kept for as long as the connection.
  if (buffer_.capacity() > 2 * kHeadReadBytes) buffer_.shrink_to_fit();
  co_return true;
}

// Reads some more; false when the connection has ended.
asio::awaitable<bool> Session::fill(std::size_t bytes) {
  const auto space = buffer_.prepare(bytes);
  const auto [error, size] = tls_ ? co_await tls_->async_read_some(space, kNoThrow)  //
                                  : co_await socket_.async_read_some(space, kNoThrow);
  buffer_.commit(size);
  co_return !error;
}

asio::awaitable<bool> Session::send(std::string_view bytes, std::string_view more) {
  const std::array<asio::const_buffer, 2> both{asio::buffer(bytes), asio::buffer(more)};
  const auto [error, size] =
      tls_ ? co_await asio::async_write(*tls_, both, kNoThrow) : co_await asio::async_write(socket_, both, kNoThrow);
  co_return !error;
}

// Answers whether the connection goes on. A large answer to `request` is counted until the caller has taken it; one for
// which there is no room is not sent, where asking again brings the same.
asio::awaitable<bool> Session::answer(Response response, const AnswerForm& form, const Request* request) {
  std::optional<AnswerShare> share;
  if (request && !form.head_only && response.body.size() > limits::kSmallAnswerBytes) {
    if (response.body.capacity() > response.body.size() / 4 * 5) response.body.shrink_to_fit();
    std::string payer = state_->options.payer(*request);
    if (request->method == "GET" && !state_->shares.fits(payer, response.body.capacity())) {
      co_return co_await refuse(Refusal::Answers, too_many_answers(), form.secure);
    }
    share.emplace(state_->shares, std::move(payer), response.body.capacity());
  }
  const bool large = share.has_value();
  const std::string text = large ? state_->answers.render_head(response, form) : state_->answers.render(response, form);
  may_take(state_->options.times.response);
  new_ = false;
  if (!co_await send(text, large ? std::string_view(response.body) : "")) co_return false;
  if (response.stream && !form.head_only) {
    // Nobody reads from the caller meanwhile: whoever sends something more, or closes, is done with the answer.
    using namespace asio::experimental::awaitable_operators;
    co_await (send_pieces(*response.stream, form.chunks) || fill(kHeadReadBytes));
  }
  co_return form.keep_alive;
}

// However long it takes until there is a piece, the caller must take it in time.
asio::awaitable<void> Session::send_pieces(BodyStream& stream, bool chunks) {
  std::string piece;
  do {
    deadline_ = Clock::time_point::max();
    piece = co_await stream.next();
    may_take(state_->options.times.response);
    if (!co_await send(chunks ? chunk_of(piece) : piece)) co_return;
  } while (!piece.empty());
}

asio::awaitable<bool> Session::refuse(Refusal reason, Response response, bool secure) {
  state_->options.refused(reason);
  co_return co_await answer(response, {false, false, secure});
}

Response Session::short_of_memory() const {
  auto response = state_->options.error(503, "More is being received than the server may hold. Nothing was stored.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response Session::too_many_answers() const {
  auto response = state_->options.error(503, "Too many answers wait to be taken. Nothing was done: ask again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// A caller that is still sending when we close would get a reset instead of our answer: take what it sends for a while.
asio::awaitable<void> Session::say_goodbye() {
  idle_ = true;
  may_take(kLingerTimeout);
  if (shaken_) co_await tls_->async_shutdown(kNoThrow);
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  buffer_.clear();
  for (std::size_t taken = 0; taken < kLingerBytes;) {
    const auto [error, size] = co_await socket_.async_read_some(buffer_.prepare(kBodyReadBytes), kNoThrow);
    if (error) break;
    taken += size;
  }
}

}  // namespace limehook::http_server
