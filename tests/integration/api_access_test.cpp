// Who may use which route, and what anybody learns of another team's things: every route of the API, tried by every
// kind of caller. What is expected stands here once more, in words of its own, so that a slip in the API's table shows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api_world.hpp"

namespace limehook::api {
namespace {

using testing::HasSubstr;
using testing::Not;

// What callers are, by letter: a(dmin), m(anage), i(ingest), r(ead); p: a person who manages a team; u: any person.
struct Caller {
  std::string name;
  std::string_view kinds;  // empty: has not proved who they are
  bool portal = false;
  bool of_other_team = false;
  bool sees_all = false;
  bool unproved() const { return kinds.empty(); }
};

const std::vector<Caller>& callers() {
  static const std::vector<Caller> kCallers{
      {"nobody", ""},
      {"unknown key", ""},
      {"empty key", ""},
      {"another scheme", ""},
      {"expired key", ""},
      {"disabled admin", ""},
      {"admin whose session is over", ""},
      {"portal that is over", ""},
      {"configured key", "a", false, false, true},
      {"admin key", "a", false, false, true},
      {"admin", "au", false, false, true},
      {"key that sends for all", "i", false, false, true},
      {"manage key", "m"},
      {"ingest key", "i"},
      {"read key", "r"},
      {"manage person", "mpu"},
      {"read person", "ru"},
      {"manage portal", "m", true},
      {"read portal", "r", true},
      {"person of no team", "u", false, true},
      {"other's manage key", "m", false, true},
      {"other's ingest key", "i", false, true},
      {"other's read key", "r", false, true},
      {"other's manage person", "mpu", false, true},
      {"other's read person", "ru", false, true},
      {"other's manage portal", "m", true, true},
      {"other's read portal", "r", true, true},
  };
  return kCallers;
}

constexpr std::string_view kOpenToAll = "*";
constexpr std::string_view kProved = "?";

// A route as it is tried: on things of the first team, "{id}" stands for the one of `id`.
struct Fixture {
  std::string_view route;
  std::string_view who;  // kinds of callers; P: portals with one of these roles as well
  Other other;
  std::string (*id)(const TeamThings&) = nullptr;
  std::string_view body = "";
  int status = 0;  // of routes that are open to all: what everybody gets
};

template <auto member>
std::string id_of(const TeamThings& things) {
  return (things.*member).str();
}
constexpr auto kWebhookId = id_of<&TeamThings::webhook>;
constexpr auto kDeliveryId = id_of<&TeamThings::delivery>;
constexpr auto kKeyId = id_of<&TeamThings::key>;
constexpr auto kNumberId = id_of<&TeamThings::number>;
constexpr auto kUserId = id_of<&TeamThings::user>;
std::string team_id(const TeamThings& things) { return things.team_id; }
std::string test_receiver(const TeamThings& things) { return things.test_receiver; }

constexpr std::string_view kEvent =
    R"({"event":"missed_call","call_id":"c1","caller_number":"+15551111","callee_number":"+15552222",
        "timestamp":"2025-01-30T15:00:00Z","team_id":"team_alpha","status":"missed"})";

const std::vector<Fixture>& fixtures() {
  using enum Other;
  static const std::vector<Fixture> kFixtures{
      {"POST /v1/events", "ami", Refused, nullptr, kEvent},
      {"GET /v1/events", "amr", Filtered},
      {"GET /v1/events/{id}", "amrP", NotFound, id_of<&TeamThings::event>},
      {"GET /v1/event-types", "amirP", None},
      {"GET /v1/webhooks", "amrP", Filtered},
      {"POST /v1/webhooks", "amP", Refused, nullptr,
       R"({"name":"n","url":"https://192.0.2.2/","events":["missed_call"],"team_id":"team_alpha"})"},
      {"POST /v1/webhooks/preview", "amrP", None, nullptr, R"({"event":"missed_call"})"},
      {"GET /v1/webhooks/{id}", "amrP", NotFound, kWebhookId},
      {"PATCH /v1/webhooks/{id}", "amP", NotFound, kWebhookId, R"({"name":"changed"})"},
      {"DELETE /v1/webhooks/{id}", "amP", NotFound, kWebhookId},
      {"POST /v1/webhooks/{id}/enable", "amP", NotFound, kWebhookId},
      {"POST /v1/webhooks/{id}/disable", "amP", NotFound, kWebhookId},
      {"POST /v1/webhooks/{id}/test", "amP", NotFound, kWebhookId, R"({"event":"missed_call"})"},
      {"POST /v1/webhooks/{id}/preview", "amrP", NotFound, kWebhookId, R"({"event":"missed_call"})"},
      {"GET /v1/webhooks/{id}/secret", "amP", NotFound, kWebhookId},
      {"GET /v1/webhooks/{id}/public-key", kOpenToAll, None, kWebhookId, "", 200},
      {"POST /v1/webhooks/{id}/rotate-secret", "amP", NotFound, kWebhookId},
      {"GET /v1/webhooks/{id}/deliveries", "amrP", NotFound, kWebhookId},
      {"GET /v1/webhooks/{id}/events", "amrP", NotFound, kWebhookId},
      {"POST /v1/webhooks/{id}/recover", "amP", NotFound, kWebhookId, R"({"status":"failed"})"},
      {"GET /v1/webhooks/{id}/recoveries", "amrP", NotFound, kWebhookId},
      {"GET /v1/webhooks/{id}/stats", "amrP", NotFound, kWebhookId},
      {"GET /v1/deliveries", "amrP", Filtered},
      {"GET /v1/deliveries/{id}", "amrP", NotFound, kDeliveryId},
      {"POST /v1/deliveries/{id}/retry", "amP", NotFound, kDeliveryId},
      {"POST /v1/deliveries/{id}/skip", "amP", NotFound, kDeliveryId},
      {"GET /v1/recoveries/{id}", "amrP", NotFound, id_of<&TeamThings::recovery>},
      {"POST /v1/recoveries/{id}/cancel", "amP", NotFound, id_of<&TeamThings::recovery>},
      {"GET /v1/stats", "amrP", Filtered},
      {"GET /v1/updates", "amrP", Filtered},
      {"GET /v1/test-receivers", "amrP", Filtered},
      {"POST /v1/test-receivers", "amP", Refused, nullptr, R"({"team_id":"team_alpha"})"},
      {"GET /v1/test-receivers/{id}", "amrP", NotFound, test_receiver},
      {"PATCH /v1/test-receivers/{id}", "amP", NotFound, test_receiver, R"({"status":500})"},
      {"DELETE /v1/test-receivers/{id}", "amP", NotFound, test_receiver},
      {"POST /test-receiver/{id}", kOpenToAll, None, [](const TeamThings&) { return std::string("rcv_none"); }, "",
       404},
      {"GET /v1/numbers", "amr", Filtered},
      {"POST /v1/numbers", "am", Refused, nullptr, R"({"number":"+15553333","team_id":"team_alpha"})"},
      {"GET /v1/numbers/{id}", "amr", NotFound, kNumberId},
      {"PATCH /v1/numbers/{id}", "am", NotFound, kNumberId, R"({"name":"changed"})"},
      {"DELETE /v1/numbers/{id}", "am", NotFound, kNumberId},
      {"GET /v1/sources", "amr", Filtered},
      {"GET /v1/keys", "ap", Filtered},
      {"POST /v1/keys", "ap", Refused, nullptr, R"({"name":"n","role":"read","team_id":"team_alpha"})"},
      {"GET /v1/keys/{id}", "ap", NotFound, kKeyId},
      {"PATCH /v1/keys/{id}", "ap", NotFound, kKeyId, R"({"name":"changed"})"},
      {"DELETE /v1/keys/{id}", "ap", NotFound, kKeyId},
      {"GET /v1/teams", "amrP", Filtered},
      {"POST /v1/teams", "a", None, nullptr, R"({"name":"n"})"},
      {"GET /v1/teams/{id}", "amrP", NotFound, team_id},
      {"PATCH /v1/teams/{id}", "am", NotFound, team_id, R"({"name":"changed"})"},
      {"DELETE /v1/teams/{id}", "a", None, team_id},
      {"POST /v1/teams/{id}/portal", "am", NotFound, team_id, "{}"},
      {"POST /v1/portal/session", kOpenToAll, None, nullptr, R"({"token":"lhl_no"})", 404},
      {"GET /v1/sign-in", kOpenToAll, None, nullptr, "", 200},
      {"POST /v1/setup", kOpenToAll, None, nullptr, "{}", 422},
      {"POST /v1/links/look", kOpenToAll, None, nullptr, R"({"token":"lhl_no"})", 404},
      {"POST /v1/links/confirm-email", kOpenToAll, None, nullptr, R"({"token":"lhl_no"})", 404},
      {"POST /v1/session", kOpenToAll, None, nullptr, "{}", 422},
      {"GET /v1/session", kProved, Own},
      {"DELETE /v1/session", "u", Own},
      {"PUT /v1/session/password", "u", Own, nullptr,
       R"({"current_password":"none of them has one","new_password":"a long enough password"})"},
      {"POST /v1/session/totp", "u", Own, nullptr, R"({"password":"none of them has one"})"},
      {"PUT /v1/session/totp", "u", Own, nullptr, R"({"code":"123456"})"},
      {"DELETE /v1/session/totp", "u", Own, nullptr, R"({"password":"none of them has one","code":"123456"})"},
      {"GET /v1/sessions", "u", Own},
      {"DELETE /v1/sessions", "u", Own},
      {"DELETE /v1/sessions/{id}", "u", Own, id_of<&TeamThings::session>},
      {"GET /v1/oidc/start", kOpenToAll, None, nullptr, "", 404},
      {"GET /v1/oidc/callback", kOpenToAll, None, nullptr, "", 404},
      {"POST /v1/password-reset", kOpenToAll, None, nullptr, R"({"email":"nobody@example.com"})", 409},
      {"POST /v1/password-reset/complete", kOpenToAll, None, nullptr, "{}", 422},
      {"GET /v1/users", "ap", Filtered},
      {"GET /v1/users/{id}", "ap", NotFound, kUserId},
      {"PATCH /v1/users/{id}", "ap", NotFound, kUserId, R"({"teams":[]})"},
      {"DELETE /v1/users/{id}", "ap", NotFound, kUserId},
      {"POST /v1/users/{id}/reset-link", "a", None, kUserId},
      {"GET /v1/invitations", "ap", Filtered},
      {"POST /v1/invitations", "ap", Refused, nullptr,
       R"({"email":"new@example.com","role":"read","team_id":"team_alpha"})"},
      {"DELETE /v1/invitations/{id}", "ap", NotFound, id_of<&TeamThings::invitation>},
      {"POST /v1/invitations/accept", kOpenToAll, None, nullptr, "{}", 422},
      {"GET /v1/audit", "ap", Filtered},
      {"GET /v1/settings", "amrP", None},
      {"GET /healthz", kOpenToAll, None, nullptr, "", 200},
      {"GET /readyz", kOpenToAll, None, nullptr, "", 200},
      {"GET /metrics", kOpenToAll, None, nullptr, "", 200},
      {"GET /openapi.json", kOpenToAll, None, nullptr, "", 200},
      {"POST /v1/events/batch", "ami", Refused, nullptr, ""},  // see BatchesTakeNoEventOfAnotherTeam
  };
  return kFixtures;
}

const Fixture* fixture_of(const AccessRule& rule) {
  const std::string route = std::string(rule.method) + " " + std::string(rule.pattern);
  const auto found = std::ranges::find(fixtures(), route, &Fixture::route);
  return found == fixtures().end() ? nullptr : &*found;
}

bool may_use(const Caller& caller, std::string_view who) {
  if (who == kProved) return true;
  if (caller.portal && !who.contains('P')) return false;
  return std::ranges::any_of(caller.kinds, [&](char kind) { return who.contains(kind); });
}

// The status that the caller must get; 0: whatever says that they may.
int expected_status(const Caller& caller, const Fixture& fixture) {
  if (fixture.status != 0) return fixture.status;
  if (caller.unproved()) return 401;
  if (!may_use(caller, fixture.who)) return 403;
  const bool another_session = fixture.other == Other::Own && fixture.id && caller.name != "manage person";
  if (another_session) return 404;
  if (!caller.of_other_team) return 0;
  if (fixture.other == Other::NotFound) return 404;
  return fixture.other == Other::Refused ? 403 : 0;
}

bool says_that_they_may(int status) {
  return status < 500 && status != 401 && status != 403 && status != 404 && status != 405;
}

class ApiAccessTest : public testing::Test {
 protected:
  ApiAccessTest() { renew(); }
  void renew() { world_ = std::make_unique<ApiWorld>(); }

  Response ask(const Caller& caller, const Fixture& fixture) {
    const auto space = fixture.route.find(' ');
    std::string path(fixture.route.substr(space + 1));
    if (fixture.id) path.replace(path.find("{id}"), 4, fixture.id(world_->alpha));
    return world_->ask(fixture.route.substr(0, space), path, world_->credentials(caller.name),
                       std::string(fixture.body));
  }
  void expect_nothing_of_alpha(const Response& response) {
    for (const std::string& word : world_->alpha.words()) EXPECT_THAT(response.body, Not(HasSubstr(word)));
  }

  std::unique_ptr<ApiWorld> world_;
};

// Goal: no route without a row here, and no row without a route.
TEST_F(ApiAccessTest, EveryRouteIsTried) {
  for (const AccessRule& rule : Api::access_rules()) {
    EXPECT_TRUE(fixture_of(rule)) << "no fixture for " << rule.method << ' ' << rule.pattern;
  }
  EXPECT_EQ(fixtures().size(), Api::access_rules().size());
}

// Goal: everybody gets at every route exactly what the table says; who is refused changes nothing and learns nothing.
TEST_F(ApiAccessTest, EverybodyGetsWhatTheTableSays) {
  for (const AccessRule& rule : Api::access_rules()) {
    const Fixture* fixture = fixture_of(rule);
    if (!fixture || (fixture->body.empty() && rule.pattern == "/v1/events/batch")) continue;
    for (const Caller& caller : callers()) {
      SCOPED_TRACE(caller.name + ": " + std::string(fixture->route));
      const auto audits = world_->audit_count();
      const Response response = ask(caller, *fixture);
      const int expected = expected_status(caller, *fixture);
      if (expected == 0) EXPECT_TRUE(says_that_they_may(response.status)) << response.status << response.body;
      else EXPECT_EQ(response.status, expected) << response.body;
      if (expected != 0 && fixture->status == 0) EXPECT_EQ(world_->audit_count(), audits);
      const bool stranger = caller.unproved() || caller.of_other_team;
      if (stranger) expect_nothing_of_alpha(response);
      const bool is_audited = rule.method != "GET" || rule.pattern.ends_with("/secret");
      if (is_audited && response.status < 300) renew();
    }
  }
}

// Goal: whoever has only the cookie, as another site's page has, changes nothing; and neither does who has another
// session's token.
TEST_F(ApiAccessTest, PeopleChangeNothingWithoutTheirToken) {
  Credentials without = world_->credentials("admin");
  without.pop_back();
  for (const Credentials& who : {without, world_->credentials("admin with another session's CSRF token")}) {
    for (const Fixture& fixture : fixtures()) {
      if (fixture.route.starts_with("GET") || fixture.who == kOpenToAll) continue;
      SCOPED_TRACE(fixture.route);
      const auto space = fixture.route.find(' ');
      std::string path(fixture.route.substr(space + 1));
      if (fixture.id) path.replace(path.find("{id}"), 4, fixture.id(world_->alpha));
      const auto audits = world_->audit_count();
      EXPECT_EQ(world_->ask(fixture.route.substr(0, space), path, who, std::string(fixture.body)).status, 403);
      EXPECT_EQ(world_->audit_count(), audits);
    }
  }
}

// Goal: of a batch exactly the events of other teams are refused, each by name of its member.
TEST_F(ApiAccessTest, BatchesTakeNoEventOfAnotherTeam) {
  for (const Caller& caller : callers()) {
    SCOPED_TRACE(caller.name);
    const auto response =
        world_->ask("POST", "/v1/events/batch", world_->credentials(caller.name), "[" + std::string(kEvent) + "]");
    const int status = caller.unproved() ? 401 : may_use(caller, "ami") ? 202 : 403;
    EXPECT_EQ(response.status, status);
    if (status != 202) continue;
    if (caller.of_other_team) EXPECT_THAT(response.body, HasSubstr("/team_id"));
    else EXPECT_THAT(response.body, HasSubstr("evt_"));
  }
}

}  // namespace
}  // namespace limehook::api
