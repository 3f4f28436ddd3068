#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace limehook::json_text {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs members_of(std::string_view object) {
  Pairs pairs;
  each_member(object, [&](std::string_view key, std::string_view value) {
    pairs.emplace_back(key, value);
    return true;
  });
  return pairs;
}

std::vector<std::string> elements_of(std::string_view array) {
  std::vector<std::string> elements;
  each_element(array, [&](std::string_view value) {
    elements.emplace_back(value);
    return true;
  });
  return elements;
}

TEST(Compact, RemovesWhiteSpaceBetweenTokensOnly) {
  // Goal: strings and numbers stay as they were written.
  EXPECT_EQ(compact(" { \"a b\" :\t[ 1.50 , -0 ,\r\n 1E5 ] , \"c\" : \" \\\" x \" } \n"),
            R"({"a b":[1.50,-0,1E5],"c":" \" x "})");
  EXPECT_EQ(compact(R"("\\" )"), R"("\\")");
  EXPECT_EQ(compact(" 1 "), "1");
  EXPECT_EQ(compact("{ }"), "{}");
  EXPECT_EQ(compact("[1\n]"), "[1]");
  EXPECT_EQ(compact("[1\t]"), "[1]");
  EXPECT_EQ(compact("[1\r]"), "[1]");
  EXPECT_EQ(compact(R"({"a":[1,"b"]})"), R"({"a":[1,"b"]})");
}

TEST(EachMember, WalksInOrder) {
  // Goal: every kind of value is cut out whole, with raw names.
  EXPECT_EQ(members_of(R"({"a":1,"b":"x,}\"","c":{"d":[1,{"e":"]"}]},"f\n":[],"g":null,"a":-2.5e3})"),
            (Pairs{{"a", "1"},
                   {"b", R"("x,}\"")"},
                   {"c", R"({"d":[1,{"e":"]"}]})"},
                   {"f\\n", "[]"},
                   {"g", "null"},
                   {"a", "-2.5e3"}}));
  EXPECT_EQ(members_of("{}"), Pairs{});
  EXPECT_EQ(members_of(R"({"":""})"), (Pairs{{"", "\"\""}}));
}

TEST(EachMember, StopsWhenTold) {
  // Goal: `false` ends the walk.
  int seen = 0;
  each_member(R"({"a":1,"b":2,"c":3})", [&](std::string_view, std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

TEST(EachElement, WalksInOrder) {
  // Goal: elements of every kind are cut out whole; `false` ends the walk.
  EXPECT_EQ(elements_of(R"([1,"a,]",[2,[3]],{"b":[4]},true])"),
            (std::vector<std::string>{"1", R"("a,]")", "[2,[3]]", R"({"b":[4]})", "true"}));
  EXPECT_EQ(elements_of("[]"), std::vector<std::string>{});
  EXPECT_EQ(elements_of("[[]]"), std::vector<std::string>{"[]"});
  int seen = 0;
  each_element("[1,2,3]", [&](std::string_view) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

TEST(Find, FollowsDottedPaths) {
  // Goal: objects by name, arrays by index, the last of equal names, names with escapes.
  constexpr std::string_view kObject =
      R"({"a":{"b":[10,{"c":"x"},30]},"d":1,"d":2,"e\u0066":3,"0":"zero","n":null,"":{"":4}})";
  struct Case {
    std::string_view path;
    std::optional<std::string_view> value;
  };
  for (const auto& [path, value] : std::initializer_list<Case>{
           {"a.b.0", "10"},
           {"a.b.1.c", R"("x")"},
           {"a.b.2", "30"},
           {"a.b", R"([10,{"c":"x"},30])"},
           {"d", "2"},
           {"ef", "3"},
           {"0", R"("zero")"},
           {"n", "null"},
           {".", "4"},
           {"a.b.3", std::nullopt},
           {"a.b.-1", std::nullopt},
           {"a.b.x", std::nullopt},
           {"a.b.", std::nullopt},
           {"a.x", std::nullopt},
           {"d.x", std::nullopt},
           {"n.x", std::nullopt},
           {"x", std::nullopt},
       }) {
    EXPECT_EQ(find(kObject, path), value) << path;
  }
}

TEST(StringValue, ResolvesEscapes) {
  // Goal: every escape of RFC 8259, section 7, surrogate pairs included.
  struct Case {
    std::string_view raw;
    std::optional<std::string> value;
  };
  for (const auto& [raw, value] : std::initializer_list<Case>{
           {R"("")", ""},
           {R"("plain")", "plain"},
           {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
           {R"("\u0041\u00e9\u20AC")", "A\xC3\xA9\xE2\x82\xAC"},
           {R"("\ud83d\ude00!")", "\xF0\x9F\x98\x80!"},
           {R"("a\u0000b")", std::string("a\0b", 3)},
           {"\"\xC3\xA9\"", "\xC3\xA9"},
           {"12", std::nullopt},
           {"null", std::nullopt},
           {"{}", std::nullopt},
           {"", std::nullopt},
       }) {
    EXPECT_EQ(string_value(raw), value) << raw;
  }
}

TEST(Quote, EscapesWhatMustBe) {
  // Goal: any UTF-8 text becomes a string that reads back the same.
  EXPECT_EQ(quote("a\"b\\c\n"), R"("a\"b\\c\u000a")");
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    EXPECT_EQ(string_value(quote(text)), text) << byte;
  }
  EXPECT_EQ(quote("\xC3\xA9"), "\"\xC3\xA9\"");
  EXPECT_EQ(quote(""), R"("")");
  std::string text = "{";
  append_quoted(text, "a\\");
  EXPECT_EQ(text, R"({"a\\")");
}

TEST(PointerStep, EscapesTildeAndSlash) {
  // Goal: RFC 6901, section 3.
  EXPECT_EQ(pointer_step("a"), "/a");
  EXPECT_EQ(pointer_step("a/b~c"), "/a~1b~0c");
  EXPECT_EQ(pointer_step(""), "/");
}

TEST(JsonText, PassesOverAByteOrderMark) {
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(without_byte_order_mark("\xEF\xBB{}"), "\xEF\xBB{}");
  EXPECT_EQ(without_byte_order_mark(" \xEF\xBB\xBF{}"), " \xEF\xBB\xBF{}");
  EXPECT_EQ(without_byte_order_mark(""), "");
}

// Goal: integers come out in one form, all else as it was.
TEST(JsonText, WritesIntegersPlainly) {
  EXPECT_EQ(with_plain_integers(R"({"a":12.0,"b":[1.2e1,-0,1e3,0.0],"12.0":"12.0"})"),
            R"({"a":12,"b":[12,0,1000,0],"12.0":"12.0"})");
  for (const std::string_view same :
       {R"({"a":[1.5,1e400,18446744073709551615,"1.0",true,null]})", "{}", "-7", "1e-1"}) {
    EXPECT_EQ(with_plain_integers(same), same);
  }
}

// Goal: an array is followed through whatever stands in its items, as long as strings and brackets close.
TEST(JsonText, SplitsArraysOfBrokenItems) {
  using Items = std::vector<std::string_view>;
  const auto items = [](std::string_view text) { return split_array(text, 1000).value_or(Items{"?"}); };
  EXPECT_EQ(items("[]"), Items{});
  EXPECT_EQ(items(" [ \r\n] "), Items{});
  EXPECT_EQ(items("[1]"), Items{"1"});
  EXPECT_EQ(items("\t[ {\"a\" : [1, 2]} ,\n\"]\\\",[\" , tru ]\n"), (Items{"{\"a\" : [1, 2]}", "\"]\\\",[\"", "tru"}));
  EXPECT_EQ(items("[01,{a:1},{'b':2},{\"c\":},NaN,1 2,\"\\ud83d\",\"\xE9\"]"),
            (Items{"01", "{a:1}", "{'b':2}", "{\"c\":}", "NaN", "1 2", "\"\\ud83d\"", "\"\xE9\""}));
  EXPECT_EQ(split_array("[1,2,3,4]", 2)->size(), 3);
}

TEST(JsonText, SaysWhereAnArrayCannotBeFollowed) {
  const auto problem = [](std::string_view text) {
    const auto items = split_array(text, 1000);
    return items ? "none" : items.error();
  };
  EXPECT_EQ(problem(""), "is not an array");
  EXPECT_EQ(problem("{}"), "is not an array");
  EXPECT_EQ(problem("["), "has nothing where an item should be: item 0, at byte 1");
  EXPECT_EQ(problem("[1,]"), "has nothing where an item should be: item 1, at byte 3");
  EXPECT_EQ(problem("[,1]"), "has nothing where an item should be: item 0, at byte 1");
  EXPECT_EQ(problem("[1"), "ends within the array, after item 0");
  EXPECT_EQ(problem("[1,{\"a\":[2]"), "ends within item 1, at byte 3");
  EXPECT_EQ(problem("[1,\"a]"), "ends within a string of item 1, at byte 3");
  EXPECT_EQ(problem("[\"a\\"), "ends within a string of item 0, at byte 1");
  EXPECT_EQ(problem("[{\"a\":1]]"), "has a \"]\" that closes nothing in item 0, at byte 7");
  EXPECT_EQ(problem("[1}]"), "has a \"}\" that closes nothing in item 0, at byte 2");
  EXPECT_EQ(problem("[1] x"), "goes on after the array, at byte 4");
  EXPECT_EQ(problem(std::string(100'000, '[')).substr(0, 18), "ends within item 0");
}

}  // namespace
}  // namespace limehook::json_text
