#include "app/test_receiver_address.hpp"

namespace limehook::app {
namespace {

bool has_scope(std::string_view address) { return address.find('%') != std::string_view::npos; }

}  // namespace

std::expected<TestReceiverUrls, std::string> test_receiver_urls(const Config& config, std::string_view address) {
  if (config.tls_cert) {
    if (config.public_url.starts_with("https://")) return TestReceiverUrls(config.public_url, false);
    return std::unexpected(
        "This server speaks TLS, with a certificate for a name that it does not know: it has test receivers when it is "
        "started with --public-url https://…");
  }
  if (has_scope(address)) {
    return std::unexpected(
        "This server listens on a link-local address, which no URL can name: it has no test receivers.");
  }
  const auto colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return TestReceiverUrls("http://" + std::string(host) + std::string(address.substr(colon)), true);
}

}  // namespace limehook::app
