#include "app/http_connection.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url.hpp>
#include <chrono>
#include <optional>

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

  beast::error_code connect(std::chrono::steady_clock::time_point deadline) {
    beast::error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto endpoints = resolver.resolve(host, port, error);
    if (error) return error;
    buffer.clear();
    stream.emplace(context, tls_context);
    tcp().expires_at(deadline);
    error = run([&](auto done) { tcp().async_connect(endpoints, std::move(done)); });
    if (error) return error;
    tcp().socket().set_option(asio::ip::tcp::no_delay(true), error);
    if (!tls) return {};
    stream->set_verify_callback(asio::ssl::host_name_verification(host));
    // RFC 6066, section 3: names only.
    asio::ip::make_address(host, error);
    const bool named = static_cast<bool>(error);
    if (named && SSL_set_tlsext_host_name(stream->native_handle(), host.c_str()) != 1) return asio::error::no_memory;
    return run([&](auto done) { stream->async_handshake(asio::ssl::stream_base::client, std::move(done)); });
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
      return std::unexpected(text_of(error));
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
