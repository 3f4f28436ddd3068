#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "model/test_receiver_urls.hpp"

namespace limehook::app {

// Where deliveries reach this server's own test receivers, when it listens on `address` ("127.0.0.1:8080"). On every
// address of the machine it is the loopback address of the same family. With TLS it is --public-url, whose host the
// certificate is for, under the rules that hold for all receivers. The error is a sentence that says why there is none.
std::expected<TestReceiverUrls, std::string> test_receiver_urls(const Config& config, std::string_view address);

}  // namespace limehook::app
