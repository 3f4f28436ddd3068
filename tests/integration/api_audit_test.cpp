// The audit log and the change it tells of are stored together or not at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api_world.hpp"

namespace limehook::api {
namespace {

struct Change {
  std::string_view method;
  std::string path;
  std::string_view body;
  std::size_t entries = 1;
};

class ApiAuditTest : public testing::Test {
 protected:
  std::vector<Change> changes() const {
    const TeamThings& a = world_.alpha;
    return {
        {"POST", "/v1/webhooks", R"({"name":"n","url":"https://192.0.2.2/","events":["missed_call"]})"},
        {"PATCH", "/v1/webhooks/" + a.webhook.str(), R"({"name":"changed"})"},
        {"POST", "/v1/webhooks/" + a.webhook.str() + "/disable", ""},
        {"POST", "/v1/webhooks/" + a.webhook.str() + "/rotate-secret", ""},
        {"POST", "/v1/numbers", R"({"number":"+15553333","team_id":"team_alpha"})"},
        {"PATCH", "/v1/numbers/" + a.number.str(), R"({"name":"changed"})"},
        {"DELETE", "/v1/numbers/" + a.number.str(), ""},
        {"POST", "/v1/keys", R"({"name":"n","role":"admin"})"},
        {"PATCH", "/v1/keys/" + a.key.str(), R"({"name":"changed"})"},
        {"DELETE", "/v1/keys/" + a.key.str(), ""},
        {"POST", "/v1/teams", R"({"id":"team_new","name":"n"})"},
        {"PATCH", "/v1/teams/team_alpha", R"({"name":"changed"})"},
        {"POST", "/v1/teams/team_alpha/portal", "{}"},
        {"PATCH", "/v1/users/" + a.user.str(), R"({"name":"changed"})"},
        {"POST", "/v1/users/" + a.user.str() + "/reset-link", ""},
        {"DELETE", "/v1/users/" + a.user.str(), "", 2},  // of the installation, and of the team
        {"POST", "/v1/invitations", R"({"email":"new@example.com","role":"admin"})"},
        {"DELETE", "/v1/invitations/" + a.invitation.str(), ""},
        {"DELETE", "/v1/sessions", ""},
        {"DELETE", "/v1/webhooks/" + a.webhook.str(), ""},
    };
  }
  Response ask(const Change& change) {
    return world_.ask(change.method, change.path, world_.credentials("admin"), std::string(change.body));
  }

  ApiWorld world_;
};

// Goal: what the store refuses leaves no entry and changes nothing, in memory neither.
TEST_F(ApiAuditTest, RefusedChangesLeaveNoEntry) {
  const auto known = world_.audit_count();
  const auto lists = {"/v1/webhooks", "/v1/numbers", "/v1/keys", "/v1/teams", "/v1/users", "/v1/invitations"};
  const auto seen = [&] {
    std::string all;
    for (const auto* list : lists) all += world_.ask("GET", list, world_.credentials("configured key")).body;
    return all;
  };
  const std::string before = seen();
  world_.store.full = true;
  for (const Change& change : changes()) {
    SCOPED_TRACE(std::string(change.method) + " " + change.path);
    const Response response = ask(change);
    EXPECT_EQ(response.status, 503) << response.body;
    EXPECT_EQ(world_.audit_count(), known);
  }
  EXPECT_EQ(seen(), before);
}

// Goal: every change leaves its entries, of who made it, by the time it is answered.
TEST_F(ApiAuditTest, EveryChangeLeavesItsEntries) {
  auto known = world_.audit_count();
  for (const Change& change : changes()) {
    if (change.path == "/v1/sessions") continue;  // would be the last
    SCOPED_TRACE(std::string(change.method) + " " + change.path);
    const Response response = ask(change);
    EXPECT_LT(response.status, 300) << response.body;
    known += change.entries;
    EXPECT_EQ(world_.audit_count(), known);
    const AuditEntry entry = world_.store.list_audit({.limit = 1}).rows.at(0);
    EXPECT_EQ(entry.actor_kind, ActorKind::User);
    EXPECT_EQ(entry.actor_id, world_.admin.str());
    EXPECT_EQ(entry.client_address, "192.0.2.9");
  }
}

}  // namespace
}  // namespace limehook::api
