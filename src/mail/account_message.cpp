#include "mail/account_message.hpp"

#include <fmt/format.h>

#include "base/email_address.hpp"
#include "base/text_direction.hpp"
#include "mail/mime.hpp"

namespace limehook::mail {
namespace {

constexpr std::size_t kWordsBytesMax = 60;

// Letters and digits of any language, hyphens and spaces: no mail program makes a link of those.
std::string words_only(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // a character of several bytes
    if (out.size() >= kWordsBytesMax && !continues) break;
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += !ascii || letter_or_digit || c == '-' || c == '_' ? c : ' ';
  }
  return text_direction::isolated(out);
}

std::string in_words(Duration valid) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(valid).count();
  const auto count = [](std::int64_t number, std::string_view unit) {
    return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
  };
  if (minutes >= 2 * 24 * 60 && minutes % (24 * 60) == 0) return count(minutes / (24 * 60), "day");
  if (minutes >= 60 && minutes % 60 == 0) return count(minutes / 60, "hour");
  return count(minutes, "minute");
}

Message message_of(const AccountMessage& message, std::string_view about, std::string subject, std::string text) {
  const auto domain = message.from.substr(message.from.find('@') + 1);
  return {.about = fmt::format("{} for {}", about, message.to),
          .from = message.from,
          .to = {message.to},
          .content = render({.from = message.from,
                             .to = {message.to},
                             .subject = std::move(subject),
                             .text = std::move(text),
                             .date = message.at,
                             .message_id = fmt::format("{}@{}", message.unique, domain)})};
}

}  // namespace

Message invitation(const AccountMessage& message, std::string_view inviter, std::string_view team) {
  const bool named = !inviter.empty() && !email_problem(inviter);
  const auto where = team.empty() ? "Limehook" : fmt::format("the team \"{}\" at Limehook", words_only(team));
  auto text = fmt::format(
      "{} to {}, which sends webhooks and shows how they fare.\n"
      "\n"
      "To accept, open this link:\n"
      "\n"
      "{}\n"
      "\n"
      "It works once, and for {}. Give it to nobody: it is made for {}.\n"
      "\n"
      "If you did not expect this invitation, ignore it. Nothing happens then.\n",
      named ? fmt::format("{} invites you", inviter) : "You are invited", where, message.link, in_words(message.valid),
      message.to);
  return message_of(message, "an invitation", "Your invitation to Limehook", std::move(text));
}

Message password_reset(const AccountMessage& message) {
  auto text = fmt::format(
      "Somebody asked for a new password for the account {} at Limehook.\n"
      "\n"
      "If that was you, open this link and choose one:\n"
      "\n"
      "{}\n"
      "\n"
      "It works once, and for {}. Give it to nobody.\n"
      "\n"
      "If it was not you, ignore this message. Your password stays as it is.\n",
      message.to, message.link, in_words(message.valid));
  return message_of(message, "a password reset", "A new password for Limehook", std::move(text));
}

Message confirmation(const AccountMessage& message, std::string_view team) {
  auto text = fmt::format(
      "The webhooks of the team \"{}\" at Limehook name {} as an address for notices when one of them fails.\n"
      "\n"
      "To get these notices, open this link and confirm:\n"
      "\n"
      "{}\n"
      "\n"
      "It works for {}. If you do not want the notices, ignore this message: none will be sent.\n",
      words_only(team), message.to, message.link, in_words(message.valid));
  return message_of(message, "a confirmation", "Confirm your address for notices from Limehook", std::move(text));
}

}  // namespace limehook::mail
