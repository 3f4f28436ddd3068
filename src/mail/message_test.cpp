#include "mail/message.hpp"

#include <gmock/gmock.h>

#include "mail/mime.hpp"

namespace limehook::mail {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Addresses kAddresses{"limehook@example.com", {"ops@example.com"}};
const WallTime kAt = *parse_rfc3339("2026-11-23T18:00:00Z");

Webhook webhook() {
  Webhook webhook;
  webhook.id = WebhookId{1234567};
  webhook.name = "CRM";
  webhook.url = "https://example.com/hook";
  webhook.team_id = "team_001";
  return webhook;
}

std::string content(const Webhook& about, EventType type = EventType::WebhookDisabled,
                    std::string_view reason = "The receiver answered 410 Gone.") {
  return notice(about, type, reason, kAddresses, kAt, "u1")->content;
}

// Goal: a notice says what happened, to which webhook, why, and what follows. Method: look for each in each kind.
TEST(Notice, SaysWhatOneNeedsToKnow) {
  const std::array<std::pair<EventType, std::string_view>, 4> kinds{
      {{EventType::WebhookDisabled, "Subject: The webhook \"CRM\" was disabled"},
       {EventType::WebhookFailing, "Subject: The webhook \"CRM\" is failing"},
       {EventType::WebhookRecovered, "Subject: The webhook \"CRM\" works again"},
       {EventType::DeliveryExhausted, "Subject: A delivery to the webhook \"CRM\" has failed"}}};
  for (const auto& [type, subject] : kinds) {
    const auto text = content(webhook(), type, "Because.");
    EXPECT_THAT(text, HasSubstr(subject));
    for (const std::string_view part :
         {"Because.", "Mon, 23 Nov 2026 18:00:00 +0000", "CRM", "https://example.com/hook", "team_001",
          "What Limehook does now", "What you can do", "Message-ID: <u1@example.com>"}) {
      EXPECT_THAT(text, HasSubstr(part)) << subject;
    }
    EXPECT_THAT(text, HasSubstr("\r\n  limehook ")) << subject;
    EXPECT_THAT(text, HasSubstr(webhook().id.str())) << subject;
    EXPECT_THAT(text, AllOf(Not(HasSubstr("{")), Not(HasSubstr("}")))) << "a placeholder is left";
  }
}

TEST(Notice, GoesToWhomTheWebhookNamesElseToWhomTheOperatorNamed) {
  auto about = webhook();
  EXPECT_THAT(notice(about, EventType::WebhookFailing, "", kAddresses, kAt, "u")->to, ElementsAre("ops@example.com"));
  about.notify_emails = {"a@example.com", "b@example.com", "unconfirmed@example.com"};
  about.confirmed_emails = {"a@example.com", "b@example.com"};
  const auto message = notice(about, EventType::WebhookFailing, "", kAddresses, kAt, "u");
  EXPECT_THAT(message->to, ElementsAre("a@example.com", "b@example.com"));
  EXPECT_EQ(message->from, "limehook@example.com");
  EXPECT_EQ(message->about, "webhook.failing of " + about.id.str());
}

TEST(Notice, IsNotWrittenForNobody) {
  auto about = webhook();
  about.notify_emails = {"unconfirmed@example.com"};
  EXPECT_FALSE(notice(about, EventType::WebhookFailing, "", kAddresses, kAt, "u"));
  EXPECT_FALSE(notice(webhook(), EventType::WebhookFailing, "", {"limehook@example.com", {}}, kAt, "u"));
}

// Goal: what users and receivers wrote cannot add headers or lines. Method: attacks in each such text.
TEST(Notice, TextsOfOthersStayOnTheirLine) {
  auto about = webhook();
  about.name = "x\r\nBcc: evil@example.com\r\n\r\n{0} {}";
  about.team_id = "t\nEvil: team";
  about.url = "https://example.com/\r\nEvil: url";
  const auto text = content(about, EventType::WebhookDisabled, "410\r\n.\r\nEvil: reason");
  for (const std::string_view start : {"\nBcc", "\nEvil", "\n.\r"}) EXPECT_THAT(text, Not(HasSubstr(start)));
}

// Goal: a name that is written from right to left keeps its direction to itself, and a mark that turns it is not sent.
TEST(Notice, TextsOfOthersTurnNothing) {
  auto about = webhook();
  about.name = "CRM\u202E txet";
  EXPECT_THAT(content(about), HasSubstr("The webhook \"CRM txet\" was disabled."));
  about.name = "שלום";
  EXPECT_THAT(content(about), HasSubstr(quoted_printable("\u2068שלום\u2069")));
}

TEST(Notice, TellsOfAWebhookForEveryTeam) {
  auto about = webhook();
  about.team_id.clear();
  EXPECT_THAT(content(about), HasSubstr("Team:     every team"));
}

TEST(Notice, NeverShowsSecrets) {
  auto about = webhook();
  about.url = "https://user:hidden1@example.com/hook?token=hidden2&hidden3&empty=#hidden4";
  about.secret = "whsec_hidden5";
  about.token = "hidden6";
  about.headers = {{"X-Key", "hidden7"}};
  EXPECT_THAT(content(about), Not(HasSubstr("hidden")));
}

TEST(UrlWithoutSecrets, KeepsTheRest) {
  EXPECT_EQ(url_without_secrets("https://example.com:8443/a/b@c"), "https://example.com:8443/a/b@c");
  EXPECT_EQ(url_without_secrets("https://u:p@example.com/a?x=1&y=2"), "https://example.com/a?x=...&y=...");
  EXPECT_EQ(url_without_secrets("https://example.com?secret"), "https://example.com?...");
  EXPECT_EQ(url_without_secrets("https://example.com/?a=b=c&d=&e"), "https://example.com/?a=...&d=&...");
  EXPECT_EQ(url_without_secrets("https://example.com/?a=@b"), "https://example.com/?a=...");
  EXPECT_EQ(url_without_secrets(""), "");
}

}  // namespace
}  // namespace limehook::mail
