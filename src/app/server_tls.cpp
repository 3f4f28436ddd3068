#include "app/server_tls.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio.hpp>

#include "http_server/tls.hpp"

namespace limehook::app {

namespace asio = boost::asio;

std::expected<void, std::string> use_tls_files(http_server::Server& server, const Config& config) {
  if (!config.tls_cert) return {};
  const auto identity = http_server::load_tls({*config.tls_cert, *config.tls_key});
  if (!identity) {
    const auto& problem = identity.error();
    return std::unexpected(fmt::format("{}: {}", problem.of_key ? "--tls-key" : "--tls-cert", problem.text));
  }
  server.use_tls(identity->context);
  if (identity->valid_until.empty()) spdlog::warn("The certificate in {} has expired.", config.tls_cert->string());
  else spdlog::info("The certificate in {} is valid until {}.", config.tls_cert->string(), identity->valid_until);
  return {};
}

asio::awaitable<void> reload_tls_on_hangup(http_server::Server& server, const Config& config, asio::io_context& io) {
  asio::signal_set signals(io, SIGHUP);
  while (true) {
    co_await signals.async_wait(asio::use_awaitable);
    if (!config.tls_cert) spdlog::info("SIGHUP: there is no certificate to be read again.");
    const auto used = use_tls_files(server, config);
    if (!used) spdlog::error("The certificate in use stays: {}.", used.error());
  }
}

}  // namespace limehook::app
