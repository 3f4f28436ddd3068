#include "app/webhook_flags.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "model/verbatim_json.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

std::expected<json::object, std::string> parse(const std::vector<const char*>& arguments) {
  CLI::App command;
  WebhookFlags flags;
  add_webhook_flags(command, flags);
  std::vector<const char*> all{"test"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  command.parse(static_cast<int>(all.size()), all.data());
  return webhook_json(flags);
}

TEST(WebhookFlags, BecomeTheMembersOfTheApi) {
  const auto object = parse({"--name",
                             "CRM",
                             "--url",
                             "https://example.com/a?b=1",
                             "--event",
                             "missed_call",
                             "--event",
                             "sms_received",
                             "--team",
                             "team_001",
                             "--number",
                             "+1234567890",
                             "--header",
                             "X-A: b: c",
                             "--header",
                             "X-Empty:",
                             "--timeout",
                             "1500ms",
                             "--retry-schedule",
                             "1s,2m",
                             "--max-concurrency",
                             "2",
                             "--rate-limit",
                             "0.5",
                             "--ordered",
                             "call",
                             "--fallback-url",
                             "https://example.com/b"});
  ASSERT_TRUE(object) << object.error();
  EXPECT_EQ(json::value(*object), json::parse(R"({"name":"CRM","url":"https://example.com/a?b=1","team_id":"team_001",
      "events":["missed_call","sms_received"],"numbers":["+1234567890"],"headers":{"X-A":"b: c","X-Empty":""},
      "timeout_ms":1500,"retry_schedule":[1,120],"max_concurrency":2,"rate_limit":0.5,"ordered":"call",
      "fallback_url":"https://example.com/b"})"));
}

TEST(WebhookFlags, FlagsReplaceMembersOfData) {
  const auto object = parse({"--data", R"({"name":"a","filters":null})", "--name", "b"});
  ASSERT_TRUE(object) << object.error();
  EXPECT_EQ(json::value(*object), json::parse(R"({"name":"b","filters":null})"));
}

TEST(WebhookFlags, SayWhatIsSent) {
  const auto payload_of = [](const std::vector<const char*>& arguments) {
    return serialize_verbatim(parse(arguments).value().at("payload"));
  };
  const std::string file = testing::TempDir() + "template.json";
  std::ofstream(file) << R"({"text": "{{caller_number}}"})";
  EXPECT_EQ(payload_of({"--preset", "slack"}), R"({"preset":"slack"})");
  EXPECT_EQ(payload_of({"--template", file.c_str()}), R"({"template":{"text":"{{caller_number}}"}})");
  std::ofstream(file) << "\xEF\xBB\xBF"
                         R"({"price": 1.10, "exact": [9007199254740993.5]})";
  EXPECT_EQ(payload_of({"--template", file.c_str()}), R"({"template":{"price":1.10,"exact":[9007199254740993.5]}})");
  EXPECT_EQ(payload_of({"--data", R"({"payload": {"template": {"price": 1.10}}})"}), R"({"template":{"price":1.10}})");
  std::ofstream(file) << "{";
  EXPECT_THAT(parse({"--template", file.c_str()}).error(), HasSubstr("is not valid JSON"));
  std::filesystem::remove(file);
  EXPECT_THAT(parse({"--template", file.c_str()}).error(), HasSubstr("--template: "));
}

TEST(WebhookFlags, AWrongValueIsNamed) {
  EXPECT_THAT(parse({"--header", "no colon"}).error(), HasSubstr("--header: \"no colon\""));
  EXPECT_THAT(parse({"--timeout", "soon"}).error(), HasSubstr("--timeout: "));
  EXPECT_THAT(parse({"--retry-schedule", "1m,"}).error(), HasSubstr("--retry-schedule: "));
  EXPECT_THAT(parse({"--retry-schedule", "1500ms"}).error(), HasSubstr("whole seconds"));
  EXPECT_THAT(parse({"--data", "[]"}).error(), HasSubstr("--data: "));
}

}  // namespace
}  // namespace limehook::app
