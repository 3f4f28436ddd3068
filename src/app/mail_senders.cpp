#include "app/mail_senders.hpp"

#include <memory>

#include "api/daily_limit.hpp"
#include "mail/account_message.hpp"
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

// A webhook has one in an hour; webhooks can be made anew, though.
constexpr int kNoticesPerTeamAndDay = 200;

mail::Message account_message(const std::string& from, const api::AccountMail& mail) {
  const mail::AccountMessage message{.from = from,
                                     .to = mail.to,
                                     .link = mail.link,
                                     .valid = mail.valid,
                                     .at = runtime::now().wall,
                                     .unique = signing::generate_token("")};
  switch (mail.kind) {
    case api::AccountMail::Kind::Invitation:
      return mail::invitation(message, mail.inviter, mail.team);
    case api::AccountMail::Kind::ConfirmEmail:
      return mail::confirmation(message, mail.team);
    case api::AccountMail::Kind::PasswordReset:
      break;
  }
  return mail::password_reset(message);
}

}  // namespace

MailSenders mail_senders(const Config& config, telemetry::Metrics& metrics) {
  if (!config.smtp) return {};
  const auto mailer = std::make_shared<mail::Mailer>(mail::MailerOptions{}, mail::smtp(smtp_options(config)), metrics);
  const mail::Addresses addresses{config.smtp_from, config.smtp_to};
  const auto of_teams = std::make_shared<api::DailyLimit>(kNoticesPerTeamAndDay);
  return {.notice =
              [=](delivery::MailDue&& notice) {
                const std::string& team = notice.webhook->team_id;
                if (!team.empty() && !of_teams->take(team, runtime::now().mono)) return;
                auto message = mail::notice(*notice.webhook, notice.type, notice.reason, addresses, runtime::now().wall,
                                            signing::generate_token(""));
                if (message) mailer->send(std::move(*message));
              },
          .account = [=](const api::AccountMail& mail) { mailer->send(account_message(addresses.from, mail)); }};
}

}  // namespace limehook::app
