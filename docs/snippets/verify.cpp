// Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. C++17 with OpenSSL and Boost.Beast:
//   g++ -std=c++17 verify.cpp -o verify -lcrypto -pthread && LIMEHOOK_SECRET=whsec_… ./verify
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <sstream>
#include <string>

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Request = http::request<http::string_body>;

std::string from_base64(const std::string& text) {
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string hmac_base64(const std::string& key, const std::string& text) {
  unsigned char mac[32], base64[45];
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), mac, nullptr);
  EVP_EncodeBlock(base64, mac, sizeof mac);
  return reinterpret_cast<const char*>(base64);
}

// The body is what came, byte for byte: verify it before parsing it.
bool is_genuine(const std::string& key, const Request& request) {
  const std::string id(request["webhook-id"]), timestamp(request["webhook-timestamp"]);
  if (std::llabs(std::time(nullptr) - std::atoll(timestamp.c_str())) > 300) {
    return false;  // older than five minutes: somebody may be repeating it
  }
  const std::string expected = "v1," + hmac_base64(key, id + "." + timestamp + "." + request.body());
  // While a secret is being rotated there are two signatures, with a space between.
  std::istringstream signatures{std::string(request["webhook-signature"])};
  for (std::string given; signatures >> given;) {
    if (given.size() == expected.size() && CRYPTO_memcmp(given.data(), expected.data(), given.size()) == 0) return true;
  }
  return false;
}

int main() {
  const char* secret = std::getenv("LIMEHOOK_SECRET");
  const std::string text = secret ? secret : "";
  const std::string key = text.rfind("whsec_", 0) == 0 ? from_base64(text.substr(6)) : "";
  if (key.empty()) {
    std::cerr << "LIMEHOOK_SECRET is not set\n";
    return 1;
  }
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), {{port}}});
  while (true) {  // one request after the other: for trying things
    boost::system::error_code error;
    tcp::socket socket = acceptor.accept(context);
    boost::beast::flat_buffer buffer;
    Request request;
    http::read(socket, buffer, request, error);
    if (error) continue;
    http::response<http::empty_body> response(http::status::unauthorized, 11);
    if (request.target().substr(0, request.target().find('?')) != "{{path}}") response.result(http::status::not_found);
    else if (is_genuine(key, request)) response.result(http::status::ok);
    response.keep_alive(false);
    response.prepare_payload();
    http::write(socket, response, error);
    // Put it in a queue; drop ids that you have seen.
    if (response.result() == http::status::ok) std::cout << request["webhook-id"] << ' ' << request.body() << std::endl;
  }
}
