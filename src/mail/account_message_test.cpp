#include "mail/account_message.hpp"

#include <gmock/gmock.h>

namespace limehook::mail {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

AccountMessage about() {
  return {.from = "limehook@example.com",
          .to = "bob@example.com",
          .link = "https://hooks.example.com/invitation#t0ken",
          .valid = 72h,
          .at = *parse_rfc3339("2026-11-23T18:00:00Z"),
          .unique = "u1"};
}

// The text as a mail program shows it: soft line breaks (RFC 2045, section 6.7) and "=3D" undone.
std::string shown(const Message& message) {
  std::string text = message.content;
  for (const auto& [from, to] : {std::pair("=\r\n", ""), std::pair("=3D", "=")}) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
      text.replace(at, std::string_view(from).size(), to);
    }
  }
  return text;
}

// Goal: both kinds say what they are for, hold the link on a line of its own, how long it is valid, and that one may
// ignore them.
TEST(AccountMessage, SaysWhatOneNeedsToKnow) {
  EXPECT_THAT(shown(invitation(about(), "ann@example.com", "team_001")),
              AllOf(HasSubstr("Subject: Your invitation to Limehook\r\n"), HasSubstr("To: bob@example.com"),
                    HasSubstr("ann@example.com invites you to the team \"team_001\" at Limehook"),
                    HasSubstr("\r\nhttps://hooks.example.com/invitation#t0ken\r\n"), HasSubstr("for 3 days."),
                    HasSubstr("ignore it"), HasSubstr("Message-ID: <u1@example.com>"),
                    HasSubstr("Mon, 23 Nov 2026 18:00:00 +0000")));
  EXPECT_THAT(shown(password_reset(about())),
              AllOf(HasSubstr("Subject: A new password for Limehook\r\n"), HasSubstr("for the account bob@example.com"),
                    HasSubstr("\r\nhttps://hooks.example.com/invitation#t0ken\r\n"), HasSubstr("for 3 days."),
                    HasSubstr("ignore this message"), HasSubstr("Message-ID: <u1@example.com>")));
  for (const auto& message : {invitation(about(), "", ""), password_reset(about())}) {
    EXPECT_EQ(message.from, "limehook@example.com");
    EXPECT_THAT(message.to, ElementsAre("bob@example.com"));
  }
}

TEST(AccountMessage, TheLogDoesNotGetTheLink) {
  EXPECT_EQ(invitation(about(), "ann@example.com", "team_001").about, "an invitation for bob@example.com");
  EXPECT_EQ(password_reset(about()).about, "a password reset for bob@example.com");
}

TEST(AccountMessage, LongLinksStayWhole) {
  auto message = about();
  message.link = "https://hooks.example.com/reset?x=" + std::string(300, 'y') + "=z";
  EXPECT_THAT(shown(password_reset(message)), HasSubstr("\r\n" + message.link + "\r\n"));
}

// Goal: nobody advertises through this server, adds headers, or links elsewhere. Method: attacks in the texts of
// others.
TEST(Invitation, TextsOfOthersAreWordsOnly) {
  for (const std::string_view text :
       {"Win at https://evil.example.com/now!", "x\r\nBcc: victim@evil.example.com\r\n\r\nBuy",
        "<a href=\"evil.example.com\">", "www.evil.example.com", "mailto:evil.example.com?x", "{} {0} evil.example.com",
        "=\r\nevil.example.com"}) {
    for (const auto& message : {invitation(about(), "ann@example.com", text), invitation(about(), text, "team_001")}) {
      EXPECT_THAT(shown(message), AllOf(Not(HasSubstr("evil.")), Not(HasSubstr("\nBcc")), Not(HasSubstr("<a"))))
          << text;
    }
  }
  const auto long_team = shown(invitation(about(), "", std::string(59, 'a') + "\xC3\xA4" + std::string(300, 'b')));
  EXPECT_THAT(long_team, AllOf(HasSubstr(std::string(59, 'a') + "=C3=A4\" at"), Not(HasSubstr("bbb"))));
}

TEST(Invitation, NamesNobodyWhereNobodyIsKnown) {
  EXPECT_THAT(shown(invitation(about(), "", "")), HasSubstr("You are invited to Limehook, which"));
}

// Goal: times read as people say them. Method: a table.
TEST(AccountMessage, TellsTimesInWords) {
  for (const auto& [valid, words] :
       std::initializer_list<std::pair<Duration, std::string_view>>{{30min, "for 30 minutes."},
                                                                    {1min, "for 1 minute."},
                                                                    {60min, "for 1 hour."},
                                                                    {90min, "for 90 minutes."},
                                                                    {24h, "for 24 hours."},
                                                                    {48h, "for 2 days."},
                                                                    {168h, "for 7 days."},
                                                                    {49h, "for 49 hours."}}) {
    auto message = about();
    message.valid = valid;
    EXPECT_THAT(shown(password_reset(message)), HasSubstr(words)) << words;
  }
}

}  // namespace
}  // namespace limehook::mail
