#include "app/local_receiver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "signing/signing.hpp"

namespace limehook::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr int kThreads = 4;
constexpr auto kIdleLimit = std::chrono::seconds(90);
constexpr auto kHangLimit = std::chrono::seconds(90);
constexpr std::size_t kBodyBytesMax = 2 * limits::kEventBytesMax;

bool same_name(std::string_view a, std::string_view b) {
  return beast::iequals(beast::string_view(a.data(), a.size()), beast::string_view(b.data(), b.size()));
}

// One connection, kept by the operation that is under way on it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const LocalReceiver::Handler& handler)
      : stream_(std::move(socket)), timer_(stream_.get_executor()), handler_(handler) {}

  void read() {
    parser_.emplace();
    parser_->body_limit(kBodyBytesMax);
    stream_.expires_after(kIdleLimit);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->handle();
    });
  }

 private:
  void handle() {
    stream_.expires_never();
    const auto& message = parser_->get();
    ReceivedRequest request{std::string(message.method_string()), std::string(message.target()), {}, message.body()};
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    auto reply = handler_(request);
    if (reply.kind == ReceiverReply::Kind::Reset) return reset();
    const auto delay = reply.kind == ReceiverReply::Kind::Hang ? Duration(kHangLimit) : reply.delay;
    timer_.expires_after(delay);
    timer_.async_wait([self = shared_from_this(), reply = std::move(reply)](beast::error_code error) {
      if (!error && reply.kind == ReceiverReply::Kind::Answer) self->answer(reply);
    });
  }

  void answer(const ReceiverReply& reply) {
    response_ = {};
    response_.result(static_cast<unsigned>(reply.status));
    response_.version(11);
    for (const auto& [name, value] : reply.headers) response_.insert(name, value);
    response_.body() = reply.body;
    response_.keep_alive(parser_->keep_alive());
    response_.prepare_payload();
    stream_.expires_after(kIdleLimit);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  // A linger time of 0 turns the close into a reset.
  void reset() {
    beast::error_code ignored;
    stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    stream_.socket().close(ignored);
  }

  beast::tcp_stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  const LocalReceiver::Handler& handler_;
};

}  // namespace

struct LocalReceiver::Impl {
  explicit Impl(Handler h) : handler(std::move(h)) {}
  ~Impl() {
    context.stop();
    for (auto& thread : threads) thread.join();
  }

  void accept() {
    acceptor.async_accept(asio::make_strand(context), [this](beast::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Session>(std::move(socket), handler)->read();
      if (error != asio::error::operation_aborted) accept();
    });
  }

  Handler handler;
  asio::io_context context{kThreads};
  tcp::acceptor acceptor{context};
  std::vector<std::thread> threads;
};

LocalReceiver::LocalReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalReceiver::LocalReceiver(LocalReceiver&&) noexcept = default;
LocalReceiver& LocalReceiver::operator=(LocalReceiver&&) noexcept = default;
LocalReceiver::~LocalReceiver() = default;

std::expected<LocalReceiver, std::string> LocalReceiver::start(std::uint16_t port, Handler handler) {
  auto impl = std::make_unique<Impl>(std::move(handler));
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  beast::error_code error;
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected(fmt::format("cannot listen on 127.0.0.1:{}: {}", port, error.message()));
  impl->accept();
  for (int i = 0; i < kThreads; ++i) impl->threads.emplace_back([context = &impl->context] { context->run(); });
  return LocalReceiver(std::move(impl));
}

std::uint16_t LocalReceiver::port() const { return impl_->acceptor.local_endpoint().port(); }

std::string_view ReceivedRequest::header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& entry) { return same_name(entry.first, name); });
  return found == headers.end() ? std::string_view() : found->second;
}

std::optional<std::string> signature_problem(const ReceivedRequest& request, const ReceiverKeys& keys, WallTime now) {
  const signing::StandardHeaders headers{request.header("webhook-id"), request.header("webhook-timestamp"),
                                         request.header("webhook-signature")};
  if (!keys.public_key.empty()) {
    const auto verified = signing::verify_standard_ed25519(keys.public_key, headers, request.body, now);
    if (!verified) return std::string(signing::text_of(verified.error()));
  }
  if (keys.secret.empty()) return std::nullopt;
  const auto verified = signing::verify_standard(keys.secret, headers, request.body, now);
  if (!verified) return std::string(signing::text_of(verified.error()));
  // While a secret is being rotated, the old one's signature has a header of its own.
  for (const auto* const name : {"X-LimeCall-Signature", "X-LimeCall-Signature-Previous"}) {
    if (signing::verify_limecall(keys.secret, request.header(name), request.body)) return std::nullopt;
  }
  return "X-LimeCall-Signature is not the HMAC of this secret and body";
}

}  // namespace limehook::app
