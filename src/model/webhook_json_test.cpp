#include "model/webhook_json.hpp"

#include <gtest/gtest.h>

#include "model/verbatim_json.hpp"
#include "signing/signing.hpp"

namespace limehook {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

const UrlRules kRules{.allow_http = false, .literal_problem = {}};
constexpr std::int64_t kThreePm = 1'738'249'200'000'000;  // 2025-01-30T15:00:00Z

FieldErrors apply(Webhook& webhook, std::string_view patch) { return apply_webhook_json(webhook, patch, kRules); }

Webhook made(std::string_view patch) {
  Webhook webhook;
  EXPECT_EQ(apply(webhook, patch), FieldErrors{}) << patch;
  return webhook;
}

FieldErrors errors_of(std::string_view patch) {
  Webhook webhook;
  return apply(webhook, patch);
}

std::vector<std::string> pointers_of(std::string_view patch) {
  std::vector<std::string> pointers;
  for (const auto& error : errors_of(patch)) pointers.push_back(error.pointer);
  return pointers;
}

std::string member(std::string_view name, std::string_view raw) {
  return "{\"" + std::string(name) + "\":" + std::string(raw) + "}";
}

constexpr std::string_view kEverything = R"({
  "name": "CRM", "url": "https://example.com/hook", "events": ["sms_sent", "missed_call", "missed_call"],
  "filters": {"match": "any", "conditions": [{"field": "duration", "op": "gt", "value": 30}]},
  "payload": {"fields": {"from": "caller_number"}}, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "token": "abc", "headers": {"X-Api-Key": "k 1", "X-Empty": ""}, "enabled": false, "team_id": "team_001",
  "numbers": ["+0987654321", "+0987654321"], "retry_schedule": [1, 60, 86400], "timeout_ms": 2500,
  "max_concurrency": 3, "rate_limit": 2.5, "ordered": "call", "fallback_url": "https://example.com/second",
  "mode": "push", "notify_emails": ["ops@example.com", "ops@example.com"]})";

TEST(ApplyWebhookJson, ReadsEveryMember) {
  // Goal: each member lands in its place; repeated types and numbers count once.
  const auto webhook = made(kEverything);
  EXPECT_EQ(webhook.name, "CRM");
  EXPECT_EQ(webhook.url, "https://example.com/hook");
  EXPECT_EQ(webhook.events.to_ulong(), 0b1000001u);
  EXPECT_EQ(webhook.filter, (Filter{Filter::Match::Any, {{"duration", FilterOp::Gt, {"30"}}}}));
  EXPECT_EQ(webhook.payload, (PayloadShape{PayloadFields{{"caller_number", "from"}}}));
  EXPECT_EQ(webhook.secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  EXPECT_EQ(webhook.token, "abc");
  EXPECT_EQ(webhook.headers, (std::vector<Header>{{"X-Api-Key", "k 1"}, {"X-Empty", ""}}));
  EXPECT_FALSE(webhook.enabled);
  EXPECT_EQ(webhook.team_id, "team_001");
  EXPECT_EQ(webhook.numbers, std::vector<std::string>{"+0987654321"});
  EXPECT_EQ(webhook.retry_schedule, (std::vector<Duration>{1s, 60s, 86400s}));
  EXPECT_EQ(webhook.timeout, 2500ms);
  EXPECT_EQ(webhook.max_concurrency, 3);
}

TEST(ApplyWebhookJson, DefaultsAreThoseOfANewWebhook) {
  // Goal: absent members take their defaults, and null brings a changed member back to them.
  const auto fresh = made(R"({"name":"CRM","url":"https://example.com/hook"})");
  EXPECT_EQ(fresh.events, kPhoneEventTypes);
  EXPECT_TRUE(fresh.enabled);
  EXPECT_EQ(fresh.timeout, limits::kAttemptTimeout);
  auto reset = made(kEverything);
  EXPECT_EQ(apply(reset, R"({"events":null,"filters":null,"payload":null,"secret":null,"token":null,"headers":null,
                             "enabled":null,"team_id":null,"numbers":null,"retry_schedule":null,"timeout_ms":null,
                             "max_concurrency":null,"rate_limit":null,"ordered":null,"fallback_url":null,
                             "mode":null,"notify_emails":null})"),
            FieldErrors{});
  EXPECT_EQ(reset, fresh);
}

TEST(ApplyWebhookJson, LeavesTheRestAlone) {
  // Goal: a patch changes what it names and nothing else.
  auto webhook = made(kEverything);
  webhook.id = WebhookId{77};
  auto expected = webhook;
  expected.name = "Slack";
  EXPECT_EQ(apply(webhook, R"({"name":"Slack"})"), FieldErrors{});
  EXPECT_EQ(webhook, expected);
  EXPECT_EQ(apply(webhook, "{}"), FieldErrors{});
  EXPECT_EQ(webhook, expected);
}

TEST(ApplyWebhookJson, EnablingForgetsWhyItWasDisabled) {
  // Goal: an enabled webhook never shows a reason for being disabled.
  Webhook webhook;
  webhook.enabled = false;
  webhook.disabled_reason = "the receiver answered 410";
  EXPECT_EQ(apply(webhook, R"({"enabled":false,"name":"x"})"), FieldErrors{});
  EXPECT_EQ(webhook.disabled_reason, "the receiver answered 410");
  EXPECT_EQ(apply(webhook, R"({"enabled":true})"), FieldErrors{});
  EXPECT_EQ(webhook.disabled_reason, "");
}

TEST(ApplyWebhookJson, NamesWhatIsWrong) {
  // Goal: every rule of a member points at the spot. Method: one member at a time.
  const std::string long_name = "\"" + std::string(201, 'n') + "\"";
  const std::string long_token = "\"" + std::string(1025, 't') + "\"";
  const std::string long_team = "\"" + std::string(129, 't') + "\"";
  std::string steps = "1";
  for (int i = 0; i < 20; ++i) steps += ",1";
  struct Case {
    std::string_view name;
    std::string raw;
    std::vector<std::string> pointers;
  };
  for (const auto& [name, raw, pointers] : std::initializer_list<Case>{
           {"name", "null", {"/name"}},
           {"name", "7", {"/name"}},
           {"name", "\"\"", {"/name"}},
           {"name", "\"  \"", {"/name"}},
           {"name", "\"a\\nb\"", {"/name"}},
           {"name", "\"a\\u007fb\"", {"/name"}},
           {"name", "\"a\\u0085b\"", {"/name"}},
           {"name", long_name, {"/name"}},
           {"url", "[]", {"/url"}},
           {"url", "\"http://example.com\"", {"/url"}},
           {"events", "[]", {"/events"}},
           {"events", "\"missed_call\"", {"/events"}},
           {"events", R"(["missed_call","call",7])", {"/events/1", "/events/2"}},
           {"filters", "{}", {"/filters/conditions"}},
           {"payload", R"({"fields":["a",1]})", {"/payload/fields/1"}},
           {"payload", R"({"template":"{{"})", {"/payload/template"}},
           {"secret", "\"\"", {"/secret"}},
           {"secret", "\"secret\"", {"/secret"}},
           {"token", "\"\"", {"/token"}},
           {"token", "\"a b\"", {"/token"}},
           {"token", "\"\\u00e9\"", {"/token"}},
           {"token", long_token, {"/token"}},
           {"token", "1", {"/token"}},
           {"headers", "[]", {"/headers"}},
           {"enabled", "1", {"/enabled"}},
           {"enabled", "\"true\"", {"/enabled"}},
           {"team_id", "\"\"", {"/team_id"}},
           {"team_id", long_team, {"/team_id"}},
           {"team_id", "\"a\\tb\"", {"/team_id"}},
           {"numbers", "\"+1234567890\"", {"/numbers"}},
           {"numbers", R"(["+1234567890","1234567890",7])", {"/numbers/1", "/numbers/2"}},
           {"retry_schedule", "[]", {"/retry_schedule"}},
           {"retry_schedule", "60", {"/retry_schedule"}},
           {"retry_schedule", "[" + steps + "]", {"/retry_schedule"}},
           {"retry_schedule",
            R"([0,1,86400,86401,1.5,"60",-1])",
            {"/retry_schedule/0", "/retry_schedule/3", "/retry_schedule/4", "/retry_schedule/5", "/retry_schedule/6"}},
           {"timeout_ms", "99", {"/timeout_ms"}},
           {"timeout_ms", "60001", {"/timeout_ms"}},
           {"timeout_ms", "15000.5", {"/timeout_ms"}},
           {"timeout_ms", "18446744073709551615", {"/timeout_ms"}},
           {"timeout_ms", "\"15s\"", {"/timeout_ms"}},
           {"max_concurrency", "0", {"/max_concurrency"}},
           {"max_concurrency", "101", {"/max_concurrency"}},
           {"max_concurrency", "true", {"/max_concurrency"}},
       }) {
    EXPECT_EQ(pointers_of(member(name, raw)), pointers) << name << " " << raw;
  }
}

TEST(ApplyWebhookJson, TakesTheEdges) {
  // Goal: the limits themselves still fit.
  std::string name;
  for (int i = 0; i < 200; ++i) name += "é";
  EXPECT_EQ(made(member("name", "\"" + name + "\"")).name, name);
  EXPECT_EQ(made(member("token", "\"" + std::string(1024, '~') + "\"")).token.size(), 1024u);
  EXPECT_EQ(made(member("timeout_ms", "100")).timeout, 100ms);
  EXPECT_EQ(made(member("timeout_ms", "60000")).timeout, 60s);
  EXPECT_EQ(made(member("max_concurrency", "100")).max_concurrency, 100);
  EXPECT_TRUE(made(member("numbers", "[]")).numbers.empty());
}

TEST(ApplyWebhookJson, ReadsHowDeliveriesAreMade) {
  // Goal: every form of a value that is taken, its bounds, and null for the default.
  EXPECT_EQ(made(member("ordered", "true")).ordered, Ordering::Webhook);
  EXPECT_EQ(made(member("ordered", "\"webhook\"")).ordered, Ordering::Webhook);
  EXPECT_EQ(made(member("ordered", "\"call\"")).ordered, Ordering::Call);
  for (const auto* none : {"false", "null"}) EXPECT_EQ(made(member("ordered", none)).ordered, Ordering::None);
  for (const auto* wrong : {"\"Call\"", "1", "[]"}) {
    EXPECT_EQ(errors_of(member("ordered", wrong)),
              (FieldErrors{{"/ordered", R"(must be false, "webhook" or "call")"}}));
  }
  EXPECT_EQ(made(member("rate_limit", "5")).rate_limit, 5);
  EXPECT_EQ(made(member("rate_limit", "0.01")).rate_limit, 0.01);
  EXPECT_EQ(made(member("rate_limit", "null")).rate_limit, std::nullopt);
  for (const auto* wrong : {"0", "-1", "0.009", "10001", "\"5\"", "true"}) {
    EXPECT_EQ(errors_of(member("rate_limit", wrong)).size(), 1U) << wrong;
  }
  EXPECT_EQ(errors_of(member("fallback_url", "\"ftp://example.com\"")).front().pointer, "/fallback_url");
  EXPECT_EQ(errors_of(member("mode", "\"pull\"")).front().pointer, "/mode");
  for (const auto* wrong : {"\"a\"", "\"a@\"", "\"a b@example.com\"", "\"a@example.com\\r\\nBcc: x\"", "7"}) {
    EXPECT_EQ(errors_of(member("notify_emails", "[" + std::string(wrong) + "]")).front().pointer, "/notify_emails/0");
  }
}

TEST(RequiredProblems, AskForAUrlWhereSomethingIsPushed) {
  // Goal: a webhook that is only polled needs no URL.
  const auto problems = [](std::string_view patch) { return required_problems(made(patch)); };
  EXPECT_EQ(problems(R"({"name":"a"})"), (FieldErrors{{"/url", "is required"}}));
  EXPECT_EQ(problems(R"({"name":"a","url":null,"mode":"push"})"), (FieldErrors{{"/url", "is required"}}));
  EXPECT_EQ(problems(R"({"name":"a","mode":"poll"})"), FieldErrors{});
}

TEST(ApplyWebhookJson, RefusesMembersThatAreNotTheUsers) {
  // Goal: typing mistakes and read-only members are told apart.
  for (const auto* name : {"id", "version", "created_at", "updated_at", "disabled_reason", "previous_secret_expires_at",
                           "previous_secrets", "breaker", "backlog", "failing_since", "blocked_by"}) {
    EXPECT_EQ(errors_of(member(name, "1")), (FieldErrors{{"/" + std::string(name), "is read-only"}}));
  }
  EXPECT_EQ(errors_of(R"({"Name":"x","a/b":1})"),
            (FieldErrors{{"/Name", "is not a known member"}, {"/a~1b", "is not a known member"}}));
  for (const auto* text : {"[]", "null", "\"x\"", "1"}) {
    EXPECT_EQ(errors_of(text), (FieldErrors{{"", "must be a JSON object"}})) << text;
  }
}

TEST(ApplyWebhookJson, ReportsEverythingAtOnce) {
  // Goal: one answer tells every mistake.
  EXPECT_EQ(pointers_of(R"({"name":"","url":"x","events":["x"],"timeout_ms":1,"what":1})"),
            (std::vector<std::string>{"/name", "/url", "/events/0", "/timeout_ms", "/what"}));
}

TEST(Headers, RefusesWhatLimehookSetsOrTheConnectionNeeds) {
  // Goal: own headers cannot break the wire contract. Method: each refused name in some mix of cases.
  for (const auto* name : {"Host",
                           "content-length",
                           "Content-Type",
                           "TRANSFER-ENCODING",
                           "Connection",
                           "Keep-Alive",
                           "Upgrade",
                           "TE",
                           "Trailer",
                           "Proxy-Authorization",
                           "proxy-x",
                           "Expect",
                           "Authorization",
                           "User-Agent",
                           "Accept-Encoding",
                           "webhook-id",
                           "Webhook-Anything",
                           "X-LimeCall-Signature",
                           "x-limecall-x",
                           "",
                           "a b",
                           "a:b",
                           "é",
                           "a\\r\\nb"}) {
    EXPECT_EQ(errors_of(R"({"headers":{")" + std::string(name) + R"(":"v"}})").size(), 1u) << name;
  }
  for (const auto* name : {"X-Api-Key", "Accept", "Cookie", "x.y!#$%&'*+^_`|~-1", "X-LimeCall", "Proxy", "webhook"}) {
    EXPECT_EQ(errors_of(R"({"headers":{")" + std::string(name) + R"(":"v"}})"), FieldErrors{}) << name;
  }
}

TEST(Headers, RefusesBadValues) {
  // Goal: no value can end its line or carry what receivers read differently.
  for (const auto* raw : {R"("a\r\nb")", R"("a\nb")", R"("a\u0000")", R"("a\tb")", R"("é")", R"(" a")", R"("a ")",
                          R"("\u007f")", "7", "null"}) {
    const auto text = std::string(R"({"headers":{"X-A":)") + raw + "}}";
    ASSERT_EQ(pointers_of(text), std::vector<std::string>{"/headers/X-A"}) << raw;
  }
}

TEST(Headers, HaveLimitsAndOneSpellingEach) {
  // Goal: names are unique whatever their case; count and total size are bounded.
  EXPECT_EQ(pointers_of(R"({"headers":{"X-A":"1","x-a":"2"}})"), std::vector<std::string>{"/headers/x-a"});
  const auto with_count = [](int count) {
    std::string text = R"({"headers":{"H0":"")";
    for (int i = 1; i < count; ++i) text += ",\"H" + std::to_string(i) + "\":\"\"";
    return text + "}}";
  };
  EXPECT_EQ(pointers_of(with_count(20)), std::vector<std::string>{});
  EXPECT_EQ(pointers_of(with_count(21)), std::vector<std::string>{"/headers"});
  const auto with_size = [](std::size_t size) { return R"({"headers":{"A":")" + std::string(size - 1, 'v') + "\"}}"; };
  EXPECT_EQ(pointers_of(with_size(4096)), std::vector<std::string>{});
  EXPECT_EQ(pointers_of(with_size(4097)), std::vector<std::string>{"/headers"});
}

TEST(Secrets, AreJudgedAsTheSignerJudgesThem) {
  // Goal: what is saved can be signed with. Method: every size and padding, and spoilt forms, against signing.
  std::vector<std::string> secrets{"", "whsec_", "whsec", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
  for (std::size_t size = 0; size <= 70; ++size) {
    const std::string bytes(size, '\xA7');
    secrets.push_back("whsec_" + signing::base64({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}));
  }
  const auto whole = secrets;
  for (const auto& secret : whole) {
    for (const auto* tail : {"=", "==", "A", "\n"}) secrets.push_back(secret + tail);
    if (secret.size() > 8) {
      secrets.push_back(secret.substr(0, secret.size() - 1));
      for (const char c : {'B', '-', '_', '/', '=', ' '}) {
        for (const std::size_t back : {1u, 2u, 3u}) {
          auto changed = secret;
          changed[changed.size() - back] = c;
          secrets.push_back(changed);
        }
      }
    }
  }
  int good = 0;
  for (const auto& secret : secrets) {
    const json::object patch{{"secret", secret}};
    Webhook webhook;
    const bool saved = apply_webhook_json(webhook, json::serialize(patch), kRules).empty();
    EXPECT_EQ(saved, !signing::secret_problem(secret)) << secret;
    good += saved;
  }
  EXPECT_GT(good, 41);
}

TEST(RequiredProblems, AreNameAndUrl) {
  // Goal: a webhook cannot be saved without what the form asks for.
  EXPECT_EQ(required_problems(Webhook{}), (FieldErrors{{"/name", "is required"}, {"/url", "is required"}}));
  EXPECT_EQ(required_problems(made(kEverything)), FieldErrors{});
}

TEST(WebhookToJson, ShowsEverythingButSecrets) {
  // Goal: the shown form is exactly this; secrets and token never appear.
  auto webhook = made(kEverything);
  webhook.id = WebhookId{77};
  webhook.version = 4;
  webhook.disabled_reason = "the receiver answered 410";
  webhook.disabled_at = from_us(kThreePm + 250'000);
  webhook.previous_secrets = {{"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", from_us(kThreePm + 1'000'000)},
                              {"whsec_BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", from_us(kThreePm)}};
  webhook.created_at = from_us(kThreePm);
  webhook.updated_at = from_us(kThreePm + 250'000);
  EXPECT_EQ(serialize_verbatim(webhook_to_json(webhook)),
            R"({"id":"wh_000000000002d","version":4,"team_id":"team_001","name":"CRM",)"
            R"("url":"https://example.com/hook","events":["missed_call","sms_sent"],)"
            R"("filters":{"match":"any","conditions":[{"field":"duration","op":"gt","value":30}]},)"
            R"("payload":{"fields":{"from":"caller_number"}},"headers":{"X-Api-Key":"k 1","X-Empty":""},)"
            R"("numbers":["+0987654321"],"retry_schedule":[1,60,86400],"timeout_ms":2500,"max_concurrency":3,)"
            R"("rate_limit":2.5E0,"ordered":"call","fallback_url":"https://example.com/second","mode":"push",)"
            R"("notify_emails":["ops@example.com"],)"
            R"("signatures":["v1"],"public_key":null,"signature_header":null,"oauth":null,"client_certificate":null,)"
            R"("unconfirmed_emails":["ops@example.com"],)"
            R"("enabled":false,"disabled_reason":"the receiver answered 410","disabled_at":"2025-01-30T15:00:00.250Z",)"
            R"("previous_secret_expires_at":"2025-01-30T15:00:01Z",)"
            R"("previous_secrets":[{"expires_at":"2025-01-30T15:00:01Z"},{"expires_at":"2025-01-30T15:00:00Z"}],)"
            R"("created_at":"2025-01-30T15:00:00Z",)"
            R"("updated_at":"2025-01-30T15:00:00.250Z"})");
}

TEST(WebhookToJson, ShowsDefaultsAsNull) {
  // Goal: clients can tell "the default" from a value that happens to equal it.
  const auto shown = webhook_to_json(made(R"({"name":"a","url":"https://example.com"})"));
  for (const auto* name : {"team_id", "filters", "payload", "retry_schedule", "disabled_reason", "disabled_at"}) {
    EXPECT_TRUE(shown.at(name).is_null()) << name;
  }
  EXPECT_EQ(shown.at("events").as_array().size(), kPhoneEventTypeCount);
  EXPECT_FALSE(shown.contains("previous_secret_expires_at"));
  EXPECT_FALSE(shown.contains("previous_secrets"));
}

TEST(WebhookFromStoredJson, TakesWhatAnEarlierVersionStored) {
  // Goal: those whom webhooks name already go on getting their notices, and since when one is disabled is known
  // roughly.
  auto webhook = made(kEverything);
  webhook.id = WebhookId{77};
  webhook.updated_at = from_us(kThreePm);
  auto stored = json::parse(webhook_to_stored_json(webhook)).as_object();
  stored.erase("confirmed_emails");
  stored.erase("disabled_at_us");
  const auto back = webhook_from_stored_json(json::serialize(stored));
  EXPECT_EQ(back.confirmed_emails, webhook.notify_emails);
  EXPECT_EQ(back.disabled_at, webhook.updated_at);
}

TEST(WebhookFromStoredJson, BringsBackWhatWasStored) {
  // Goal: a restart loses nothing but the secrets, which are stored apart; http survives a stricter server.
  for (const std::string_view patch : {kEverything, std::string_view(R"({"name":"a","url":"https://example.com"})")}) {
    auto webhook = made(patch);
    webhook.id = WebhookId{77};
    webhook.version = 4;
    webhook.url = "http://127.0.0.1:8080/";
    webhook.disabled_reason = webhook.enabled ? "" : "failed for 5 days";
    if (!webhook.enabled) webhook.disabled_at = from_us(kThreePm);
    webhook.confirmed_emails = webhook.notify_emails;
    webhook.created_at = from_us(kThreePm);
    webhook.updated_at = from_us(kThreePm + 250'000);
    auto expected = webhook;
    expected.secret.clear();
    expected.token.clear();
    expected.headers.clear();
    const auto text = webhook_to_stored_json(webhook);
    for (const auto& header : webhook.headers) {
      if (!header.value.empty()) EXPECT_FALSE(text.contains(header.value)) << text;
    }
    EXPECT_EQ(webhook_from_stored_json(text), expected) << text;
  }
}

// Goal: numbers of filters and templates are kept as they are written, from the request to what is shown and stored.
TEST(WebhookJson, KeepsNumbersAsTheyAreWritten) {
  const std::string_view filters =
      R"({"match":"all","conditions":[{"field":"x","op":"in","value":[9007199254740993.5,1e-400,1.50]}]})";
  const std::string_view payload = R"({"template":{"id":123456789012345678901234567890,"rate":1.0}})";
  const auto webhook = made(R"({"name":"a","url":"https://example.com","timeout_ms":2.5e3,"max_concurrency":3.0,)"
                            R"("retry_schedule":[60.0,6e1],"filters":)" +
                            std::string(filters) + R"(,"payload":)" + std::string(payload) + "}");
  EXPECT_EQ(webhook.timeout, 2500ms);
  EXPECT_EQ(webhook.max_concurrency, 3);
  EXPECT_EQ(webhook.retry_schedule, (std::vector<Duration>{60s, 60s}));
  for (const auto& text : {serialize_verbatim(webhook_to_json(webhook)), webhook_to_stored_json(webhook)}) {
    EXPECT_TRUE(text.contains(filters)) << text;
    EXPECT_TRUE(text.contains(payload)) << text;
  }
  const auto read = webhook_from_stored_json(webhook_to_stored_json(webhook));
  EXPECT_EQ(read.filter, webhook.filter);
  EXPECT_EQ(read.payload, webhook.payload);
}

// Goal: what older versions have stored, which wrote 1.5 as 1.5E0 and sent 1.5, is still sent as it was.
TEST(WebhookFromStoredJson, ReadsNumbersOfOlderVersions) {
  const auto webhook = webhook_from_stored_json(
      R"({"id":"wh_000000000002d","version":1,"disabled_reason":null,"created_at":"2025-01-30T15:00:00Z",)"
      R"("updated_at":"2025-01-30T15:00:00Z","name":"a 1E0","url":"https://example.com","rate_limit":2.5E0,)"
      R"("payload":{"template":{"a":1.5E0,"b":[1E300,-25E-2],"c":"1.5E0","d":7}}})");
  EXPECT_EQ(webhook.rate_limit, 2.5);
  EXPECT_EQ(webhook.name, "a 1E0");
  EXPECT_EQ(std::get<PayloadTemplate>(webhook.payload.content).source,
            R"({"a":1.5,"b":[1e+300,-0.25],"c":"1.5E0","d":7})");
}

TEST(WebhookFromStoredJson, DamageIsHarmless) {
  // Goal: what a damaged file holds is an error, or a webhook that can be shown and whose filter can be asked.
  EXPECT_ANY_THROW(webhook_from_stored_json("{}"));
  EXPECT_ANY_THROW(webhook_from_stored_json(R"({"id":7})"));
  auto stored = json::parse(webhook_to_stored_json(made(kEverything))).as_object();
  for (const std::string_view condition : {R"({"field":"a","op":"eq"})", R"({"field":"a","op":"?"})", "7"}) {
    stored["filters"] = {{"conditions", {json::parse(condition)}}};
    const auto webhook = webhook_from_stored_json(json::serialize(stored));
    ASSERT_TRUE(webhook.filter);
    passes(*webhook.filter, R"({"a":1})");
    webhook_to_json(webhook);
  }
}

}  // namespace
}  // namespace limehook
