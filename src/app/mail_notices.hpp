#pragma once
// E-mail about webhooks, as the server is configured: connects the notices of the core with the mailer.

#include <functional>

#include "config/config.hpp"
#include "delivery/messages.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::app {

// Empty without a mail server. Each call returns at once, on any thread; what it sends waits in memory, and is dropped
// when the function is destroyed. `metrics` must outlive it.
std::function<void(delivery::MailDue&&)> mail_notices(const Config& config, telemetry::Metrics& metrics);

}  // namespace limehook::app
