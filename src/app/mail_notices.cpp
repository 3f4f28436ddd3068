#include "app/mail_notices.hpp"

#include <memory>

#include "mail/mailer.hpp"
#include "mail/smtp.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::app {
namespace {

mail::Encryption encryption_of(const SmtpServer& server) {
  switch (server.encryption) {
    case SmtpServer::Encryption::None:
      return mail::Encryption::None;
    case SmtpServer::Encryption::StartTls:
      return mail::Encryption::StartTls;
    case SmtpServer::Encryption::Tls:
      return mail::Encryption::Tls;
  }
  return mail::Encryption::StartTls;
}

mail::SmtpOptions smtp_options(const Config& config) {
  return {.host = config.smtp->host,
          .port = config.smtp->port,
          .encryption = encryption_of(*config.smtp),
          .user = config.smtp_user,
          .password = config.smtp_password,
          .ca_file = config.ca_file ? config.ca_file->string() : ""};
}

}  // namespace

std::function<void(delivery::MailDue&&)> mail_notices(const Config& config, telemetry::Metrics& metrics) {
  if (!config.smtp) return nullptr;
  const auto mailer = std::make_shared<mail::Mailer>(mail::MailerOptions{}, mail::smtp(smtp_options(config)), metrics);
  return [mailer, addresses = mail::Addresses{config.smtp_from, config.smtp_to}](delivery::MailDue&& notice) {
    auto message = mail::notice(*notice.webhook, notice.type, notice.reason, addresses, runtime::now().wall,
                                signing::generate_token(""));
    if (message) mailer->send(std::move(*message));
  };
}

}  // namespace limehook::app
