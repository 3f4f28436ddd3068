#include "model/filter.hpp"

#include <gtest/gtest.h>

#include "model/filter_json.hpp"

namespace limehook {
namespace {

using Pointers = std::vector<std::string>;

constexpr std::string_view kPayload =
    R"({"event":"call_completed","caller_number":"+1234567890","duration":95,"exact":9007199254740993,)"
    R"("huge":18446744073709551615,"halves":9007199254740993.5,"tiny":1e-400,)"
    R"("digits":123456789012345678901234567890,"ratio":1.50,"started_at":"2025-01-30T15:00:00Z","vip":true,"note":null,)"
    R"("tags":["sales","gold",7],"contact":{"name":"J\u00fcrgen \"J\"","ids":[{"n":1},{"n":2}]},"empty":""})";

Filter one(std::string_view field, std::string_view op, std::string_view value) {
  FieldErrors errors;
  const auto text = R"({"conditions":[{"field":")" + std::string(field) + R"(","op":")" + std::string(op) +
                    R"(","value":)" + std::string(value) + "}]}";
  const auto filter = read_filter(text, "/filters", errors);
  EXPECT_EQ(errors, FieldErrors{}) << text;
  return filter;
}

TEST(Filter, ComparesAsDocumented) {
  // Goal: every operator on every kind of value. Method: one condition each against one payload.
  struct Case {
    std::string_view field;
    std::string_view op;
    std::string_view value;
    bool passes;
  };
  for (const auto& [field, op, value, expected] : std::initializer_list<Case>{
           // strings
           {"event", "eq", R"("call_completed")", true},
           {"event", "eq", R"("call_\u0063ompleted")", true},
           {"event", "eq", R"("Call_completed")", false},
           {"event", "ne", R"("missed_call")", true},
           {"event", "ne", R"("call_completed")", false},
           {"contact.name", "eq", R"("Jürgen \"J\"")", true},
           {"empty", "eq", R"("")", true},
           {"event", "gt", R"("call_c")", true},
           {"event", "lt", R"("call_c")", false},
           {"event", "lte", R"("call_completed")", true},
           {"caller_number", "in", R"(["+1","+1234567890"])", true},
           {"caller_number", "in", R"(["+1","+2"])", false},
           {"caller_number", "not_in", R"(["+1","+2"])", true},
           {"caller_number", "not_in", R"(["+1234567890"])", false},
           {"caller_number", "prefix", R"("+123")", true},
           {"caller_number", "prefix", R"("")", true},
           {"caller_number", "prefix", R"("123")", false},
           {"caller_number", "contains", R"("456")", true},
           {"caller_number", "contains", R"("654")", false},
           // instants
           {"started_at", "eq", R"("2025-01-30T16:00:00+01:00")", true},
           {"started_at", "ne", R"("2025-01-30T16:00:00+01:00")", false},
           {"started_at", "gte", R"("2025-01-30T09:00:00-06:00")", true},
           {"started_at", "gt", R"("2025-01-30T14:59:59.999Z")", true},
           {"started_at", "lt", R"("2025-01-30T23:00:00+09:00")", false},
           {"started_at", "in", R"(["2025-01-30T15:00:00.000Z"])", true},
           {"started_at", "gt", R"("2025-01-30")", true},
           // numbers
           {"duration", "eq", "95", true},
           {"duration", "eq", "95.0", true},
           {"duration", "eq", "9.5e1", true},
           {"duration", "eq", R"("95")", false},
           {"duration", "ne", R"("95")", true},
           {"duration", "gt", "94.9", true},
           {"duration", "gt", "95", false},
           {"duration", "gte", "95", true},
           {"duration", "lt", "100", true},
           {"duration", "lt", "9", false},
           {"duration", "lte", "-1", false},
           {"duration", "gt", R"("5")", false},
           {"duration", "lte", R"("5")", false},
           {"ratio", "eq", "1.5", true},
           {"exact", "eq", "9007199254740993", true},
           {"exact", "eq", "9007199254740992", false},
           {"exact", "gt", "9007199254740992", true},
           {"huge", "eq", "18446744073709551615", true},
           {"huge", "gt", "18446744073709551614", true},
           {"duration", "in", "[1,95]", true},
           {"huge", "lt", "1e999", true},
           {"huge", "gt", "1e-400", true},
           {"halves", "eq", "9007199254740993.5", true},
           {"halves", "eq", "9007199254740993.50e0", true},
           {"halves", "eq", "9007199254740993.4999999999", false},
           {"halves", "gt", "9007199254740993.4999999999", true},
           {"halves", "not_in", "[9007199254740993,9007199254740994]", true},
           {"digits", "eq", "123456789012345678901234567890", true},
           {"digits", "eq", "123456789012345678901234567891", false},
           {"digits", "lt", "123456789012345678901234567890.1", true},
           {"tiny", "eq", "1e-400", true},
           {"tiny", "eq", "0", false},
           {"tiny", "gt", "0", true},
           // true, false, null
           {"vip", "eq", "true", true},
           {"vip", "eq", "false", false},
           {"vip", "eq", R"("true")", false},
           {"vip", "ne", "false", true},
           {"note", "eq", "null", true},
           {"note", "ne", "null", false},
           {"note", "eq", "false", false},
           {"vip", "gt", "0", false},
           // paths, arrays, objects
           {"contact.ids.1.n", "eq", "2", true},
           {"contact.ids.2.n", "eq", "2", false},
           {"tags.0", "eq", R"("sales")", true},
           {"tags", "contains", R"("gold")", true},
           {"tags", "contains", R"("gol")", false},
           {"tags", "contains", R"("7")", false},
           {"tags", "eq", R"("sales")", false},
           {"tags", "ne", R"("sales")", true},
           {"contact", "contains", R"("name")", false},
           {"duration", "contains", R"("9")", false},
           {"duration", "prefix", R"("9")", false},
           // presence
           {"duration", "exists", "true", true},
           {"duration", "exists", "false", false},
           {"note", "exists", "true", true},
           {"nothing", "exists", "true", false},
           {"nothing", "exists", "false", true},
           {"contact.phone", "exists", "false", true},
           // a missing member
           {"nothing", "eq", "null", false},
           {"nothing", "ne", "1", true},
           {"nothing", "in", "[1]", false},
           {"nothing", "not_in", "[1]", true},
           {"nothing", "prefix", R"("")", false},
           {"nothing", "contains", R"("")", false},
           {"nothing", "lt", "1", false},
       }) {
    EXPECT_EQ(passes(one(field, op, value), kPayload), expected) << field << " " << op << " " << value;
  }
}

TEST(Filter, CombinesConditions) {
  // Goal: "all" needs every condition, "any" one of them.
  const auto yes = one("vip", "eq", "true").conditions[0];
  const auto no = one("vip", "eq", "false").conditions[0];
  using enum Filter::Match;
  EXPECT_TRUE(passes({All, {yes, yes}}, kPayload));
  EXPECT_FALSE(passes({All, {yes, no}}, kPayload));
  EXPECT_TRUE(passes({Any, {no, yes}}, kPayload));
  EXPECT_FALSE(passes({Any, {no, no}}, kPayload));
}

TEST(FilterJson, ShowsWhatItRead) {
  // Goal: what the user wrote comes back, values with their kinds.
  for (const std::string_view text : {
           R"({"match":"any","conditions":[{"field":"caller_number","op":"in","value":["+123",5,null,true]}]})",
           R"({"match":"all","conditions":[{"field":"a.b","op":"eq","value":9223372036854775807},)"
           R"({"field":"a","op":"ne","value":18446744073709551615},{"field":"a","op":"exists","value":false}]})",
           R"({"match":"all","conditions":[{"field":"a","op":"eq","value":"q\"\u0001é"}]})",
           R"({"match":"all","conditions":[{"field":"a","op":"in","value":[1.50,1e-400,-0,9007199254740993.5,)"
           R"(123456789012345678901234567890]}]})",
       }) {
    FieldErrors errors;
    EXPECT_EQ(filter_to_json(read_filter(text, "", errors)), text);
    EXPECT_EQ(errors, FieldErrors{});
  }
}

TEST(FilterJson, FillsInDefaults) {
  // Goal: `match` is "all" and `exists` means true unless said otherwise.
  FieldErrors errors;
  const auto filter =
      read_filter(R"({"conditions":[{"field":"a","op":"exists"},{"field":"b","op":"gt","value":1.50}]})", "", errors);
  EXPECT_EQ(errors, FieldErrors{});
  EXPECT_EQ(filter, (Filter{Filter::Match::All, {{"a", FilterOp::Exists, {"true"}}, {"b", FilterOp::Gt, {"1.50"}}}}));
}

Pointers pointers_of(std::string_view text) {
  FieldErrors errors;
  read_filter(text, "/filters", errors);
  Pointers pointers;
  for (const auto& error : errors) pointers.push_back(error.pointer);
  return pointers;
}

std::string condition(std::string_view members) { return R"({"conditions":[{)" + std::string(members) + "}]}"; }

TEST(FilterJson, NamesWhatIsWrong) {
  // Goal: a bad filter is refused when it is saved, with a pointer to the spot.
  struct Case {
    std::string text;
    Pointers pointers;
  };
  const std::string kAt = "/filters/conditions/0";
  for (const auto& [text, pointers] : std::initializer_list<Case>{
           {"[]", {"/filters"}},
           {"{}", {"/filters/conditions"}},
           {R"({"conditions":[]})", {"/filters/conditions"}},
           {R"({"conditions":{}})", {"/filters/conditions"}},
           {R"({"conditions":[1]})", {kAt}},
           {R"({"match":"some","x":1,"conditions":[{}]})",
            {"/filters/x", "/filters/match", kAt + "/field", kAt + "/op"}},
           {R"({"match":7,"conditions":[{"field":"a","op":"exists"}]})", {"/filters/match"}},
           {R"({"match":null,"conditions":[{"field":"a","op":"exists"}]})", {"/filters/match"}},
           {condition(R"("field":"a","op":"eq","value":1,"not":true)"), {kAt + "/not"}},
           {condition(R"("field":"","op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":"a..b","op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":".a","op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":"a.","op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":"1.2.3.4.5.6.7.8.9","op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":5,"op":"eq","value":1)"), {kAt + "/field"}},
           {condition(R"("field":"a","op":"==","value":1)"), {kAt + "/op"}},
           {condition(R"("field":"a","op":"EQ","value":1)"), {kAt + "/op"}},
           {condition(R"("field":"a","op":"eq")"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"eq","value":[1])"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"ne","value":{})"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"in","value":1)"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"in","value":[])"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"not_in","value":[1,[2],{}])"), {kAt + "/value/1", kAt + "/value/2"}},
           {condition(R"("field":"a","op":"prefix","value":1)"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"contains","value":null)"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"gt","value":true)"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"lte","value":null)"), {kAt + "/value"}},
           {condition(R"("field":"a","op":"exists","value":"yes")"), {kAt + "/value"}},
           // Numbers may be as long as it is cheap to compare them.
           {condition(R"("field":"a","op":"eq","value":)" + std::string(101, '7')), {kAt + "/value"}},
           {condition(R"("field":"a","op":"lt","value":0.)" + std::string(99, '7')), {kAt + "/value"}},
           {condition(R"("field":"a","op":"in","value":[1,)" + std::string(101, '7') + "]"), {kAt + "/value/1"}},
           {condition(R"("field":"a","op":"in","value":[1e999,)" + std::string(100, '7') + "]"), {}},
       }) {
    EXPECT_EQ(pointers_of(text), pointers) << text;
  }
}

TEST(FilterJson, HasLimits) {
  // Goal: a filter cannot grow until deciding costs too much. Method: the largest that fits, and one more.
  const auto repeated = [](std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + std::string(text);
    return out;
  };
  const auto conditions = [&](std::size_t count) {
    return R"({"conditions":[)" + repeated(R"({"field":"a","op":"exists"})", count) + "]}";
  };
  EXPECT_EQ(pointers_of(conditions(50)), Pointers{});
  EXPECT_EQ(pointers_of(conditions(51)), Pointers{"/filters/conditions"});
  const auto values = [&](std::size_t count) {
    return condition(R"("field":"a","op":"in","value":[)" + repeated("1", count) + "]");
  };
  EXPECT_EQ(pointers_of(values(1000)), Pointers{});
  EXPECT_EQ(pointers_of(values(1001)), Pointers{"/filters/conditions/0/value"});
  EXPECT_EQ(pointers_of(condition(R"("field":"1.2.3.4.5.6.7.8","op":"exists")")), Pointers{});
}

}  // namespace
}  // namespace limehook
