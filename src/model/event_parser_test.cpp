#include <gtest/gtest.h>

#include <algorithm>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/event.hpp"

namespace limehook {
namespace {

using Texts = std::vector<std::string>;

std::string sample(EventType type) { return std::string(event_types()[static_cast<std::size_t>(type)].sample); }

// The sample with one member set to `raw`, or taken out where `raw` is empty.
std::string with(EventType type, std::string_view name, std::string_view raw) {
  std::string out = "{";
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) out += (out.size() > 1 ? "," : "") + json_text::quote(key) + ":" + std::string(value);
  };
  bool found = false;
  json_text::each_member(sample(type), [&](std::string_view key, std::string_view value) {
    found = found || key == name;
    add(key, key == name ? raw : value);
    return true;
  });
  if (!found) add(name, raw);
  return out + "}";
}

FieldErrors errors_of(std::string_view json) {
  const auto result = parse_event(json);
  return result ? FieldErrors{} : result.error();
}

Texts pointers_of(std::string_view json) {
  Texts pointers;
  for (const auto& error : errors_of(json)) pointers.push_back(error.pointer);
  return pointers;
}

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

TEST(EventTypes, AreOrderedAndNamed) {
  // Goal: the table can be indexed by type, and every name leads back to its type.
  for (std::size_t i = 0; i < kEventTypeCount; ++i) {
    const auto& info = event_types()[i];
    EXPECT_EQ(static_cast<std::size_t>(info.type), i);
    EXPECT_EQ(name_of(info.type), info.name);
    EXPECT_EQ(event_type_named(info.name), info.type);
    EXPECT_FALSE(info.description.empty());
  }
  EXPECT_EQ(event_type_named("MISSED_CALL"), std::nullopt);
  EXPECT_EQ(event_type_named(""), std::nullopt);
}

TEST(ParseEvent, TakesEverySample) {
  // Goal: the documented samples are valid, and stay as they are.
  for (const auto& info : event_types()) {
    const auto draft = parse_event(info.sample, kAllEventTypes);
    ASSERT_TRUE(draft) << info.name << " " << draft.error().front().pointer;
    EXPECT_EQ(draft->type, info.type);
    EXPECT_EQ(draft->payload, info.sample);
    EXPECT_EQ(draft->idempotency_key, "");
  }
}

TEST(ParseEvent, KeepsMembersAsWritten) {
  // Goal: order, unknown members, number forms and escapes survive; only white space between tokens goes.
  const auto draft = parse_event(R"( { "x": [ 1.50, 12345678901234567890123, -0.0, 1E+2 ], "event": "incoming_call",
    "call_id": "a\u0062 c", "caller_number": "\u002b1234567890", "callee_number":"+0987654321",
    "y\/z": { "a" : null, "a" : "\ud83d\ude00" }, "timestamp": "2025-01-30T15:00:00.123+01:00" } )");
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->payload,
            R"({"x":[1.50,12345678901234567890123,-0.0,1E+2],"event":"incoming_call","call_id":"a\u0062 c",)"
            R"("caller_number":"\u002b1234567890","callee_number":"+0987654321",)"
            R"("y\/z":{"a":null,"a":"\ud83d\ude00"},"timestamp":"2025-01-30T15:00:00.123+01:00"})");
  EXPECT_EQ(draft->terms, (Texts{"+1234567890", "+0987654321", "ab c"}));
  EXPECT_EQ(draft->team_id, "");
}

TEST(ParseEvent, ReadsEscapedNamesAndValues) {
  // Goal: a member is the same however it is spelt. Method: escapes at the beginning, in the middle and at the end of
  // a name or value, and a value that is longer than the JSON parser's buffer.
  std::string long_text = "\\u00e9";
  for (int i = 0; i < 3000; ++i) long_text += "\xC3\xA9";
  const auto draft = parse_event(
      R"({"\u0065vent":"sms\u005fsent","message\u005fid":"\u0061b\"c\\","sender_numbe\u0072":"+1234567\u0030",)"
      R"("receiver_number":"\u002b7654321","message_content":")" +
      long_text + R"(","timestamp":"2025-01-30\u005415:00:00Z","\u0074\u0065am_id":"\ud83d\ude00"})");
  ASSERT_TRUE(draft) << draft.error().front().pointer;
  EXPECT_EQ(draft->type, EventType::SmsSent);
  EXPECT_EQ(draft->team_id, "\xF0\x9F\x98\x80");
  EXPECT_EQ(draft->numbers, (Texts{"+12345670"}));
  EXPECT_EQ(draft->terms, (Texts{"+12345670", "+7654321", "ab\"c\\"}));
  EXPECT_EQ(errors_of(with(EventType::MissedCall, "call_id", '"' + long_text + '"')),
            (FieldErrors{{"/call_id", "must be at most 255 characters long"}}));
}

TEST(ParseEvent, ReadsTopLevelMembersOnly) {
  // Goal: what is nested stands for nothing, whatever its names and values, with or without escapes.
  const auto nested = with(EventType::CallCompleted, "x",
                           R"({"event":"sms_sent","team_\u0069d":"te\u0061m_2","call_id":[1,{"call_id":null}]})");
  const auto draft = parse_event(nested);
  ASSERT_TRUE(draft) << draft.error().front().pointer;
  EXPECT_EQ(draft->team_id, "team_001");
  EXPECT_EQ(draft->terms, parse_event(sample(EventType::CallCompleted))->terms);
  EXPECT_EQ(errors_of(with(EventType::MissedCall, "call_id", R"({"call_id":"1"})")),
            (FieldErrors{{"/call_id", "must be a string"}}));
  EXPECT_EQ(errors_of('[' + sample(EventType::MissedCall) + ']'), (FieldErrors{{"", "must be a JSON object"}}));
}

TEST(ParseEvent, ReadsTheTeam) {
  // Goal: the team is taken from the payload, optional everywhere.
  EXPECT_EQ(parse_event(sample(EventType::MissedCall))->team_id, "team_001");
  EXPECT_EQ(parse_event(sample(EventType::SmsReceived))->team_id, "");
  EXPECT_EQ(parse_event(with(EventType::SmsReceived, "team_id", R"("team_\u0030")"))->team_id, "team_0");
  EXPECT_EQ(parse_event(with(EventType::MissedCall, "team_id", "null"))->team_id, "");
  EXPECT_EQ(parse_event(with(EventType::MissedCall, "team_id", ""))->team_id, "");
}

TEST(ParseEvent, FindsThePlatformsOwnNumbers) {
  // Goal: number-limited webhooks get the events of their numbers, whichever side of the call they are on.
  struct Case {
    std::string json;
    Texts numbers;
  };
  const Texts caller{"+1234567890"};
  const Texts callee{"+0987654321"};
  const Texts both{"+0987654321", "+1234567890"};  // the called one decides whose event it is
  for (const auto& [json, numbers] : std::initializer_list<Case>{
           {sample(EventType::MissedCall), callee},
           {sample(EventType::VoicemailReceived), callee},
           {sample(EventType::IncomingCall), callee},
           {sample(EventType::CallCompleted), callee},
           {with(EventType::CallCompleted, "direction", ""), callee},
           {with(EventType::CallCompleted, "direction", "null"), callee},
           {with(EventType::CallCompleted, "direction", R"("outbound")"), caller},
           {with(EventType::MissedCall, "direction", R"("outbound")"), caller},
           {sample(EventType::CallStatusUpdate), both},
           {with(EventType::CallStatusUpdate, "direction", R"("inbound")"), callee},
           {with(EventType::CallStatusUpdate, "direction", R"("outbound")"), caller},
           {with(EventType::CallStatusUpdate, "direction", "7"), both},
           {sample(EventType::SmsReceived), {"+0987654321"}},
           {sample(EventType::SmsSent), {"+0987654321"}},
           {with(EventType::SmsSent, "sender_number", R"("+15550001111")"), {"+15550001111"}},
           {with(EventType::CallStatusUpdate, "callee_number", R"("+1234567890")"), caller},
       }) {
    const auto draft = parse_event(json);
    ASSERT_TRUE(draft) << json;
    EXPECT_EQ(draft->numbers, numbers) << json;
  }
}

TEST(ParseEvent, FindsSearchTerms) {
  // Goal: numbers and ids, each once, the same for a stored payload.
  const auto call = parse_event(with(EventType::MissedCall, "callee_number", R"("+1234567890")"));
  EXPECT_EQ(call->terms, (Texts{"+1234567890", "123456"}));
  const auto text = parse_event(sample(EventType::SmsReceived));
  EXPECT_EQ(text->terms, (Texts{"+1234567890", "+0987654321", "567890"}));
  for (const auto& info : event_types())
    EXPECT_EQ(search_terms(info.sample), parse_event(info.sample, kAllEventTypes)->terms);
}

TEST(ParseEvent, TakesOperationalEventsOnlyWhereTheyAreExpected) {
  // Goal: callers cannot pretend to be Limehook.
  const auto sample_of_ours = sample(EventType::WebhookDisabled);
  EXPECT_TRUE(parse_event(sample_of_ours, kAllEventTypes));
  const auto refused = parse_event(sample_of_ours);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().front().pointer, "/event");
  EXPECT_EQ(refused.error().front().detail.find("webhook."), std::string::npos);
}

TEST(ParseEvent, FindsWhatIsKeptInOrder) {
  // Goal: one key for all events of a call and for the texts between two numbers in both directions; it is stored, so
  // it never changes.
  const auto key = [](EventType type) { return parse_event(sample(type))->order_key; };
  EXPECT_EQ(key(EventType::MissedCall), key(EventType::VoicemailReceived));
  EXPECT_EQ(key(EventType::CallCompleted), key(EventType::CallStatusUpdate));
  EXPECT_EQ(key(EventType::SmsReceived), key(EventType::SmsSent));
  EXPECT_NE(key(EventType::MissedCall), key(EventType::CallCompleted));
  EXPECT_EQ(key(EventType::MissedCall), 2503945420U);
}

TEST(ParseEvent, RefusesWrongMembers) {
  // Goal: each rule of the spec's table names its member. Method: one member of a sample at a time; an empty raw
  // value takes the member out.
  using enum EventType;
  const std::string long_id = json_text::quote(std::string(256, 'x'));
  struct Case {
    EventType type;
    std::string_view name;
    std::string raw;
    std::string_view detail;
  };
  const std::string_view kTime = "must be an RFC 3339 date and time such as 2025-01-30T15:00:00Z";
  const std::string_view kWhole = "must be a whole number, 0 or more";
  const std::string_view kLink = "must be an absolute http or https URL";
  for (const auto& [type, name, raw, detail] : std::initializer_list<Case>{
           {MissedCall, "call_id", "", "is required"},
           {MissedCall, "call_id", "null", "is required"},
           {MissedCall, "call_id", "123456", "must be a string"},
           {MissedCall, "call_id", "\"\"", "must not be empty"},
           {MissedCall, "call_id", long_id, "must be at most 255 characters long"},
           {MissedCall, "caller_number", "", "is required"},
           {MissedCall, "caller_number", long_id, "must be at most 255 characters long"},
           {MissedCall, "caller_number", "101", "must be a string or null"},
           {MissedCall, "callee_number", "", "is required"},
           {MissedCall, "callee_number", "[]", "must be a string or null"},
           {MissedCall, "timestamp", "", "is required"},
           {MissedCall, "timestamp", "1738249200", "must be a string"},
           {MissedCall, "timestamp", "\"2025-02-30T15:00:00Z\"", kTime},
           {MissedCall, "timestamp", "\"2025-01-30T15:00:00\"", kTime},
           {MissedCall, "team_id", "\"\"", "must not be empty"},
           {MissedCall, "team_id", "1", "must be a string"},
           {MissedCall, "team_id", json_text::quote(std::string(129, 't')), "must be at most 128 characters long"},
           {MissedCall, "status", "", "is required"},
           {MissedCall, "status", "\"completed\"", "must be \"missed\""},
           {CallCompleted, "status", "\"missed\"", "must be \"completed\""},
           {CallCompleted, "direction", "\"sideways\"", "must be \"inbound\" or \"outbound\""},
           {CallCompleted, "started_at", "\"now\"", kTime},
           {CallCompleted, "answered_at", "\"now\"", kTime},
           {CallCompleted, "ended_at", "false", "must be a string"},
           {CallCompleted, "duration", "-1", kWhole},
           {CallCompleted, "duration", "1.5", kWhole},
           {CallCompleted, "duration", "-1.0", kWhole},
           {CallCompleted, "duration", "1e-1", kWhole},
           {CallCompleted, "duration", "12.000000000000000000000000001", kWhole},
           {CallCompleted, "duration", "\"5\"", kWhole},
           {CallCompleted, "ring_duration", "true", kWhole},
           {CallCompleted, "recording_url", "\"/recordings/1\"", kLink},
           {VoicemailReceived, "voicemail_url", "", "is required"},
           {VoicemailReceived, "voicemail_url", "\"ftp://example.com/a\"", kLink},
           {VoicemailReceived, "voicemail_url", "\"https://\"", kLink},
           {VoicemailReceived, "voicemail_url", "\"https:///a\"", kLink},
           {VoicemailReceived, "voicemail_url", "\"https:a\"", kLink},
           {VoicemailReceived, "voicemail_url", "\"https://example.com:80x/\"", kLink},
           {VoicemailReceived, "voicemail_url", "\"https://example.com/a b\"", kLink},
           {VoicemailReceived, "duration", "[1]", kWhole},
           {VoicemailReceived, "transcription", "{}", "must be a string"},
           {SmsReceived, "message_id", "", "is required"},
           {SmsReceived, "receiver_number", "", "is required"},
           {SmsReceived, "message_content", "", "is required"},
           {SmsReceived, "message_content", "null", "is required"},
           {SmsReceived, "message_content", "5", "must be a string"},
           {SmsReceived, "timestamp", "\"\"", kTime},
           {SmsSent, "message_id", "\"\"", "must not be empty"},
           {CallStatusUpdate, "status", "\"missed\"",
            "must be one of ringing, answered, failed, busy, no_answer, canceled, completed"},
           {CallStatusUpdate, "reason", "7", "must be a string"},
           {IncomingCall, "caller_number", "", "is required"},
       }) {
    EXPECT_EQ(errors_of(with(type, name, raw)), (FieldErrors{{"/" + std::string(name), std::string(detail)}}))
        << name_of(type) << " " << name << " " << raw;
  }
}

TEST(ParseEvent, TakesWhatTheRulesAllow) {
  // Goal: the edges that are still right.
  using enum EventType;
  struct Case {
    EventType type;
    std::string_view name;
    std::string raw;
  };
  for (const auto& [type, name, raw] : std::initializer_list<Case>{
           {MissedCall, "call_id", json_text::quote(std::string(255, 'x'))},
           {MissedCall, "call_id", json_text::quote(times(255, "\xC3\xA9"))},
           {MissedCall, "call_id", json_text::quote(times(255, "\xF0\x9F\x98\x80"))},
           {MissedCall, "team_id", json_text::quote(times(128, "\xE6\xBC\xA2"))},
           {MissedCall, "caller_number", json_text::quote(times(255, "\xE6\xBC\xA2"))},
           {MissedCall, "timestamp", "\"2016-12-31T23:59:60Z\""},
           {MissedCall, "status", R"("mi\u0073sed")"},
           {MissedCall, "anything", "{\"deep\":[1,2,{}]}"},
           {MissedCall, "sequence", "\"not a member of this type\""},
           {CallCompleted, "answered_at", "null"},
           {CallCompleted, "duration", "0"},
           {CallCompleted, "duration", "123456789012345678901234567890"},
           {CallCompleted, "duration", "12.0"},
           {CallCompleted, "duration", "1.2e1"},
           {CallCompleted, "duration", "1200E-2"},
           {CallCompleted, "ring_duration", "-0"},
           {CallStatusUpdate, "sequence", "-0.0"},
           {IncomingCall, "sequence", "3.0"},
           {CallCompleted, "recording_url", "\"http://127.0.0.1:8080/a?b=c#d\""},
           {VoicemailReceived, "voicemail_url", "\"HTTPS://example.com\""},
           {VoicemailReceived, "transcription", "\"\""},
           {SmsReceived, "message_content", "\"\""},
           {CallStatusUpdate, "reason", "null"},
           {IncomingCall, "sequence", "7"},
           {IncomingCall, "status", "\"whatever\""},
       }) {
    EXPECT_EQ(errors_of(with(type, name, raw)), FieldErrors{}) << name_of(type) << " " << name << " " << raw;
  }
  for (const auto* status : {"ringing", "answered", "failed", "busy", "no_answer", "canceled", "completed"}) {
    EXPECT_EQ(errors_of(with(CallStatusUpdate, "status", json_text::quote(status))), FieldErrors{}) << status;
  }
}

TEST(ParseEvent, NamesEveryWrongMemberAtOnce) {
  // Goal: one answer tells everything, in the order of the spec's table, whatever the order of the members.
  EXPECT_EQ(pointers_of(R"({"event":"missed_call"})"),
            (Texts{"/call_id", "/caller_number", "/callee_number", "/timestamp", "/status"}));
  EXPECT_EQ(pointers_of(R"({"status":"x","timestamp":"x","event":"call_completed","call_id":1,"duration":-1,
                            "caller_number":"+1234567890","callee_number":7,"duration":1})"),
            (Texts{"/call_id", "/callee_number", "/timestamp", "/status", "/duration", "/duration"}));
  EXPECT_EQ(pointers_of(R"({"event":"sms_sent"})"),
            (Texts{"/message_id", "/sender_number", "/receiver_number", "/message_content", "/timestamp"}));
}

TEST(ParseEvent, NeedsAKnownType) {
  // Goal: `event` is asked for before anything else.
  EXPECT_EQ(errors_of("{}"), (FieldErrors{{"/event", "is required"}}));
  EXPECT_EQ(errors_of(R"({"event":null})"), (FieldErrors{{"/event", "is required"}}));
  const std::string detail =
      "must be one of missed_call, call_completed, voicemail_received, sms_received, call_status_update, "
      "incoming_call, sms_sent";
  for (const auto* json :
       {R"({"event":"call"})", R"({"event":1})", R"({"event":["missed_call"]})", R"({"event":""})"}) {
    EXPECT_EQ(errors_of(json), (FieldErrors{{"/event", detail}})) << json;
  }
}

TEST(ParseEvent, RefusesEqualNames) {
  // Goal: no two readers may read two meanings. Escaped forms of one name are equal; nested objects are free.
  auto json = sample(EventType::MissedCall);
  json.insert(1, R"("call\u005fid":"7","a/b":1,"a/b":2,"a/b":3,)");
  EXPECT_EQ(errors_of(json), (FieldErrors{{"/a~1b", "appears twice"}, {"/call_id", "appears twice"}}));
  EXPECT_EQ(errors_of(with(EventType::MissedCall, "x", R"(1,"call_id":7,"status":null,"\u0078":2)")),
            (FieldErrors{{"/call_id", "appears twice"}, {"/status", "appears twice"}, {"/x", "appears twice"}}));
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"" + std::to_string(i % 500) + "\":1,";
  many += R"("event":"missed_call"})";
  EXPECT_EQ(errors_of(many).size(), 5u + 10u);
}

TEST(ParseEvent, NeedsAnObjectOfBearableSize) {
  // Goal: other JSON, and more than 256 KiB of it when compact, is refused as a whole.
  for (const auto* json : {"[]", "1", "\"x\"", "null", "true"}) {
    EXPECT_EQ(errors_of(json), (FieldErrors{{"", "must be a JSON object"}})) << json;
  }
  const auto empty = with(EventType::MissedCall, "filler", "\"\"");
  const auto room = limits::kEventBytesMax - empty.size();
  const auto largest = with(EventType::MissedCall, "filler", json_text::quote(std::string(room, 'x')));
  ASSERT_EQ(largest.size(), limits::kEventBytesMax);
  EXPECT_TRUE(parse_event(largest));
  EXPECT_TRUE(parse_event(std::string(1000, ' ') + largest));
  EXPECT_EQ(errors_of(with(EventType::MissedCall, "filler", json_text::quote(std::string(room + 1, 'x')))),
            (FieldErrors{{"", "must be at most 262144 bytes long"}}));
}

TEST(ParseEvent, RefusesInvalidJson) {
  // Goal: what is not JSON is an error of the event as a whole.
  const auto errors = errors_of(R"({"event":)");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0], (FieldError{"/event", "is not valid JSON: it ends before it is complete"}));
}

TEST(ParseEvent, PassesOverAByteOrderMark) {
  const auto draft = parse_event("\xEF\xBB\xBF" + sample(EventType::MissedCall));
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->payload, sample(EventType::MissedCall));
  EXPECT_FALSE(parse_event("\xEF\xBB\xBF\xEF\xBB\xBF" + sample(EventType::MissedCall)));
}

// Goal: whoever calls is taken, and stays as written. Where it is an international number it is found by, and compared
// with, its one normal form.
TEST(ParseEvent, TakesAnyParty) {
  for (const auto& [raw, found] : std::initializer_list<std::pair<std::string, std::string>>{
           {"null", ""},
           {R"("")", ""},
           {R"("anonymous")", "anonymous"},
           {R"("101")", "101"},
           {R"("sip:101@pbx.local")", "sip:101@pbx.local"},
           {R"("00441632960961")", "00441632960961"},
           {R"("+1 (202) 555-0143")", "+12025550143"},
           {R"("tel:+1-202-555-0143;ext=5")", "+12025550143"},
           {"\"\u202a+12025550143\u202c\"", "+12025550143"},
       }) {
    const auto draft = parse_event(with(EventType::MissedCall, "callee_number", raw));
    ASSERT_TRUE(draft) << raw;
    EXPECT_TRUE(draft->payload.contains("\"callee_number\":" + raw)) << draft->payload;
    EXPECT_EQ(draft->numbers, found.empty() ? Texts{} : Texts{found});
    EXPECT_EQ(std::ranges::count(draft->terms, found), found.empty() ? 0 : 1) << raw;
  }
  const auto pair = [](const char* sender, const char* receiver) {
    return parse_event(R"({"event":"sms_sent","message_id":"1","sender_number":")" + std::string(sender) +
                       R"(","receiver_number":")" + receiver +
                       R"(","message_content":"","timestamp":"2025-01-30T15:00:00Z"})")
        ->order_key;
  };
  EXPECT_EQ(pair("+1 202 555 0143", "72345"), pair("72345", "tel:+12025550143"));
  EXPECT_NE(pair("+1 202 555 0143", "72345"), pair("72345", "12025550143"));
}

// Goal: names that come twice are refused in the event itself, whatever they are; within what the event carries they
// stay as they came, and the last one is what a path finds.
TEST(ParseEvent, KeepsNestedDuplicates) {
  const auto draft = parse_event(with(EventType::MissedCall, "x", R"({"a":1,"a":2})"));
  ASSERT_TRUE(draft);
  EXPECT_TRUE(draft->payload.contains(R"("x":{"a":1,"a":2})"));
  EXPECT_EQ(json_text::find(draft->payload, "x.a"), "2");
  EXPECT_EQ(repeated_members(R"({"a":{"b":1,"\u0062":2},"c":[0,{"d":1,"d":2}],"a":3})"),
            (FieldErrors{{"/a/b", "appears twice"}, {"/c/1/d", "appears twice"}, {"/a", "appears twice"}}));
  EXPECT_EQ(repeated_members(R"({"a":{"a":{"a":1}},"b":["a","a"]})"), FieldErrors{});
}

TEST(ParseEvent, SurvivesEveryCutAndEveryChangedByte) {
  // Goal: hostile bytes never crash it. Method: every prefix of a sample, and every byte replaced by nasty ones.
  const auto json = sample(EventType::CallCompleted);
  for (std::size_t size = 0; size < json.size(); ++size) EXPECT_FALSE(parse_event(json.substr(0, size)));
  for (std::size_t i = 0; i < json.size(); ++i) {
    for (const char c : {'\0', '"', '\\', '{', '}', '[', ',', ':', '\x80', '\xff'}) {
      auto changed = json;
      changed[i] = c;
      const auto result = parse_event(changed);
      EXPECT_TRUE(result || !result.error().empty());
    }
  }
}

}  // namespace
}  // namespace limehook
