// Lists, searches, figures and background work across teams: what is another team's is found by nobody else, however
// one asks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api_world.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

class ApiListsTest : public testing::Test {
 protected:
  // By a caller of the other team.
  Response get(const std::string& target, const std::string& who = "other's manage person") {
    return world_.ask("GET", target, world_.credentials(who));
  }
  void expect_nothing_of_alpha(const Response& response) {
    for (const std::string& word : alpha_.words()) EXPECT_THAT(response.body, Not(HasSubstr(word)));
  }
  // What the first team gets as the cursor of a list, where that has more than one entry.
  std::string cursor_of_alpha(const std::string& path) {
    const Response page = world_.ask("GET", path + "?limit=1", world_.credentials("manage person"));
    const auto next = json::parse(page.body).at("next_cursor");
    return next.is_string() ? std::string(next.as_string()) : "";
  }

  ApiWorld world_;
  const TeamThings& alpha_ = world_.alpha;
  const TeamThings& beta_ = world_.beta;
};

struct ListCase {
  std::string_view path;
  std::vector<std::string_view> callers;  // of the other team
  std::string own;                        // what they do see
};

// Goal: each list shows the own team's things and nothing of another; another's cursor, and asking for another team by
// name, are refused.
TEST_F(ApiListsTest, ShowOwnThingsOnly) {
  const std::vector<std::string_view> team_admins{"other's manage person"};
  const std::vector<std::string_view> keys{"other's manage key", "other's read key", "other's manage person",
                                           "other's read person"};
  std::vector<std::string_view> portals = keys;
  portals.insert(portals.end(), {"other's manage portal", "other's read portal"});
  const std::vector<ListCase> cases{
      {"/v1/events", keys, beta_.event.str()},           {"/v1/webhooks", portals, beta_.webhook.str()},
      {"/v1/deliveries", portals, beta_.delivery.str()}, {"/v1/numbers", keys, beta_.number.str()},
      {"/v1/keys", team_admins, beta_.key.str()},        {"/v1/teams", portals, beta_.team_id},
      {"/v1/users", team_admins, beta_.user.str()},      {"/v1/invitations", team_admins, beta_.invitation.str()},
      {"/v1/audit", team_admins, beta_.audit.str()},
  };
  for (const ListCase& list : cases) {
    for (const std::string_view caller : list.callers) {
      SCOPED_TRACE(std::string(list.path) + " by " + std::string(caller));
      const std::string path(list.path);
      const Response all = get(path, std::string(caller));
      EXPECT_EQ(all.status, 200) << all.body;
      EXPECT_THAT(all.body, HasSubstr(list.own));
      expect_nothing_of_alpha(all);
      const std::string foreign = cursor_of_alpha(path);
      if (!foreign.empty()) EXPECT_EQ(get(path + "?cursor=" + foreign, std::string(caller)).status, 422);
      if (path == "/v1/teams") continue;  // has no such filter
      EXPECT_EQ(get(path + "?team_id=team_alpha", std::string(caller)).status, 403);
      EXPECT_EQ(get(path + "?team_id=team_beta&team_id=team_alpha", std::string(caller)).status, 422);
      EXPECT_EQ(get(path + "?team_id=&team_id=team_alpha", std::string(caller)).status, 422);
    }
  }
}

// Goal: searches by another team's numbers, calls, ids and people find nothing.
TEST_F(ApiListsTest, SearchesFindNothingOfOthers) {
  const std::string phone = alpha_.phone.substr(1);
  for (const std::string& target : {
           "/v1/events?q=" + phone,
           "/v1/events?q=" + alpha_.call_id,
           "/v1/deliveries?q=" + phone,
           "/v1/deliveries?q=" + alpha_.call_id,
           "/v1/deliveries?webhook_id=" + alpha_.webhook.str(),
           "/v1/webhooks/" + beta_.webhook.str() + "/deliveries?q=" + alpha_.call_id,
           "/v1/numbers?number=%2B" + phone,
           "/v1/audit?target=" + alpha_.webhook.str(),
           "/v1/audit?actor=" + alpha_.key.str(),
       }) {
    SCOPED_TRACE(target);
    const Response response = get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(json::parse(response.body).at("data").as_array().empty()) << response.body;
    expect_nothing_of_alpha(response);
  }
}

// Goal: polling from before another team's event on gives the own one only.
TEST_F(ApiListsTest, PollingGivesOwnEventsOnly) {
  // Cursors of earlier versions were bare ids.
  const std::string path = "/v1/webhooks/" + beta_.webhook.str() + "/events?after=";
  const Response response = get(path + encode_id("cur_", alpha_.event.value - 1));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr(beta_.event.str()));
  expect_nothing_of_alpha(response);
}

// Goal: figures are of the own team; the installation's are for admins.
TEST_F(ApiListsTest, FiguresAreOfTheOwnTeam) {
  const auto tested = world_.ask("POST", "/v1/webhooks/" + alpha_.webhook.str() + "/test",
                                 world_.credentials("manage key"), R"({"event":"missed_call"})");
  ASSERT_EQ(tested.status, 200) << tested.body;
  const auto retried =
      world_.ask("POST", "/v1/deliveries/" + alpha_.delivery.str() + "/retry", world_.credentials("manage key"));
  ASSERT_EQ(retried.status, 202) << retried.body;
  const auto attempts = [&](const std::string& who) {
    return json::parse(get("/v1/stats", who).body).at("totals").at("attempts").as_int64();
  };
  ASSERT_TRUE(world_.run_until([&] { return attempts("manage key") > 0; }));
  EXPECT_GT(attempts("admin"), 0);
  for (const auto* who : {"other's manage key", "other's read person", "other's manage portal"}) {
    EXPECT_EQ(attempts(who), 0) << who;
  }
}

// Goal: a recovery brings the own team's missing events only, whatever it searches for.
TEST_F(ApiListsTest, RecoveriesBringOwnEventsOnly) {
  const Credentials& who = world_.credentials("other's manage key");
  const auto recover = [&](const std::string& body) {
    const std::string path = "/v1/webhooks/" + beta_.webhook.str();
    const Response started = world_.ask("POST", path + "/recover", who, body);
    ASSERT_EQ(started.status, 202) << started.body;
    const std::string id(json::parse(started.body).at("id").as_string());
    Response state;
    ASSERT_TRUE(world_.run_until([&] {
      state = world_.ask("GET", "/v1/recoveries/" + id, who);
      return json::parse(state.body).at("state").as_string() != "running";
    }));
    const Response log = world_.ask("GET", path + "/deliveries", who);
    EXPECT_THAT(log.body, HasSubstr(beta_.delivery.str()));
    expect_nothing_of_alpha(log);
  };
  recover(R"({"status":"missing","since":"2020-01-01T00:00:00Z"})");
  recover(R"({"status":"missing","since":"2020-01-01T00:00:00Z","q":")" + alpha_.call_id + R"("})");
  recover(R"({"status":"failed","since":"2020-01-01T00:00:00Z","q":")" + alpha_.call_id + R"("})");
}

// Goal: an event goes to webhooks of its own team only, whoever sends it.
TEST_F(ApiListsTest, EventsReachOwnWebhooksOnly) {
  const std::string event =
      R"({"event":"missed_call","call_id":"for-beta","caller_number":"+15551111","callee_number":"+15552222",
          "timestamp":"2025-01-30T15:00:00Z","status":"missed"})";
  for (const auto* who : {"other's ingest key", "other's manage key", "other's manage person"}) {
    ASSERT_EQ(world_.ask("POST", "/v1/events", world_.credentials(who), event).status, 202) << who;
  }
  const Response theirs = get("/v1/deliveries?q=for-beta", "manage key");
  EXPECT_TRUE(json::parse(theirs.body).at("data").as_array().empty()) << theirs.body;
  EXPECT_EQ(json::parse(get("/v1/events?q=for-beta").body).at("data").as_array().size(), 3U);
}

// Goal: one key for repetitions, used by two teams, is two: the other's event is neither found nor swallowed.
TEST_F(ApiListsTest, IdempotencyKeysOfTeamsDoNotMeet) {
  const std::string event =
      R"({"event":"missed_call","call_id":"once","caller_number":"+15551111","callee_number":"+15552222",
          "timestamp":"2025-01-30T15:00:00Z","status":"missed"})";
  std::set<std::string> ids;
  for (const auto* who : {"ingest key", "other's ingest key", "key that sends for all"}) {
    Credentials headers = world_.credentials(who);
    headers.emplace_back("idempotency-key", "the-same");
    const Response response = world_.ask("POST", "/v1/events", headers, event);
    EXPECT_EQ(response.status, 202) << response.body;
    ids.insert(std::string(json::parse(response.body).at("id").as_string()));
  }
  EXPECT_EQ(ids.size(), 3U);
}

}  // namespace
}  // namespace limehook::api
