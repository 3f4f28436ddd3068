#include "model/payload_preset.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json_text.hpp"
#include "model/payload_shape.hpp"

namespace limehook {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

Event event_of(EventType type, std::string payload) {
  Event event;
  event.id = EventId{first_id_at(*parse_rfc3339("2025-01-30T15:00:00Z"))};
  event.type = type;
  event.team_id = "team_001";
  event.payload = std::move(payload);
  return event;
}

Event sample(EventType type) {
  return event_of(type, std::string(event_types()[static_cast<std::size_t>(type)].sample));
}

Event text_message(std::string_view text) {
  json::object payload = json::parse(sample(EventType::SmsReceived).payload).as_object();
  payload["message_content"] = text;
  return event_of(EventType::SmsReceived, json::serialize(payload));
}

// The sample with every text as long as may be: numbers and times stay what they are.
Event bloated(EventType type, std::string_view unit) {
  json::object payload = json::parse(sample(type).payload).as_object();
  std::string text;
  while (text.size() < 20'000) text += unit;
  for (auto& [key, value] : payload) {
    if (!value.is_string() || key == "timestamp") continue;
    value = std::string_view(value.as_string()).starts_with("https") ? "https://example.com/" + std::string(1900, 'a')
                                                                     : text;
  }
  return event_of(type, json::serialize(payload));
}

json::value made(PayloadPreset preset, const Event& event) { return json::parse(render(preset, event)); }

// Every string anywhere in `value`, joined by lines.
std::string strings_of(const json::value& value) {
  std::string out;
  if (value.is_string()) out = std::string(value.as_string()) + "\n";
  if (value.is_array())
    for (const auto& item : value.as_array()) out += strings_of(item);
  if (value.is_object())
    for (const auto& member : value.as_object()) out += strings_of(member.value());
  return out;
}

std::size_t utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

void expect_fits_slack(const json::value& body) {
  EXPECT_LE(body.at("blocks").as_array().size(), 50);
  EXPECT_FALSE(body.at("text").as_string().empty());
  const auto check = [](const json::value& text, std::size_t max) {
    const auto units = utf16_units(text.at("text").as_string());
    EXPECT_TRUE(units > 0 && units <= max) << units;
  };
  for (const auto& block : body.at("blocks").as_array()) {
    const bool header = block.at("type") == "header";
    if (const auto* text = block.as_object().if_contains("text")) check(*text, header ? 150 : 3000);
    if (const auto* fields = block.as_object().if_contains("fields")) {
      EXPECT_LE(fields->as_array().size(), 10);
      for (const auto& field : fields->as_array()) check(field, 2000);
    }
  }
}

void expect_fits_discord(const json::value& body) {
  EXPECT_LE(utf16_units(body.at("content").as_string()), 2000);
  std::size_t all = 0;
  const auto check = [&](const json::object& of, std::string_view name, std::size_t max) {
    const auto* text = of.if_contains(name);
    if (text == nullptr) return;
    const auto units = utf16_units(text->as_string());
    EXPECT_TRUE(units > 0 && units <= max) << name << ' ' << units;
    if (name != "url") all += units;
  };
  for (const auto& value : body.at("embeds").as_array()) {
    const auto& embed = value.as_object();
    check(embed, "title", 256);
    check(embed, "description", 4096);
    check(embed, "url", 2048);
    for (const auto& field : embed.contains("fields") ? embed.at("fields").as_array() : json::array()) {
      check(field.as_object(), "name", 256);
      check(field.as_object(), "value", 1024);
    }
  }
  EXPECT_LE(all, 6000);
}

TEST(PayloadPreset, EveryEventFitsEveryChat) {
  // Goal: each preset is valid JSON within its receiver's limits for each event, its longest texts included.
  for (const auto& info : event_types()) {
    for (const auto& event : {sample(info.type), bloated(info.type, "x"), bloated(info.type, "\n"),
                              bloated(info.type, "📞"), bloated(info.type, "\"<&>*_@"), bloated(info.type, "\x02é")}) {
      expect_fits_slack(made(PayloadPreset::Slack, event));
      expect_fits_discord(made(PayloadPreset::Discord, event));
      EXPECT_LE(render(PayloadPreset::Teams, event).size(), 28'000) << info.name;
      EXPECT_FALSE(made(PayloadPreset::Teams, event).at_pointer("/attachments/0/content/body").as_array().empty());
    }
  }
}

TEST(PayloadPreset, SaysWhatHappened) {
  // Goal: people read who called whom, how long, and where to listen, in every chat.
  for (const auto preset : {PayloadPreset::Slack, PayloadPreset::Discord, PayloadPreset::Teams}) {
    const auto voicemail = strings_of(made(preset, sample(EventType::VoicemailReceived)));
    for (const auto* part : {"Voicemail from +1234567890", "+0987654321", "17 s", "Hello, please call me back.",
                             "https://example.com/voicemails/123456.mp3"}) {
      EXPECT_THAT(voicemail, HasSubstr(part));
    }
    const auto call = strings_of(made(preset, sample(EventType::CallCompleted)));
    for (const auto* part : {"Call from +1234567890 completed", "2 min 22 s", "inbound", "recordings/789012.mp3"}) {
      EXPECT_THAT(call, HasSubstr(part));
    }
    EXPECT_THAT(strings_of(made(preset, sample(EventType::MissedCall))), HasSubstr("Missed call from +1234567890"));
    EXPECT_THAT(strings_of(made(preset, sample(EventType::IncomingCall))), HasSubstr("Incoming call from +1234567890"));
    EXPECT_THAT(strings_of(made(preset, sample(EventType::SmsReceived))), HasSubstr("Hello, I have a question."));
    EXPECT_THAT(strings_of(made(preset, sample(EventType::SmsSent))), HasSubstr("Text message sent to +1234567890"));
    EXPECT_THAT(strings_of(made(preset, sample(EventType::WebhookRecovered))), HasSubstr("The receiver answered 200."));
    const auto failed = strings_of(made(preset, sample(EventType::DeliveryExhausted)));
    for (const auto* part : {"Delivery to CRM failed", "missed call", "5 attempts failed; the last one", "503"}) {
      EXPECT_THAT(failed, HasSubstr(part));
    }
    auto busy = sample(EventType::CallStatusUpdate);
    busy.payload = R"({"caller_number":"+1","callee_number":"+2","status":"no_answer"})";
    const auto status = strings_of(made(preset, busy));
    EXPECT_THAT(status, testing::AnyOf(HasSubstr("Call from +1: no answer"), HasSubstr("Call from +1\\: no answer")));
  }
}

TEST(PayloadPreset, SaysThatNobodyIsKnown) {
  // Goal: a caller who withholds the number is somebody, not a sentence that breaks off; durations are read in any
  // form.
  for (const auto* nobody : {"null", "\"\"", "\" \""}) {
    const auto event =
        event_of(EventType::CallCompleted, std::string(R"({"event":"call_completed","call_id":"1","caller_number":)") +
                                               nobody + R"(,"callee_number":"101","duration":1.25e2})");
    const auto text = strings_of(made(PayloadPreset::Slack, event));
    EXPECT_THAT(text, HasSubstr("Call from an unknown number completed"));
    EXPECT_THAT(text, HasSubstr("To: 101"));
    EXPECT_THAT(text, HasSubstr("2 min 5 s"));
  }
}

TEST(PayloadPreset, SlackTakesTextsAsTexts) {
  // Goal: a text message can make neither mentions nor links nor formatting, and shows as it was written.
  const auto body = made(PayloadPreset::Slack, text_message("<!channel> <https://evil.example|pay> & *b* @here"));
  EXPECT_EQ(body.at_pointer("/blocks/2/text"),
            json::value({{"type", "plain_text"},
                         {"text", "&lt;!channel&gt; &lt;https://evil.example|pay&gt; &amp; *b* @here"},
                         {"emoji", false}}));
  for (const auto& field : body.at_pointer("/blocks/1/fields").as_array()) EXPECT_EQ(field.at("type"), "plain_text");
}

TEST(PayloadPreset, DiscordTakesTextsAsTexts) {
  // Goal: nobody is mentioned, and what Discord's Markdown would take as its own is escaped.
  const auto body = made(PayloadPreset::Discord, text_message("@everyone **b** [pay](https://evil.example) _é_ <@1>"));
  EXPECT_EQ(body.at("allowed_mentions"), json::value({{"parse", json::array()}}));
  EXPECT_EQ(body.at_pointer("/embeds/0/description").as_string(),
            R"(\@everyone \*\*b\*\* \[pay\]\(https\://evil.example\) \_é\_ \<\@1\>)");
}

TEST(PayloadPreset, TeamsTakesTextsAsTexts) {
  // Goal: texts stand in text runs, which know no Markdown; each line of a message has its own.
  const auto card =
      made(PayloadPreset::Teams, text_message("**b**\n\n[pay](https://evil.example)")).at_pointer("/attachments/0");
  EXPECT_EQ(card.at("contentType").as_string(), "application/vnd.microsoft.card.adaptive");
  std::vector<std::string> runs;
  for (const auto& block : card.at_pointer("/content/body").as_array()) {
    if (block.at("type").as_string() == "TextBlock") {
      EXPECT_EQ(block.at("text").as_string(), "{{DATE(2025-01-30T15:00:00Z,SHORT)}} {{TIME(2025-01-30T15:00:00Z)}}");
      continue;
    }
    ASSERT_EQ(block.at("type").as_string(), "RichTextBlock");
    for (const auto& run : block.at("inlines").as_array()) runs.emplace_back(run.at("text").as_string());
  }
  EXPECT_THAT(runs, testing::ElementsAre("Text message from +1234567890", "To: ", "+0987654321", "**b**",
                                         "[pay](https://evil.example)"));
}

// Goal: a name that is written from right to left, or that has marks that turn the direction, turns nothing around it,
// also where the text is cut.
TEST(PayloadPreset, TextsOfOthersTurnNothing) {
  const auto exhausted = [](std::string_view name) {
    auto payload = json::parse(sample(EventType::DeliveryExhausted).payload).as_object();
    payload["webhook_name"] = name;
    return event_of(EventType::DeliveryExhausted, json::serialize(payload));
  };
  for (const auto preset : {PayloadPreset::Slack, PayloadPreset::Discord, PayloadPreset::Teams}) {
    EXPECT_THAT(strings_of(made(preset, exhausted("CRM\u202E txet"))), HasSubstr("Delivery to CRM txet failed"))
        << int(preset);
    EXPECT_THAT(strings_of(made(preset, exhausted("שלום"))), HasSubstr("Delivery to \u2068שלום\u2069 failed"))
        << int(preset);
    std::string name = "\u2067a\u2069 ";
    while (name.size() < 180) name += "ש\u202E";
    const auto headline = strings_of(made(preset, exhausted(name)));
    EXPECT_THAT(headline, HasSubstr("Delivery to \u2068\u2067a\u2069 ש")) << int(preset);
    EXPECT_THAT(headline, Not(HasSubstr("\u202E"))) << int(preset);
    name.assign(400, 'a');
    EXPECT_THAT(strings_of(made(preset, exhausted("ש" + name))), HasSubstr("a…\u2069\n")) << int(preset);
  }
}

TEST(PayloadPreset, CutsBetweenCharacters) {
  // Goal: a cut text ends with "…" after a whole character or escape, and one that just fits is not cut.
  const auto text_of = [](const std::string& text) {
    return std::string(made(PayloadPreset::Slack, text_message(text)).at_pointer("/blocks/2/text/text").as_string());
  };
  const std::string fits(2900, 'x');
  EXPECT_EQ(text_of(fits), fits);
  EXPECT_EQ(text_of(fits + "x"), fits.substr(1) + "…");
  EXPECT_EQ(text_of(fits.substr(2) + "&x"), fits.substr(2) + "…");
  EXPECT_EQ(text_of(fits.substr(2) + "📞"), fits.substr(2) + "📞");
  EXPECT_EQ(text_of(fits.substr(2) + "📞x"), fits.substr(2) + "…");
}

TEST(PayloadPreset, LeavesOutWhatIsBlank) {
  // Goal: a message of blanks alone, which chats refuse, is told without a text.
  for (const auto* blank : {"", " ", "\r\n\t", "\u200B \u00A0\u3000"}) {
    EXPECT_EQ(made(PayloadPreset::Slack, text_message(blank)).at("blocks").as_array().size(), 3) << blank;
    const auto embed = made(PayloadPreset::Discord, text_message(blank)).at_pointer("/embeds/0");
    EXPECT_FALSE(embed.as_object().contains("description")) << blank;
  }
}

TEST(PayloadPreset, LinksAreLinksOnly) {
  // Goal: no URL that an event may have ends the link around it, and one too long for a chat is left out in words.
  auto event = sample(EventType::VoicemailReceived);
  const auto with_url = [&](const std::string& url) {
    event.payload = json::serialize(json::value{{"caller_number", "+1"}, {"voicemail_url", url}});
    return strings_of(made(PayloadPreset::Slack, event));
  };
  EXPECT_THAT(with_url("https://x.example/(a)?b=1&c='"),
              HasSubstr("<https://x.example/%28a%29?b=1&amp;c=%27|Listen to the voicemail>"));
  EXPECT_THAT(with_url("https://x.example/>|<!channel>"), Not(HasSubstr("<!channel>")));
  EXPECT_THAT(with_url("https://x.example/" + std::string(3000, 'a')), HasSubstr("too long to be shown"));
}

TEST(PayloadPreset, CloudEventsCarriesThePayloadAsItCame) {
  // Goal: the required attributes of CloudEvents 1.0, and data byte for byte.
  auto event = event_of(EventType::MissedCall,
                        R"({"event":"missed_call","call_id":"12\u0033","n":1.50,"timestamp":"2025-01-30T15:00:00Z"})");
  event.team_id = "a/b ü";
  PayloadShape shape{PayloadPreset::CloudEvents, false};
  const auto shaped = shape_payload(shape, event);
  EXPECT_EQ(shaped.body_type, BodyType::CloudEvents);
  EXPECT_EQ(content_type_of(shaped.body_type), "application/cloudevents+json; charset=UTF-8");
  EXPECT_EQ(shaped.body, R"({"specversion":"1.0","id":")" + event.id.str() +
                             R"(","source":"/limehook/teams/a%2Fb%20%C3%BC","type":"limehook.missed_call",)"
                             R"("subject":"12\u0033","time":"2025-01-30T15:00:00Z",)"
                             R"("datacontenttype":"application/json","data":)" +
                             event.payload + "}");
  event.team_id.clear();
  EXPECT_THAT(*shape_payload(shape, event).body, HasSubstr(R"("source":"/limehook",)"));
  for (const auto& info : event_types()) {
    const auto body = made(PayloadPreset::CloudEvents, sample(info.type));
    EXPECT_EQ(body.at("type").as_string(), "limehook." + std::string(info.name));
    EXPECT_TRUE(body.as_object().contains("subject")) << info.name;
  }
}

}  // namespace
}  // namespace limehook
