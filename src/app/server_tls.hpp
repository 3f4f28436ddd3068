#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <expected>
#include <string>

#include "config/config.hpp"
#include "http_server/server.hpp"

namespace limehook::app {

// Gives `server` the certificate and key that `config` names, if any. The error names the option; the server then goes
// on with what it had. Says in the log until when the certificate is valid.
std::expected<void, std::string> use_tls_files(http_server::Server& server, const Config& config);

// Does so again whenever the process gets SIGHUP; runs for as long as `io`.
boost::asio::awaitable<void> reload_tls_on_hangup(http_server::Server& server, const Config& config,
                                                  boost::asio::io_context& io);

}  // namespace limehook::app
