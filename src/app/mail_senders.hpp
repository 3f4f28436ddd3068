#pragma once
// E-mail about webhooks and accounts, as the server is configured: connects who has something to say with the mailer.

#include <functional>

#include "api/account_mail.hpp"
#include "config/config.hpp"
#include "delivery/messages.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::app {

// Both empty without a mail server. Each call returns at once; what it sends waits in memory, and is
// dropped when the last of the two is destroyed.
struct MailSenders {
  std::function<void(delivery::MailDue&&)> notice;
  api::SendAccountMail account;
};

// `metrics` must outlive what it answers.
MailSenders mail_senders(const Config& config, telemetry::Metrics& metrics);

}  // namespace limehook::app
