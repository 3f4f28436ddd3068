#include "app/http_connection.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url.hpp>
#include <chrono>
#include <optional>

#include "http_client/race.hpp"
#include "http_client/tls_rules.hpp"

namespace limehook::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t kResponseBytesMax = std::size_t{64} << 20;

std::string text_of(beast::error_code error) {
  if (error == beast::error::timeout) return "no answer in time";
  if (error == http::error::end_of_stream || error == asio::error::eof)
    return "the connection was closed without an answer";
  if (error == asio::error::connection_refused) return "connection refused";
  if (error == asio::error::host_not_found) return "the host's name is not known";
  return error.message();
}

}  // namespace

struct HttpConnection::Impl {
  std::string host;
  std::string port;
  std::string host_header;
  std::string path_prefix;
  bool tls = false;
  asio::io_context context{1};
  asio::ssl::context tls_context{asio::ssl::context::tls_client};
  std::optional<TlsStream> stream;  // without TLS only its lowest layer is used
  beast::flat_buffer buffer;
  std::string certificate_problem;  // why the server's certificate was refused

  using Deadline = std::chrono::steady_clock::time_point;

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(*stream); }

  // Whether the connection of the last request still stands: a server that closed it has made it readable.
  bool reusable() {
    if (!stream || !tcp().socket().is_open()) return false;
    beast::error_code error;
    char byte = 0;
    tcp().socket().non_blocking(true, error);
    tcp().socket().receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
  }

  // Runs one asynchronous operation to its end; the stream's deadline bounds it.
  template <class Start>
  beast::error_code run(Start start) {
    beast::error_code result;
    start([&result](beast::error_code error, auto&&...) { result = error; });
    context.restart();
    context.run();
    return result;
  }

  // Connects the stream to the first of the host's addresses that answers.
  beast::error_code race(const std::vector<asio::ip::tcp::endpoint>& endpoints, Deadline deadline) {
    http_client::RaceBudget budget{.extra_sockets_max = http_client::Race::kRunningMax};
    std::optional<http_client::Race::Result> over;
    const boost::intrusive_ptr<http_client::Race> race(new http_client::Race(
        context, budget, endpoints, [&](http_client::Race::Result result) { over = std::move(result); }));
    context.restart();
    race->start();
    while (!over && context.run_one_until(deadline) > 0) {
    }
    race->cancel();
    context.restart();
    context.run();
    if (!over) return beast::error::timeout;
    if (over->error) return over->error;
    beast::error_code error;
    const auto socket = over->socket->release(error);
    if (!error) tcp().socket().assign(over->endpoint.protocol(), socket, error);
    return error;
  }

  beast::error_code connect(Deadline deadline) {
    beast::error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(host, port, error);
    if (error) return error;
    std::vector<asio::ip::address> addresses;
    for (const auto& entry : found) addresses.push_back(entry.endpoint().address());
    std::vector<asio::ip::tcp::endpoint> endpoints;
    for (const auto& address : http_client::interleaved(addresses)) {
      endpoints.emplace_back(address, found.begin()->endpoint().port());
    }
    buffer.clear();
    stream.emplace(context, tls_context);
    if (const auto failed = race(endpoints, deadline)) return failed;
    tcp().expires_at(deadline);
    return tls ? shake_hands() : beast::error_code{};
  }

  beast::error_code shake_hands() {
    beast::error_code error;
    http_client::expect_host(SSL_get0_param(stream->native_handle()), host);
    certificate_problem.clear();
    stream->set_verify_callback([this](bool fine, asio::ssl::verify_context& verification) {
      if (!fine) certificate_problem = problem_of(verification.native_handle());
      return fine;
    });
    // RFC 6066, section 3: names only.
    asio::ip::make_address(host, error);
    const bool named = static_cast<bool>(error);
    if (named && SSL_set_tlsext_host_name(stream->native_handle(), host.c_str()) != 1) return asio::error::no_memory;
    return run([&](auto done) { stream->async_handshake(asio::ssl::stream_base::client, std::move(done)); });
  }

  std::string problem_of(X509_STORE_CTX* verification) const {
    const int error = X509_STORE_CTX_get_error(verification);
    if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      return fmt::format("certificate is not valid for host {}: it is for {}", host,
                         http_client::names_of(X509_STORE_CTX_get0_cert(verification)));
    }
    return fmt::format("certificate verify failed: {}", X509_verify_cert_error_string(error));
  }

  template <class Stream>
  beast::error_code exchange(Stream& on, http::request<http::string_body>& request,
                             http::response_parser<http::string_body>& parser) {
    auto error = run([&](auto done) { http::async_write(on, request, std::move(done)); });
    if (!error) error = run([&](auto done) { http::async_read(on, buffer, parser, std::move(done)); });
    return error;
  }
};

HttpConnection::HttpConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpConnection::HttpConnection(HttpConnection&&) noexcept = default;
HttpConnection& HttpConnection::operator=(HttpConnection&&) noexcept = default;
HttpConnection::~HttpConnection() = default;

std::expected<HttpConnection, std::string> HttpConnection::to(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(url.data(), url.size()));
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->host().empty()) {
    return std::unexpected(fmt::format("\"{}\" is not an http:// or https:// URL", url));
  }
  auto impl = std::make_unique<Impl>();
  impl->tls = parsed->scheme() == "https";
  impl->host = parsed->host_address();
  impl->port = parsed->has_port() ? std::string(parsed->port()) : impl->tls ? "443" : "80";
  impl->host_header = std::string(parsed->encoded_host_and_port());
  impl->path_prefix = std::string(parsed->encoded_path());
  if (impl->path_prefix.ends_with('/')) impl->path_prefix.pop_back();
  if (impl->tls) {
    beast::error_code ignored;
    impl->tls_context.set_default_verify_paths(ignored);
    impl->tls_context.set_verify_mode(asio::ssl::verify_peer);
    http_client::trust_issuing_authorities(impl->tls_context.native_handle());
  }
  return HttpConnection(std::move(impl));
}

bool HttpConnection::trust(const std::string& ca_file) {
  beast::error_code error;
  impl_->tls_context.load_verify_file(ca_file, error);
  return !error;
}

std::expected<HttpResponse, std::string> HttpConnection::send(const HttpRequest& request, Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  if (!impl_->reusable()) {
    if (const auto error = impl_->connect(deadline)) {
      impl_->stream.reset();
      return std::unexpected(impl_->certificate_problem.empty() ? text_of(error) : impl_->certificate_problem);
    }
  }
  http::request<http::string_body> message;
  message.method_string(request.method);
  const auto target = impl_->path_prefix + request.target;
  message.target(target.empty() ? "/" : target);
  message.version(11);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  message.set(http::field::host, impl_->host_header);
  message.body() = request.body;
  if (!request.body.empty() || request.method == "POST") message.prepare_payload();

  http::response_parser<http::string_body> parser;
  parser.body_limit(kResponseBytesMax);
  impl_->tcp().expires_at(deadline);
  const auto error =
      impl_->tls ? impl_->exchange(*impl_->stream, message, parser) : impl_->exchange(impl_->tcp(), message, parser);
  if (error) {
    impl_->stream.reset();
    return std::unexpected(text_of(error));
  }
  auto& answer = parser.get();
  HttpResponse response{
      static_cast<int>(answer.result_int()), std::string(answer.reason()), {}, std::move(answer.body())};
  for (const auto& field : answer) {
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  if (!parser.keep_alive()) impl_->stream.reset();
  return response;
}

}  // namespace limehook::app
