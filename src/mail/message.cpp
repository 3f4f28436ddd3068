#include "mail/message.hpp"

#include <fmt/format.h>

#include "base/text_direction.hpp"
#include "mail/mime.hpp"

namespace limehook::mail {
namespace {

constexpr std::string_view kMask = "...";

// The words of a kind of notice; {} in them is the webhook's id.
struct Words {
  std::string_view subject;  // what happened; {} is the webhook's name
  std::string_view now;      // what Limehook does from here on
  std::string_view next;     // what the reader can do
};

Words words_for(EventType type) {
  switch (type) {
    case EventType::WebhookDisabled:
      return {
          "The webhook \"{}\" was disabled",
          "Nothing is sent to this webhook any more. What was waiting for it has been canceled, and stays in the "
          "log.",
          "Repair the receiver, or the webhook's URL. Then enable the webhook, and have sent again what it missed:\n"
          "\n"
          "  limehook webhooks enable {0}\n"
          "  limehook webhooks recover {0} --status missing --since 7d"};
    case EventType::WebhookFailing:
      return {"The webhook \"{}\" is failing",
              "It holds back what is due, and tries with one request at a time whether the receiver works again. "
              "As soon as one succeeds, everything held goes out. What cannot be delivered within its retry schedule "
              "fails, and stays in the log. After days without one success the webhook is disabled.",
              "Look at the receiver. What it answered is in the log:\n"
              "\n"
              "  limehook logs --webhook {0}"};
    case EventType::WebhookRecovered:
      return {"The webhook \"{}\" works again", "Everything that was held goes out now.",
              "Nothing needs to be done. Should deliveries have failed meanwhile, they can be sent again:\n"
              "\n"
              "  limehook webhooks recover {0} --status failed --since 7d"};
    case EventType::DeliveryExhausted:
      return {"A delivery to the webhook \"{}\" has failed",
              "It does not attempt this delivery any more; it stays in the log. Other events still go to the webhook.",
              "Look at what the receiver answered. When it is repaired, have sent again what failed:\n"
              "\n"
              "  limehook logs --webhook {0} --status failed\n"
              "  limehook webhooks recover {0} --status failed --since 7d"};
    default:
      return {"News of the webhook \"{}\"", "It goes on as before.", "Nothing needs to be done."};
  }
}

// What others have written, as it may stand among Limehook's words.
std::string foreign(std::string_view text) { return text_direction::isolated(one_line(text)); }

std::string text_of(const Webhook& webhook, const Words& words, std::string_view happened, std::string_view reason,
                    WallTime at) {
  return fmt::format(
      "{}.\n"
      "\n"
      "Why:      {}\n"
      "When:     {}\n"
      "Webhook:  {}\n"
      "URL:      {}\n"
      "Id:       {}\n"
      "Team:     {}\n"
      "\n"
      "What Limehook does now\n"
      "\n"
      "{}\n"
      "\n"
      "What you can do\n"
      "\n"
      "{}\n"
      "\n"
      "-- \n"
      "Limehook sends at most one such message per webhook and hour.\n",
      happened, foreign(reason), format_date(at), foreign(webhook.name),
      webhook.url.empty() ? "none" : foreign(url_without_secrets(webhook.url)), webhook.id.str(),
      webhook.team_id.empty() ? "every team" : foreign(webhook.team_id), words.now,
      fmt::format(fmt::runtime(words.next), webhook.id.str()));
}

}  // namespace

std::string url_without_secrets(std::string_view url) {
  std::string out = one_line(url.substr(0, url.find('#')));
  const auto authority = out.find("://");
  if (authority != std::string::npos) {
    const auto end = std::min(out.find_first_of("/?", authority + 3), out.size());
    const auto at = out.rfind('@', end);
    if (at != std::string::npos && at > authority) out.erase(authority + 3, at - authority - 2);
  }
  for (auto at = out.find('?'); at != std::string::npos; at = out.find('&', at + 1)) {
    const auto end = std::min(out.find('&', at + 1), out.size());
    // A part without "=" may be a secret as a whole.
    const auto equals = out.find('=', at + 1);
    const auto first = equals < end ? equals + 1 : at + 1;
    out.replace(first, end - first, end > first ? kMask : "");
  }
  return out;
}

std::optional<Message> notice(const Webhook& webhook, EventType type, std::string_view reason,
                              const Addresses& addresses, WallTime at, std::string_view unique) {
  const auto& to = webhook.notify_emails.empty() ? addresses.fallback : webhook.confirmed_emails;
  if (to.empty()) return std::nullopt;
  const Words words = words_for(type);
  const auto happened = fmt::format(fmt::runtime(words.subject), foreign(webhook.name));
  const auto domain = addresses.from.substr(addresses.from.find('@') + 1);
  return Message{.about = fmt::format("{} of {}", name_of(type), webhook.id.str()),
                 .from = addresses.from,
                 .to = to,
                 .content = render({.from = addresses.from,
                                    .to = to,
                                    .subject = happened,
                                    .text = text_of(webhook, words, happened, reason, at),
                                    .date = at,
                                    .message_id = fmt::format("{}@{}", unique, domain)})};
}

}  // namespace limehook::mail
