#include "api/precondition.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace limehook::api {
namespace {

struct Case {
  std::vector<std::string> if_match;  // one header each
  int status = 0;                     // of the refusal; 0: the change goes on
  std::optional<int> version;         // that the webhook must still have
};

// Goal: If-Match is read as RFC 9110 says: a list, possibly over several headers, or *; weak tags match nothing; what
// is no such list matches nothing either.
TEST(Precondition, ComparesIfMatchWithTheVersion) {
  const std::vector<Case> cases{
      {{}, 0, std::nullopt},
      {{"*"}, 0, std::nullopt},
      {{"\"7\""}, 0, 7},
      {{"\"6\", \"7\""}, 0, 7},
      {{",\t, \"7\" ,"}, 0, 7},
      {{"\"a,b\",W/\"7\",\"7\""}, 0, 7},
      {{"\"6\"", "\"7\""}, 0, 7},
      {{"\"\xc3\xa4\", \"7\""}, 0, 7},
      {{"\"6\""}, 412, {}},
      {{"\"\""}, 412, {}},
      {{"\"07\""}, 412, {}},
      {{"W/\"7\""}, 412, {}},
      {{"\"6\", \"8\""}, 412, {}},
      {{""}, 412, {}},
      {{","}, 412, {}},
      {{"7"}, 412, {}},
      {{"\"7"}, 412, {}},
      {{"w/\"7\""}, 412, {}},
      {{"\"7\" \"8\""}, 412, {}},
      {{"\"7 8\""}, 412, {}},
      {{"*, \"7\""}, 412, {}},
      {{"*", "*"}, 412, {}},
  };
  Webhook webhook;
  webhook.version = 7;
  EXPECT_EQ(entity_tag(webhook), "\"7\"");
  for (const Case& c : cases) {
    Request request;
    std::string shown;
    for (const std::string& value : c.if_match) {
      request.headers.emplace_back("if-match", value);
      shown += value + " | ";
    }
    const auto wanted = wanted_version(request, webhook);
    EXPECT_EQ(wanted ? 0 : wanted.error().status, c.status) << shown;
    if (wanted) EXPECT_EQ(*wanted, c.version) << shown;
  }
}

}  // namespace
}  // namespace limehook::api
