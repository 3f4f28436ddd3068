// Property: whatever bytes a client sends, each answer is one well-formed HTTP response, and what the handler gets can
// be read in one way only.

#include "http_server/server.hpp"

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include "base/limits.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::size_t kBodyBytesMax = 1000;

void check_request(const http_server::Request& request) {
  check(!request.method.empty() && !request.target.empty(), "a request has a method and a target");
  check(request.target.find_first_of(" \r\n\t") == std::string::npos, "a target is one word");
  check(request.body.size() <= kBodyBytesMax, "a body has its limit");
  std::size_t head = 0;
  for (const auto& [name, value] : request.headers) {
    head += name.size() + value.size();
    check(!name.empty() && name.find_first_of(" :\r\n\t") == std::string::npos, "a header's name is one word");
    check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header's value is one line");
  }
  check(head <= limits::kRequestHeadBytesMax, "a head has its limit");
  const auto has = [&](std::string_view name) { return !request.header(name).empty(); };
  check(!has("transfer-encoding") || !has("content-length"), "the body's end is said once");
}

// One server and one client at a time, in one thread.
class Exchange {
 public:
  Exchange() {
    http_server::ServerOptions options;
    options.server_name = "Limehook";
    options.body_bytes_max = [](std::string_view, std::string_view) { return kBodyBytesMax; };
    options.connections_changed = [this](std::size_t count) { connections_ = count; };
    options.refused = [](http_server::Refusal) {};
    options.payer = [](const http_server::Request& head) { return head.client_address; };
    options.admit = [](const http_server::Request& head) -> std::optional<http_server::Response> {
      if (head.path() != "/refused") return std::nullopt;
      return http_server::Response{403, "text/plain", "refused", {}};
    };
    options.error = [](int status, std::string_view detail) {
      return http_server::Response{status, "text/plain", std::string(detail), {}};
    };
    server_.emplace(io_, std::move(options), [this](const http_server::Request& request) { return handle(request); });
    const auto address = server_->listen({asio::ip::address_v4::loopback(), 0});
    server_->accept();
    port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  // What the server answers to `bytes`, which come in two pieces.
  std::string run(std::string_view bytes) {
    requests_ = 0;
    asio::io_context client_io;
    asio::ip::tcp::socket client(client_io);
    client.connect({asio::ip::address_v4::loopback(), port_});
    boost::system::error_code ignored;
    while (connections_ == 0) io_.run_one();
    asio::write(client, asio::buffer(bytes.substr(0, bytes.size() / 2)), ignored);
    io_.poll();
    asio::write(client, asio::buffer(bytes.substr(bytes.size() / 2)), ignored);
    client.shutdown(asio::socket_base::shutdown_send, ignored);
    while (connections_ > 0) io_.run_one();
    std::string answer;
    asio::read(client, asio::dynamic_buffer(answer), ignored);
    return answer;
  }
  int requests() const { return requests_; }

 private:
  asio::awaitable<http_server::Response> handle(const http_server::Request& request) {
    ++requests_;
    check_request(request);
    co_return http_server::Response{200, "text/plain", request.method + " " + request.target, {}};
  }

  asio::io_context io_;
  std::optional<http_server::Server> server_;
  std::size_t connections_ = 0;
  std::uint16_t port_ = 0;
  int requests_ = 0;
};

// How many responses `text` is made of.
int count_responses(std::string text, bool bodies) {
  int count = 0;
  for (boost::asio::const_buffer rest = asio::buffer(text); rest.size() > 0; ++count) {
    beast::http::response_parser<beast::http::string_body> parser;
    parser.eager(true);
    parser.skip(!bodies);
    boost::system::error_code error;
    while (rest.size() > 0 && !parser.is_done() && !error) rest += parser.put(rest, error);
    check(!error && parser.is_done(), "an answer is a whole HTTP response");
    const auto status = parser.get().result_int();
    if (status == 100) --count;
    check(status == 100 || status == 200 || status == 403 || (status >= 400 && status < 500), "with a fit status");
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Exchange exchange;
  const auto bytes = fuzz::text_of(data, std::min<std::size_t>(size, 40'000));
  const auto answer = exchange.run(bytes);
  // Answers to HEAD have no bodies; inputs with such requests are for crashes only.
  if (bytes.find("HEAD ") != std::string_view::npos) return 0;
  const int responses = count_responses(answer, true);
  check(responses >= exchange.requests(), "each request that was handled is answered");
  return 0;
}
