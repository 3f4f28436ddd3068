// Portals: how many of a team are open at once.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api_world.hpp"
#include "base/limits_more.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

class ApiPortalsTest : public testing::Test {
 protected:
  json::object made(const std::string& target, const std::string& who, const std::string& body) {
    const Response response = world_.ask("POST", target, world_.credentials(who), body);
    EXPECT_EQ(response.status, 201) << response.body;
    return json::parse(response.body).as_object();
  }
  // The token of a new portal.
  std::string open(const std::string& team, const std::string& who) {
    const auto link = made("/v1/teams/" + team + "/portal", who, "{}");
    const auto token = json::serialize(json::object{{"token", link.at("token")}});
    return std::string(made("/v1/portal/session", "nobody", token).at("token").as_string());
  }
  bool works(const std::string& token) {
    return world_.ask("GET", "/v1/webhooks", {{"authorization", "Bearer " + token}}).status == 200;
  }

  ApiWorld world_;
};

// Goal: one portal more than a team may have ends its oldest one, whoever makes it, and no other team's.
TEST_F(ApiPortalsTest, OneTooManyEndsTheOldest) {
  const std::string other = open("team_beta", "other's manage key");
  ASSERT_EQ(world_.ask("GET", "/v1/webhooks", world_.credentials("manage portal")).status, 200);
  const std::string first = open("team_alpha", "manage key");
  std::string last;
  for (std::size_t i = 0; i < limits::kPortalsPerTeamMax; ++i)
    last = open("team_alpha", i % 2 ? "admin key" : "manage key");
  EXPECT_FALSE(works(first));
  EXPECT_TRUE(works(last));
  EXPECT_TRUE(works(other));
}

}  // namespace
}  // namespace limehook::api
