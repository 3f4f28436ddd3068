// What is wrong with a text as JSON, and where.

#include <gtest/gtest.h>

#include <tuple>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/event.hpp"

namespace limehook {
namespace {

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

// Goal: what cannot be read is named with the place that it is in and the cause, in words.
TEST(JsonError, SaysWhereItIs) {
  using namespace std::string_literals;
  const std::string wrong = "is not valid JSON: ";
  for (const auto& [json, pointer, detail] : std::initializer_list<std::tuple<std::string, std::string, std::string>>{
           {R"({"call_id":"a \ud83d"})", "/call_id",
            wrong + R"(a lone surrogate (\ud83d), half of a character, at byte 14)"},
           {R"({"call_id":"\ude00"})", "/call_id",
            wrong + R"(a lone surrogate (\ude00), half of a character, at byte 12)"},
           {R"({"a":[1,{"b":"\ud83dx"}]})", "/a/1/b",
            wrong + R"(a lone surrogate (\ud83d), half of a character, at byte 14)"},
           {R"({"a":{"\ud83d":1}})", "/a", wrong + R"(a lone surrogate (\ud83d), half of a character, at byte 7)"},
           {"{\"call_id\":\"Ren\xE9\"}", "/call_id", wrong + "not UTF-8 (E9) at byte 15"},
           {"{\"x\":[\"\xC3\xA9\",\"\xC3\"]}", "/x/1", wrong + "not UTF-8 (C3) at byte 12"},
           {"{\"a\":\"\0\"}"s, "/a", wrong + "a control character (00) at byte 6"},
           {"{\"a\":1\0}"s, "", wrong + "a control character (00) at byte 6"},
           {R"({"a":01})", "", wrong + "syntax error at byte 6"},
           {R"({"a":{"b":tru}})", "/a/b", wrong + "syntax error at byte 10"},
           {R"({"a":1} {})", "", wrong + "something comes after its end, at byte 8"},
           {R"({"a":1e99999999999})", "/a", wrong + "a number whose exponent is too large at byte 16"},
           {"\xFF\xFE{\0\"\0"s, "", wrong + "UTF-16 text; send UTF-8"},
           {"{\0\"\0a\0"s, "", wrong + "UTF-16 text; send UTF-8"},
           {"\0{\0\""s, "", wrong + "UTF-16 text; send UTF-8"},
           {R"({"x":)" + times(32, "[") + times(32, "]") + "}", "/x" + times(31, "/0"),
            "is nested deeper than 32 levels"},
       }) {
    const auto error = json_error(json);
    ASSERT_TRUE(error) << json;
    EXPECT_EQ(error->pointer, pointer) << json;
    EXPECT_EQ(error->detail, detail) << json;
  }
}

TEST(JsonProblem, TakesValidJsonOnly) {
  // Goal: RFC 8259 to the letter, UTF-8, every size of number.
  for (const std::string_view good :
       {"{}", "[]", "0", "-0", "-1.5e-300", "1e400", "123456789012345678901234567890", "\"\"", " \t\r\n null ",
        R"({"a":[true,false,null,"\u0000\ud83d\ude00"]})", "\"\xC3\xA9\xF0\x9F\x98\x80\"", R"({"a":1,"a":2})"}) {
    EXPECT_EQ(json_problem(good), std::nullopt) << good;
  }
  using namespace std::string_view_literals;
  for (const std::string_view bad : {""sv,
                                     " "sv,
                                     "{"sv,
                                     "}"sv,
                                     "[1,]"sv,
                                     "{\"a\":1,}"sv,
                                     "{a:1}"sv,
                                     "{'a':1}"sv,
                                     "01"sv,
                                     "+1"sv,
                                     "1."sv,
                                     ".5"sv,
                                     "1e"sv,
                                     "NaN"sv,
                                     "Infinity"sv,
                                     "tru"sv,
                                     "nul"sv,
                                     "\"\t\""sv,
                                     "\"\\x\""sv,
                                     "\"\\u12\""sv,
                                     "\"a"sv,
                                     "{} {}"sv,
                                     "1 2"sv,
                                     "/**/1"sv,
                                     "1//"sv,
                                     "\"\\ud83d\""sv,
                                     "\"\\ude00\""sv,
                                     "\"\xff\""sv,
                                     "\"\xC0\x80\""sv,
                                     "\"\xED\xA0\x80\""sv,
                                     "\"\xF4\x90\x80\x80\""sv,
                                     "\"\xC3\""sv,
                                     "\xEF\xBB\xBF{}"sv,
                                     "1\0"sv,
                                     "\"\0\""sv}) {
    const auto problem = json_problem(bad);
    ASSERT_TRUE(problem) << bad;
    EXPECT_TRUE(problem->starts_with("is not valid JSON: ")) << *problem;
  }
}

TEST(JsonProblem, LimitsDepth) {
  // Goal: nesting costs stack in every reader, so it ends at a fixed depth.
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(json_problem(nested(limits::kJsonDepthMax)), std::nullopt);
  EXPECT_EQ(json_problem(nested(limits::kJsonDepthMax + 1)), "is nested deeper than 32 levels");
  EXPECT_TRUE(json_problem(std::string(1'000'000, '[')));
}

}  // namespace
}  // namespace limehook
