#include "api/query.hpp"

#include <gtest/gtest.h>

#include "api/call.hpp"

namespace limehook::api {
namespace {

std::string refusal_of(std::string_view query, std::string_view taken) {
  try {
    read_query(query, taken);
    return "";
  } catch (const Fault& fault) {
    return std::to_string(fault.response.status) + " " + fault.response.body;
  }
}

TEST(ReadQuery, DecodesWhatTheRouteTakes) {
  EXPECT_EQ(read_query("", "a b"), QueryParameters{});
  EXPECT_EQ(read_query("b=1%202&a=%2B3", "a b"), (QueryParameters{{"b", "1 2"}, {"a", "+3"}}));
  EXPECT_EQ(read_query("a=1&&", "a"), (QueryParameters{{"a", "1"}}));
}

// Goal: one answer names every parameter that is wrong, as a pointer, and in which way.
TEST(ReadQuery, NamesWhatIsWrong) {
  struct Case {
    std::string_view query;
    std::string_view pointer;
    std::string_view words;
  };
  for (const Case& each : {Case{"c=1", "/c", "not a known"},
                           {"a=1&a=1", "/a", "given once"},
                           {"a=1&%61=2", "/a", "given once"},
                           {"a=", "/a", "not be empty"},
                           {"a", "/a", "not be empty"},
                           {"ab=1", "/ab", "not a known"},
                           {"=1", "\"/\"", "not a known"},
                           {"x%2Fy=1", "/x~1y", "not a known"},
                           {"a%20b=1", "/a b", "not a known"}}) {
    const std::string refusal = refusal_of(each.query, "a b");
    EXPECT_TRUE(refusal.starts_with("422 ")) << each.query << refusal;
    EXPECT_NE(refusal.find(each.pointer), std::string::npos) << refusal;
    EXPECT_NE(refusal.find(each.words), std::string::npos) << refusal;
  }
  const std::string both = refusal_of("c=1&a=", "a b");
  EXPECT_NE(both.find("\"/c\""), std::string::npos) << both;
  EXPECT_NE(both.find("\"/a\""), std::string::npos) << both;
  EXPECT_TRUE(refusal_of("a=%zz", "a").starts_with("400 "));
  EXPECT_TRUE(refusal_of("a=%ff", "a").starts_with("400 "));
}

// Goal: what a query is full of does not make a large answer.
TEST(ReadQuery, BoundsItsAnswer) {
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "x" + std::to_string(i) + "=1&";
  EXPECT_LT(refusal_of(many, "a").size(), 4000U);
}

// Goal: where others may add to the query, what is not ours is passed over.
TEST(ReadQuery, PassesOverWhatIsOthers) {
  EXPECT_EQ(read_query("a=%zz&a=", kAnyQuery), QueryParameters{});
  EXPECT_EQ(read_query("state=1&session_state=2&state=3&code=", "state code *"), (QueryParameters{{"state", "1"}}));
}

TEST(WithPlus, PutsBackWhatAFormTookAway) {
  EXPECT_EQ(with_plus_of_offset("2025-01-30T15:00:00 01:00"), "2025-01-30T15:00:00+01:00");
  for (const auto* text : {"2025-01-30T15:00:00Z", "2025-01-30T15:00:00-01:00", "2025-01-30 15:00:00Z", "", " 1:00"}) {
    EXPECT_EQ(with_plus_of_offset(text), text);
  }
  EXPECT_EQ(with_plus_in_front(" 1234"), "+1234");
  EXPECT_EQ(with_plus_in_front("1 234"), "1 234");
}

}  // namespace
}  // namespace limehook::api
