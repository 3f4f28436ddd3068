#include "model/payload_chat.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/decimal.hpp"
#include "base/json_text.hpp"
#include "base/text_direction.hpp"
#include "model/percent_encoding.hpp"

namespace limehook {
namespace {

// Chats limit URLs (Discord's embeds to 2,048 characters, Slack's texts to 3,000 after escaping).
constexpr std::size_t kLinkCostMax = 2000;

enum class Style : std::uint8_t { Text, Words, Seconds };

struct LineWording {
  std::string_view label;
  std::string_view member;
  Style style = Style::Text;
};

// The headline is `before`, the first member, `between`, the second member (a word of Limehook's, such as no_answer).
struct Wording {
  EventType type;
  std::string_view before, first, between, second;
  std::array<LineWording, 4> lines;
  std::string_view text_member;
  std::string_view link_label, link_member;
};

// In the order of the event types.
constexpr std::array<Wording, kEventTypeCount> kWordings{{
    {.type = EventType::MissedCall,
     .before = "Missed call from ",
     .first = "caller_number",
     .lines = {{{"To", "callee_number"}}}},
    {.type = EventType::CallCompleted,
     .before = "Call from ",
     .first = "caller_number",
     .between = " completed",
     .lines = {{{"To", "callee_number"}, {"Direction", "direction"}, {"Talk time", "duration", Style::Seconds}}},
     .link_label = "Listen to the recording",
     .link_member = "recording_url"},
    {.type = EventType::VoicemailReceived,
     .before = "Voicemail from ",
     .first = "caller_number",
     .lines = {{{"To", "callee_number"}, {"Length", "duration", Style::Seconds}}},
     .text_member = "transcription",
     .link_label = "Listen to the voicemail",
     .link_member = "voicemail_url"},
    {.type = EventType::SmsReceived,
     .before = "Text message from ",
     .first = "sender_number",
     .lines = {{{"To", "receiver_number"}}},
     .text_member = "message_content"},
    {.type = EventType::CallStatusUpdate,
     .before = "Call from ",
     .first = "caller_number",
     .between = ": ",
     .second = "status",
     .lines = {{{"To", "callee_number"}, {"Reason", "reason"}}}},
    {.type = EventType::IncomingCall,
     .before = "Incoming call from ",
     .first = "caller_number",
     .lines = {{{"To", "callee_number"}}}},
    {.type = EventType::SmsSent,
     .before = "Text message sent to ",
     .first = "receiver_number",
     .lines = {{{"From", "sender_number"}}},
     .text_member = "message_content"},
    {.type = EventType::WebhookDisabled,
     .before = "Webhook disabled: ",
     .first = "webhook_name",
     .lines = {{{"Reason", "reason"}}}},
    {.type = EventType::WebhookFailing,
     .before = "Webhook is failing: ",
     .first = "webhook_name",
     .lines = {{{"Reason", "reason"}}}},
    {.type = EventType::WebhookRecovered,
     .before = "Webhook works again: ",
     .first = "webhook_name",
     .lines = {{{"Reason", "reason"}}}},
    {.type = EventType::DeliveryExhausted,
     .before = "Delivery to ",
     .first = "webhook_name",
     .between = " failed: ",
     .second = "event_type",
     .lines = {{{"Reason", "reason"}, {"Attempts", "attempts"}, {"Delivery", "delivery_id"}}}},
}};

static_assert([] {
  for (std::size_t i = 0; i < kWordings.size(); ++i) {
    if (kWordings[i].type != static_cast<EventType>(i)) return false;
  }
  return true;
}());

std::string duration_in_words(std::int64_t seconds) {
  std::string out;
  if (seconds >= 3600) out += std::to_string(seconds / 3600) + " h ";
  if (seconds >= 60) out += std::to_string(seconds / 60 % 60) + " min ";
  return out + std::to_string(seconds % 60) + " s";
}

// `text` without blanks around it: chats refuse texts that have nothing else.
std::string_view trimmed(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kBlanks{" ",      "\t",     "\n",     "\r",     "\u00A0", "\u200B",
                                                            "\u200D", "\u2028", "\u2029", "\u2060", "\u3000", "\uFEFF"};
  const auto at_front = [&](std::string_view blank) { return text.starts_with(blank); };
  const auto at_back = [&](std::string_view blank) { return text.ends_with(blank); };
  const auto* blank = kBlanks.begin();
  while ((blank = std::ranges::find_if(kBlanks, at_front)) != kBlanks.end()) text.remove_prefix(blank->size());
  while ((blank = std::ranges::find_if(kBlanks, at_back)) != kBlanks.end()) text.remove_suffix(blank->size());
  return text;
}

// The member in words; empty when there is none or the event lacks it.
std::string words_of(const Event& event, std::string_view member, Style style = Style::Text) {
  const auto json = member.empty() ? std::nullopt : json_text::find(event.payload, member);
  if (!json || *json == "null") return {};
  const bool is_number = json->front() >= '0' && json->front() <= '9';
  if (const auto seconds = style == Style::Seconds && is_number ? integer_of(*json) : std::nullopt) {
    return duration_in_words(*seconds);
  }
  std::string text(trimmed(json_text::string_value(*json).value_or(std::string(*json))));
  if (style == Style::Words) std::ranges::replace(text, '_', ' ');
  return text;
}

// `url` with what has a meaning around links in chats, or none in a URL, percent-encoded; empty when it is too long
// to be shown or no http(s) URL.
std::string link_of(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
  std::string link = percent_encoded(url, "-._~:/?#[]@!$&*+,;=%");
  constexpr std::size_t kAmpersandCost = std::string_view("&amp;").size() - 1;
  const auto ampersands = static_cast<std::size_t>(std::ranges::count(link, '&'));
  return link.size() + ampersands * kAmpersandCost <= kLinkCostMax ? link : std::string();
}

}  // namespace

ChatMessage chat_message_of(const Event& event) {
  const Wording& wording = kWordings[static_cast<std::size_t>(event.type)];
  ChatMessage message;
  // Each on its own: what somebody else has written must not turn the words around it.
  const auto foreign = [&](std::string_view member, Style style) {
    return text_direction::isolated(words_of(event, member, style));
  };
  const auto first = foreign(wording.first, Style::Text);
  const bool nobody = first.empty() && wording.first.ends_with("_number");  // withheld, or not known
  message.headline = std::string(wording.before) + (nobody ? "an unknown number" : first);
  message.headline += std::string(wording.between) + foreign(wording.second, Style::Words);
  for (const LineWording& line : wording.lines) {
    auto value = foreign(line.member, line.style);
    if (!value.empty()) message.lines.push_back({line.label, std::move(value)});
  }
  message.text = foreign(wording.text_member, Style::Text);
  const auto url = words_of(event, wording.link_member);
  if (!url.empty()) {
    message.link_label = wording.link_label;
    message.link = link_of(url);
    if (message.link.empty())
      message.lines.push_back({wording.link_label, "The address is too long to be shown here."});
  }
  message.at = parse_rfc3339(words_of(event, "timestamp"));
  return message;
}

}  // namespace limehook
