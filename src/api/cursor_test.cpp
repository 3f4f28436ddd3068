#include "api/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace limehook::api {
namespace {

// Goal: what was sealed comes back, with the same text each time and after a restart.
TEST(CursorSeal, OpensWhatItSealed) {
  const CursorSeal seal("key");
  for (const std::int64_t position :
       {std::int64_t{1}, std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max()}) {
    const std::string text = seal.seal_id("events", position);
    EXPECT_EQ(seal.open_id("events", text), position);
    EXPECT_EQ(CursorSeal("key").seal_id("events", position), text);
    EXPECT_EQ(text.size(), 4U + 39U);
  }
  for (const std::string& position : {std::string("t"), std::string("team_001"), std::string(128, 'x')}) {
    EXPECT_EQ(seal.open("teams", seal.seal("teams", position)), position);
  }
}

// Goal: a cursor of another list or server, and one that was changed or made up, is none.
TEST(CursorSeal, RefusesWhatItDidNotSeal) {
  const CursorSeal seal("key");
  const std::string text = seal.seal_id("events", 4711);
  EXPECT_FALSE(seal.open_id("deliveries", text));
  EXPECT_FALSE(CursorSeal("other").open_id("events", text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(seal.open_id("events", changed)) << changed;
    EXPECT_FALSE(seal.open_id("events", text.substr(0, i))) << i;
  }
  for (const std::string& wrong : {std::string(), std::string("cur_"), text + "A", text + "=",
                                   "cur_" + std::string(500, 'A'), std::string("cur_0000000000001"), " " + text}) {
    EXPECT_FALSE(seal.open_id("events", wrong)) << wrong;
  }
  EXPECT_FALSE(seal.open_id("teams", seal.seal("teams", "team_001x")));
}

// Goal: neighbours have nothing in common, so that nobody sees how far two positions are apart.
TEST(CursorSeal, HidesPositions) {
  const CursorSeal seal("key");
  const std::string one = seal.seal_id("events", 1000);
  const std::string next = seal.seal_id("events", 1001);
  int same = 0;
  for (std::size_t i = 4; i < one.size(); ++i) same += one[i] == next[i];
  EXPECT_LT(same, 8);
}

}  // namespace
}  // namespace limehook::api
