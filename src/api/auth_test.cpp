#include "api/auth.hpp"

#include <gtest/gtest.h>

#include "signing/signing.hpp"

namespace limehook::api {
namespace {

using namespace std::chrono_literals;
using http_server::Request;

constexpr WallTime kStart{std::chrono::seconds(1'770'000'000)};
constexpr SessionLimits kLimits{.idle = 12h, .age = 30 * 24h};
const UserId kUser{7};

class AuthTest : public testing::Test {
 protected:
  AuthTest() {
    directory_.apply(
        User{.id = kUser, .email = "ann@example.com", .teams = {{"team_b", Role::Read}, {"team_a", Role::Manage}}});
    directory_.apply(session("lhs_ann", 1));
    Session portal = session("lhp_portal", 2);
    portal.user = {};
    portal.team_id = "team_a";
    portal.role = Role::Read;
    portal.expires_at = kStart + 24h;
    directory_.apply(portal);
    directory_.apply(ApiKey{.id = KeyId{3},
                            .role = Role::Manage,
                            .team_id = "team_a",
                            .hash = signing::sha256("lh_key"),
                            .expires_at = kStart + 24h});
  }
  static Session session(std::string_view token, std::int64_t id) {
    return {.id = SessionId{id},
            .hash = signing::sha256(token),
            .user = kUser,
            .created_at = kStart,
            .expires_at = kStart + kLimits.age,
            .last_seen_at = kStart};
  }
  static Request with(std::vector<std::pair<std::string, std::string>> headers, std::string method = "GET") {
    return {.method = std::move(method),
            .target = "/v1/webhooks",
            .body = "",
            .headers = std::move(headers),
            .client_address = "192.0.2.1"};
  }
  static Request with_cookie(const std::string& value) { return with({{"cookie", value}}); }
  static Request with_bearer(const std::string& value) { return with({{"authorization", "Bearer " + value}}); }

  // 200, or the status of the refusal.
  int status(const Request& request, Duration after = {}) {
    const auto who = authenticate(request, options_, directory_, kStart + after);
    return who ? 200 : who.error().status;
  }

  runtime::Directory directory_;
  AuthOptions options_{.admin_key = signing::sha256("lh_root"), .sessions = kLimits};
};

const std::string kCookie = "limehook_session=lhs_ann";

// Goal: a session that is not used ends, exactly when it has been idle for so long.
TEST_F(AuthTest, SessionEndsWhenIdle) {
  EXPECT_EQ(status(with_cookie(kCookie), kLimits.idle), 401);
  EXPECT_EQ(status(with_cookie(kCookie), kLimits.idle - 1us), 200);
  // That was a use: it counts from there.
  EXPECT_EQ(status(with_cookie(kCookie), 2 * kLimits.idle - 2us), 200);
  EXPECT_EQ(status(with_cookie(kCookie), 3 * kLimits.idle), 401);
}

// Goal: it ends at its age, however much it is used.
TEST_F(AuthTest, SessionEndsAtItsAgeHoweverMuchItIsUsed) {
  for (Duration after = 0h; after < kLimits.age; after += 11h) EXPECT_EQ(status(with_cookie(kCookie), after), 200);
  EXPECT_EQ(status(with_cookie(kCookie), kLimits.age - 1us), 200);
  EXPECT_EQ(status(with_cookie(kCookie), kLimits.age), 401);
}

// Goal: requests that are refused do not keep a session alive.
TEST_F(AuthTest, ForgedRequestsDoNotKeepASessionAlive) {
  EXPECT_EQ(status(with({{"cookie", kCookie}}, "POST"), kLimits.idle - 1h), 403);
  EXPECT_EQ(status(with_cookie(kCookie), kLimits.idle), 401);
}

// Goal: a portal's session ends at its time, and keys at theirs; neither is ended by rest.
TEST_F(AuthTest, PortalsAndKeysEndAtTheirTime) {
  for (const auto* token : {"lhp_portal", "lh_key"}) {
    EXPECT_EQ(status(with_bearer(token), 24h - 1us), 200) << token;
    EXPECT_EQ(status(with_bearer(token), 24h), 401) << token;
  }
}

// Goal: what is disabled, removed or revoked counts at once.
TEST_F(AuthTest, WhatIsTakenAwayCountsAtOnce) {
  directory_.apply(store::Removed<KeyId>{KeyId{3}});
  EXPECT_EQ(status(with_bearer("lh_key")), 401);
  directory_.apply(store::Removed<SessionId>{SessionId{2}});
  EXPECT_EQ(status(with_bearer("lhp_portal")), 401);
  User user = *directory_.find_user(kUser);
  user.enabled = false;
  directory_.apply(user);
  EXPECT_EQ(status(with_cookie(kCookie)), 401);
  user.enabled = true;
  directory_.apply(user);
  EXPECT_EQ(status(with_cookie(kCookie)), 200);
  directory_.apply(store::Removed<UserId>{kUser});
  EXPECT_EQ(status(with_cookie(kCookie)), 401);
}

// Goal: no token works in another's place.
TEST_F(AuthTest, TokensAreGoodInTheirPlaceOnly) {
  EXPECT_EQ(status(with_bearer("lhs_ann")), 401);
  EXPECT_EQ(status(with_cookie("limehook_session=lhp_portal")), 401);
  EXPECT_EQ(status(with_cookie("limehook_session=lh_key")), 401);
  EXPECT_EQ(status(with_cookie("limehook_session=lh_root")), 401);
  EXPECT_EQ(status(with_bearer("lh_root")), 200);
}

struct CookieCase {
  const char* cookie;
  bool secure;
  int status;
};

// Goal: the cookie is found among others, by its whole name; over TLS only the one that browsers guard (__Host-)
// counts, since any host of the domain could set the other.
TEST_F(AuthTest, CookieIsTheOneOfThisServer) {
  const CookieCase cases[] = {
      {"a=b; limehook_session=lhs_ann; c=d", false, 200},
      {"a=b;limehook_session=lhs_ann", false, 200},
      {"xlimehook_session=lhs_ann", false, 401},
      {"limehook_sessionx=lhs_ann", false, 401},
      {"Limehook_Session=lhs_ann", false, 401},
      {"limehook_session=lhs_annx", false, 401},
      {"limehook_session=", false, 401},
      {"limehook_session", false, 401},
      {"a=limehook_session=lhs_ann", false, 401},
      {"__Host-limehook_session=lhs_ann", false, 401},
      {"limehook_session=lhs_ann", true, 401},
      {"__Host-limehook_session=lhs_ann", true, 200},
      {"limehook_session=lhs_other; __Host-limehook_session=lhs_ann", true, 200},
      {";;; ;", false, 401},
  };
  for (const CookieCase& tried : cases) {
    Request request = with_cookie(tried.cookie);
    request.secure = tried.secure;
    EXPECT_EQ(status(request), tried.status) << tried.cookie << (tried.secure ? " over TLS" : "");
  }
}

// Goal: where people come over https, that holds also for requests that a proxy passes on in clear.
TEST_F(AuthTest, GuardedCookieCountsBehindAProxyToo) {
  options_.secure_cookies = true;
  EXPECT_EQ(status(with_cookie(kCookie)), 401);
  EXPECT_EQ(status(with_cookie("__Host-" + kCookie)), 200);
}

// Goal: changes need the token of this very session; reading does not.
TEST_F(AuthTest, ChangesNeedTheSessionsToken) {
  const auto change = [&](const std::string& method, const std::string& token) {
    return status(with({{"cookie", kCookie}, {"x-csrf-token", token}}, method));
  };
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(change(method, csrf_token("lhs_ann")), 200) << method;
    EXPECT_EQ(change(method, ""), 403) << method;
    EXPECT_EQ(change(method, csrf_token("lhs_other")), 403) << method;
    EXPECT_EQ(change(method, csrf_token("lhs_ann").substr(0, 20)), 403) << method;
    EXPECT_EQ(change(method, csrf_token("lhs_ann") + "0"), 403) << method;
    EXPECT_EQ(change(method, "lhs_ann"), 403) << method;
  }
  EXPECT_EQ(change("GET", ""), 200);
  EXPECT_EQ(change("HEAD", ""), 200);
}

// Goal: an Authorization header that is wrong does not fall back to the cookie, which other sites can make a browser
// send.
TEST_F(AuthTest, HeaderGoesBeforeTheCookie) {
  for (const auto* value : {"Bearer lh_wrong", "Basic abc", "Bearer ", "Bearer", "lh_root"}) {
    EXPECT_EQ(status(with({{"authorization", value}, {"cookie", kCookie}})), 401) << value;
  }
}

// Goal: a person acts in the team they name, with their role there; else in their first; never in one that is not
// theirs.
TEST_F(AuthTest, PeopleActInOneOfTheirTeams) {
  const auto in = [&](std::vector<std::pair<std::string, std::string>> headers) {
    headers.emplace_back("cookie", kCookie);
    return authenticate(with(headers), options_, directory_, kStart);
  };
  const auto first = in({});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->team_id, "team_b");
  EXPECT_EQ(first->role, Role::Read);
  const auto named = in({{"limehook-team", "team_a"}});
  ASSERT_TRUE(named);
  EXPECT_EQ(named->team_id, "team_a");
  EXPECT_EQ(named->role, Role::Manage);
  for (const auto* other : {"", "team_c", "TEAM_A", "team_a ", "team_a,team_b", "*"}) {
    const auto refused = in({{"limehook-team", other}});
    ASSERT_FALSE(refused) << other;
    EXPECT_EQ(refused.error().status, 403) << other;
  }
}

// Goal: who is limited to a team sees that one only, and nothing that has no team; nobody in no team sees anything.
TEST_F(AuthTest, WhoIsLimitedSeesTheirTeamOnly) {
  const auto key = authenticate(with_bearer("lh_key"), options_, directory_, kStart);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->sees_team("team_a"));
  EXPECT_FALSE(key->sees_team("team_b"));
  EXPECT_FALSE(key->sees_team(""));
  directory_.apply(User{.id = kUser, .email = "ann@example.com"});
  const auto lonely = authenticate(with_cookie(kCookie), options_, directory_, kStart);
  ASSERT_TRUE(lonely);
  EXPECT_TRUE(lonely->limited());
  EXPECT_FALSE(lonely->sees_team("team_a"));
  EXPECT_FALSE(lonely->sees_team(""));
}

}  // namespace
}  // namespace limehook::api
