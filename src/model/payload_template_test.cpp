#include "model/payload_template.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "base/prng.hpp"
#include "model/payload_note.hpp"
#include "model/payload_template_json.hpp"

namespace limehook {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

struct Rendered {
  std::string body;
  std::optional<std::string> note;
};

Rendered rendered(std::string_view text, std::string payload) {
  FieldErrors errors;
  const auto compiled = compile_template(text, "/template", errors);
  EXPECT_EQ(errors, FieldErrors{}) << text;
  Event event;
  event.id = EventId{first_id_at(*parse_rfc3339("2025-01-30T15:00:00Z"))};
  event.type = EventType::MissedCall;
  event.team_id = "team_001";
  event.received_at = *parse_rfc3339("2025-01-30T15:00:01.5Z");
  event.payload = std::move(payload);
  PayloadNotes notes;
  auto body = render(compiled, event, notes);
  EXPECT_EQ(json_problem(body), std::nullopt) << body;
  return {std::move(body), notes.text()};
}

std::string body_of(std::string_view text, std::string payload) { return rendered(text, std::move(payload)).body; }

TEST(PayloadTemplate, PutsMembersIntoTexts) {
  // Goal: within a longer string each kind of value comes as its text, and everything else stays as it was written.
  constexpr auto kPayload = R"({"t":"a\"b\\\u0001ü","n":1.50,"b":true,"z":null,"o":{"x":["y",2]}})";
  EXPECT_EQ(body_of(R"({"m":"<{{t}}>","k":[1,2.5,null,true,{}],"e":""})", kPayload),
            R"({"m":"<a\"b\\\u0001ü>","k":[1,2.5,null,true,{}],"e":""})");
  EXPECT_EQ(body_of(R"("{{n}} {{ b }} {{z}} {{\to.x.1 }}")", kPayload), R"("1.50 true null 2")");
  EXPECT_EQ(body_of(R"("{{o}}!")", kPayload), R"("{\"x\":[\"y\",2]}!")");
  EXPECT_EQ(body_of(R"({"{{t}}":"q\"\n"})", kPayload), R"({"{{t}}":"q\"\n"})");
}

TEST(PayloadTemplate, APlaceholderAloneTakesTheValueWithItsType) {
  // Goal: a string that is only a placeholder becomes the member's JSON, as written; spaces around make it a text.
  constexpr auto kPayload = R"({"n":1.50,"s":"x\u0041","o":{"a":[]},"z":null})";
  EXPECT_EQ(body_of(R"(["{{n}}","{{ s }}","{{o}}","{{o.a}}","{{z}}"," {{n}}"])", kPayload),
            R"([1.50,"x\u0041",{"a":[]},[],null," 1.50"])");
  EXPECT_EQ(body_of(R"("{{o}}")", kPayload), R"({"a":[]})");
}

TEST(PayloadTemplate, NamesFactsOfTheEvent) {
  // Goal: $id, $type, $time and $team are the event's own, whatever its members are.
  const auto body = json::parse(body_of(R"(["{{$id}}","{{$type}}","{{$time}}","{{$team}}"])", R"({"$id":"no"})"));
  EXPECT_TRUE(EventId::parse(body.at(0).as_string()));
  EXPECT_EQ(json::serialize(json::array{body.at(1), body.at(2), body.at(3)}),
            R"(["missed_call","2025-01-30T15:00:01.500Z","team_001"])");
}

TEST(PayloadTemplate, UsesDefaultsAndTellsWhatIsMissing) {
  // Goal: a default stands in for what is missing or null; without one the body still is valid and a note says why.
  const auto with =
      rendered(R"(["{{a | default: 'x \"y\"'}}","{{z|default:7}}","{{a | default: \"it's\" }}!"])", R"({"z":null})");
  EXPECT_EQ(with.body, R"(["x \"y\"",7,"it's!"])");
  EXPECT_EQ(with.note, std::nullopt);
  const auto without = rendered(R"(["{{a}}","<{{b.c}}>","{{a}}","{{n}}"])", R"({"n":1})");
  EXPECT_EQ(without.body, R"([null,"<>",null,1])");
  EXPECT_EQ(without.note, "The event lacks a, b.c.");
}

TEST(PayloadTemplate, WritesBraces) {
  // Goal: braces can be written, alone they are nothing special, and those in a value are never placeholders.
  EXPECT_EQ(body_of(R"(["{{ '{{' }}t}}","{ {t} }}","{{'{{t}}'}}"])", R"({"t":"x"})"),
            R"(["{{t}}","{ {t} }}","{{t}}"])");
  EXPECT_EQ(body_of(R"(["{{t}}","a{{t}}b{{u}}"])", R"({"t":"{{u}}","u":"x"})"), R"(["{{u}}","a{{u}}bx"])");
}

TEST(PayloadTemplate, NoTextBreaksTheJsonAroundIt) {
  // Goal: whatever a message says, the body is valid JSON and its strings are exactly the message.
  static constexpr std::array<std::string_view, 16> kParts{
      "\"", "\\",          "\\\"",    "\n", "\x01", "\xE2\x80\xA8", "{{t}}", "{{",
      "}}", "\",\"x\":\"", "\\u0022", "/",  "é",    "📞",           "\x7F",  "' | default: '"};
  Prng random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string message;
    for (auto n = random.below(12); n > 0; --n) message += kParts[random.below(kParts.size())];
    const json::value payload{{"t", message}};
    const auto body = json::parse(body_of(R"({"whole":"{{t}}","part":"<{{t}}>","object":"{{x | default: 1}}{{ t }}"})",
                                          json::serialize(payload)));
    ASSERT_EQ(body, json::value({{"whole", message}, {"part", "<" + message + ">"}, {"object", "1" + message}}));
  }
}

TEST(PayloadTemplate, ABodyHasALimit) {
  // Goal: a value that would make the body too large is left out and named; what fits is there.
  const std::string big(200'000, 'x');
  const auto [body, note] =
      rendered(R"(["{{big}}","{{big}}","{{big}}","a{{big}}","{{small}}"])", R"({"big":")" + big + R"(","small":1})");
  EXPECT_EQ(body, "[\"" + big + "\",\"" + big + "\",null,\"a\",1]");
  EXPECT_EQ(note, "The body would have been too large, so it lacks big.");
  EXPECT_LE(body.size(), limits::kShapedBytesMax);
}

TEST(PayloadTemplate, MistakesAreNamedWhereTheyAre) {
  // Goal: a wrong placeholder is refused when the webhook is saved, with a pointer to its string.
  struct Case {
    std::string text;
    std::string detail;
  };
  for (const auto& [text, detail] : std::initializer_list<Case>{
           {"{{a", "not closed"},
           {"{{a}", "not closed"},
           {"{{a b}}", "not closed"},
           {"{{ 'a }}", "not closed"},
           {"{{ 'a' | default: 1 }}", "not closed"},
           {"{{}}", "names no member"},
           {"{{ {{a}} }}", "names no member"},
           {"{{a..b}}", "must be the path of a member"},
           {"{{" + std::string(300, 'a') + "}}", "more than 255 characters"},
           {"{{$ID}}", "unknown name \"$ID\""},
           {"{{a | upper}}", "unknown filter \"upper\""},
           {"{{a | default}}", "default without a value"},
           {"{{a | default: x}}", "neither a text in quotes"},
           {"{{a | default: [] }}", "neither a text in quotes"},
           {"{{a | default: }}", "neither a text in quotes"},
           {"{{a | default: 'x }}", "not closed"},
           {"{{a | default: 'x' | default: 'y'}}", "not closed"},
       }) {
    FieldErrors errors;
    compile_template(R"({"blocks":[{"te/xt":)" + json_text::quote("fine {{b}} " + text) + "}]}", "/payload/template",
                     errors);
    ASSERT_EQ(errors.size(), 1) << text;
    EXPECT_EQ(errors[0].pointer, "/payload/template/blocks/0/te~1xt");
    EXPECT_THAT(errors[0].detail, HasSubstr(detail)) << text;
  }
}

// Goal: a template's own numbers are sent as they were written, whatever a 64-bit number makes of them.
TEST(PayloadTemplate, KeepsNumbersAsTheyAreWritten) {
  for (const std::string_view text :
       {R"({"id":123456789012345678901234567890,"rate":1.0,"price":1.10,"exact":9007199254740993.5})",
        R"([1e999,-1e-400,0e999,-0,0.1E+2,3.14159265358979323846])", R"({"\u0061":"\u00e9 \/","a":1.50})"}) {
    EXPECT_EQ(body_of(text, "{}"), text);
  }
}

TEST(PayloadTemplate, HasLimits) {
  // Goal: size and number of placeholders are bounded, at the template's pointer.
  const auto problems = [](const json::value& value) {
    FieldErrors errors;
    compile_template(json::serialize(value), "/template", errors);
    return errors;
  };
  const std::string most(limits::kTemplateBytesMax - 2, 'x');
  EXPECT_EQ(problems(json::string(most)), FieldErrors{});
  EXPECT_EQ(problems(json::string(most + "x")), (FieldErrors{{"/template", "must be at most 65536 bytes long"}}));
  json::array many(limits::kPlaceholdersMax, json::value("{{a}}"));
  EXPECT_EQ(problems(many), FieldErrors{});
  many.push_back("{{a}}");
  EXPECT_EQ(problems(many), (FieldErrors{{"/template", "must have at most 200 placeholders"}}));
}

}  // namespace
}  // namespace limehook
