// The receivers' rules:
//   Slack        https://docs.slack.dev/reference/block-kit/blocks/section-block
//                https://docs.slack.dev/messaging/formatting-message-text (escaping, dates)
//   Discord      https://discord.com/developers/docs/resources/webhook#execute-webhook
//                https://discord.com/developers/docs/resources/message#embed-object-embed-limits
//   Teams        https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
//   CloudEvents  https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

#include "model/payload_preset.hpp"

#include <boost/json.hpp>

#include "base/json_text.hpp"
#include "base/text_direction.hpp"
#include "model/payload_chat.hpp"
#include "model/percent_encoding.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

// In UTF-16 units, after escaping, so that they hold however a receiver counts. Slack takes 150 in a header, 3,000 in
// a section and 2,000 in a field; Discord 2,000 as content, 4,096 as description, 1,024 in a field and 6,000 in all;
// Teams some 28 KB of JSON.
constexpr std::size_t kHeadlineMax = 150;
constexpr std::size_t kValueMax = 500;
constexpr std::size_t kTextMax = 2900;

// ---- texts from outside --------------------------------------------------------------------------------------

// What a character of a text becomes.
using Escape = std::string (*)(std::string_view character);

std::string plain(std::string_view character) { return std::string(character); }

std::string slack_text(std::string_view character) {
  if (character == "&") return "&amp;";
  if (character == "<") return "&lt;";
  if (character == ">") return "&gt;";
  return std::string(character);
}

// A colon, too: a bare URL would become a link.
std::string discord_text(std::string_view character) {
  static constexpr std::string_view kMeaning = R"(\*_~`|#<>()[]@:-)";
  return (kMeaning.contains(character.front()) ? "\\" : "") + std::string(character);
}

// `text` escaped, without control characters but line breaks, and cut to `units_max` UTF-16 units. Isolates end where
// the text does.
std::string fitted(std::string_view text, std::size_t units_max, Escape escape) {
  std::string out;
  std::size_t units = 0;
  std::size_t cut_at = 0;  // where the text ends if "…" is to follow, with so many ends of isolates
  std::size_t cut_open = 0;
  std::size_t open = 0;
  while (!text.empty()) {
    std::string_view character = text.substr(0, text_direction::character_size(text));
    text.remove_prefix(character.size());
    if (character == "\r") continue;
    if (static_cast<unsigned char>(character.front()) < ' ' && character != "\n") character = " ";
    const std::string escaped = escape(character);
    units += character.size() == 1 ? escaped.size() : character.size() == 4 ? 2 : 1;
    if (units > units_max) {
      out = out.substr(0, cut_at) + "…";
      for (; cut_open > 0; --cut_open) out += text_direction::kEndIsolate;
      return out;
    }
    out += escaped;
    open += static_cast<std::size_t>(text_direction::isolates_opened(character));
    if (units + open < units_max) {
      cut_at = out.size();
      cut_open = open;
    }
  }
  return out;
}

std::string label_of(const ChatMessage::Line& line) { return std::string(line.label); }

std::string seconds_text(WallTime at) { return format_rfc3339(std::chrono::floor<std::chrono::seconds>(at)); }

// ---- Slack ---------------------------------------------------------------------------------------------------

// Plain text knows no markup, but the characters of Slack's escapes are escaped in it, too.
json::object slack_plain(std::string text) {
  return {{"type", "plain_text"}, {"text", std::move(text)}, {"emoji", false}};
}

json::object slack_markup(std::string text) { return {{"type", "mrkdwn"}, {"text", std::move(text)}}; }

json::object slack_block(std::string_view type, json::object text) {
  return {{"type", type}, {"text", std::move(text)}};
}

json::object slack(const ChatMessage& message) {
  const std::string headline = fitted(message.headline, kHeadlineMax, slack_text);
  const std::string text = fitted(message.text, kTextMax, slack_text);
  json::array blocks{slack_block("header", slack_plain(headline))};
  json::array fields;
  for (const auto& line : message.lines) {
    fields.push_back(slack_plain(label_of(line) + ": " + fitted(line.value, kValueMax, slack_text)));
  }
  if (!fields.empty()) blocks.push_back({{"type", "section"}, {"fields", std::move(fields)}});
  if (!text.empty()) blocks.push_back(slack_block("section", slack_plain(text)));
  if (!message.link.empty()) {
    const std::string url = fitted(message.link, kTextMax, slack_text);
    blocks.push_back(slack_block("section", slack_markup("<" + url + "|" + std::string(message.link_label) + ">")));
  }
  if (message.at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(message.at->time_since_epoch()).count();
    const std::string date =
        "<!date^" + std::to_string(seconds) + "^{date_short_pretty} at {time}|" + seconds_text(*message.at) + ">";
    blocks.push_back({{"type", "context"}, {"elements", json::array{slack_markup(date)}}});
  }
  return {{"text", headline}, {"blocks", std::move(blocks)}, {"unfurl_links", false}, {"unfurl_media", false}};
}

// ---- Discord -------------------------------------------------------------------------------------------------

json::object discord(const ChatMessage& message) {
  json::object embed;
  if (!message.link.empty()) {
    embed["title"] = message.link_label;
    embed["url"] = message.link;
  }
  if (!message.text.empty()) embed["description"] = fitted(message.text, kTextMax, discord_text);
  json::array fields;
  for (const auto& line : message.lines) {
    fields.push_back({{"name", line.label}, {"value", fitted(line.value, kValueMax, discord_text)}, {"inline", true}});
  }
  if (!fields.empty()) embed["fields"] = std::move(fields);
  if (message.at) embed["timestamp"] = format_rfc3339(*message.at);
  json::object out{{"content", fitted(message.headline, kHeadlineMax, discord_text)}};
  if (!embed.empty()) out["embeds"] = json::array{std::move(embed)};
  out["allowed_mentions"] = {{"parse", json::array()}};
  return out;
}

// ---- Teams ---------------------------------------------------------------------------------------------------

// Text runs know no Markdown, unlike TextBlock and FactSet.
json::object teams_line(json::array runs) {
  return {{"type", "RichTextBlock"}, {"spacing", "Small"}, {"inlines", std::move(runs)}};
}

json::object teams_run(std::string text, bool bold = false) {
  return {{"type", "TextRun"}, {"text", std::move(text)}, {"weight", bold ? "Bolder" : "Default"}};
}

// Line breaks within a text run are not shown everywhere: each line has a block of its own, up to a number.
void add_teams_text(json::array& body, std::string_view text) {
  constexpr int kLinesMax = 20;
  for (int lines = 1; !text.empty(); ++lines) {
    const auto end = lines == kLinesMax ? text.size() : std::min(text.find('\n'), text.size());
    if (end > 0) body.push_back(teams_line({teams_run(std::string(text.substr(0, end)))}));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

json::object teams(const ChatMessage& message) {
  auto headline = teams_run(fitted(message.headline, kHeadlineMax, plain), true);
  headline["size"] = "Medium";
  json::array body{teams_line({std::move(headline)})};
  for (const auto& line : message.lines) {
    body.push_back(
        teams_line({teams_run(label_of(line) + ": ", true), teams_run(fitted(line.value, kValueMax, plain))}));
  }
  add_teams_text(body, fitted(message.text, kTextMax, plain));
  if (message.at) {
    const std::string at = seconds_text(*message.at);
    body.push_back({{"type", "TextBlock"},
                    {"text", "{{DATE(" + at + ",SHORT)}} {{TIME(" + at + ")}}"},
                    {"size", "Small"},
                    {"isSubtle", true}});
  }
  json::object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"body", std::move(body)}};
  if (!message.link.empty()) {
    card["actions"] = json::array{{{"type", "Action.OpenUrl"}, {"title", message.link_label}, {"url", message.link}}};
  }
  return {{"type", "message"},
          {"attachments", json::array{{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                       {"contentUrl", nullptr},
                                       {"content", std::move(card)}}}}};
}

// ---- CloudEvents ---------------------------------------------------------------------------------------------

// Not by a document model: the payload leaves as it came.
std::string cloud_event(const Event& event) {
  const auto member = [&](std::string_view name) {
    const auto value = json_text::find(event.payload, name);
    return value && value->size() > 2 && value->starts_with('"') ? value : std::nullopt;
  };
  std::string source = "/limehook";
  if (!event.team_id.empty()) source += "/teams/" + percent_encoded(event.team_id, "-._~");
  std::string out = R"({"specversion":"1.0","id":)" + json_text::quote(event.id.str());
  out += R"(,"source":)" + json_text::quote(source);
  out += R"(,"type":)" + json_text::quote("limehook." + std::string(name_of(event.type)));
  for (const auto name : {"call_id", "message_id", "delivery_id", "webhook_id"}) {
    const auto subject = member(name);
    if (!subject) continue;
    out += R"(,"subject":)" + std::string(*subject);
    break;
  }
  if (const auto time = member("timestamp")) out += R"(,"time":)" + std::string(*time);
  return out + R"(,"datacontenttype":"application/json","data":)" + event.payload + "}";
}

}  // namespace

std::string render(PayloadPreset preset, const Event& event) {
  switch (preset) {
    case PayloadPreset::Slack:
      return json::serialize(slack(chat_message_of(event)));
    case PayloadPreset::Discord:
      return json::serialize(discord(chat_message_of(event)));
    case PayloadPreset::Teams:
      return json::serialize(teams(chat_message_of(event)));
    case PayloadPreset::CloudEvents:
      return cloud_event(event);
  }
  return {};
}

}  // namespace limehook
