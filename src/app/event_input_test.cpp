#include "app/event_input.hpp"

#include <gmock/gmock.h>

#include "base/json_text.hpp"
#include "base/limits.hpp"

namespace limehook::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SplitEvents, TakesAnObjectAnArrayOrLines) {
  EXPECT_THAT(split_events(" { \"a\" : 1.50 }\n").value(), ElementsAre(R"({"a":1.50})"));
  EXPECT_THAT(split_events("[{\"a\":1},\n {\"b\":2}]").value(), ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_THAT(split_events("{\"a\":1}\r\n\n{\"b\": 2}").value(), ElementsAre(R"({"a":1})", R"({"b":2})"));
}

// Goal: what Windows' tools write is taken: a byte order mark before the text, or before each line of joined files.
TEST(SplitEvents, PassesOverByteOrderMarks) {
  EXPECT_THAT(split_events("\xEF\xBB\xBF{\"a\":1}").value(), ElementsAre(R"({"a":1})"));
  EXPECT_THAT(split_events("\xEF\xBB\xBF[{\"a\":1}]").value(), ElementsAre(R"({"a":1})"));
  EXPECT_THAT(split_events("\xEF\xBB\xBF{\"a\":1}\r\n\xEF\xBB\xBF{\"b\":2}\r\n").value(),
              ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_THAT(split_events(std::string_view("\xFF\xFE{\0}\0", 6)).error(), HasSubstr("UTF-16"));
}

TEST(SplitEvents, SaysWhereItIsNotJson) {
  EXPECT_FALSE(split_events(" \n"));
  EXPECT_FALSE(split_events("[]"));
  EXPECT_FALSE(split_events("{\"a\":"));
  EXPECT_THAT(split_events("{\"a\":1}\n\n{\"b\":\n").error(), HasSubstr("line 3: "));
}

// Goal: no batch is more than the route takes, and nothing is lost on the way. Method: many small events, few huge
// ones.
TEST(MakeBatches, KeepsWithinTheLimits) {
  EXPECT_THAT(make_batches({"{}", "1"}), ElementsAre("[{},1]"));
  const std::vector<std::string> small(2500, "{}");
  EXPECT_EQ(make_batches(small).size(), 3U);
  const std::vector<std::string> huge(50, "\"" + std::string(limits::kEventBytesMax, 'x') + "\"");
  std::size_t events = 0;
  for (const auto& batch : make_batches(huge)) {
    EXPECT_LE(batch.size(), limits::kBatchBytesMax);
    json_text::each_element(batch, [&](std::string_view) { return ++events != 0; });
  }
  EXPECT_EQ(events, huge.size());
  EXPECT_TRUE(make_batches({}).empty());
}

}  // namespace
}  // namespace limehook::app
