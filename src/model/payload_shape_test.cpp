#include "model/payload_shape.hpp"

#include <gtest/gtest.h>

#include "model/payload_shape_json.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

PayloadShape read(std::string_view text) {
  FieldErrors errors;
  const auto shape = read_payload_shape(json::parse(text), "/payload", errors);
  EXPECT_EQ(errors, FieldErrors{}) << text;
  return shape;
}

TEST(PayloadShape, PicksAndRenames) {
  // Goal: the body has the shape's members in the shape's order, values as written, and lacks what is missing.
  constexpr std::string_view kPayload = R"({"a":1.50,"b":{"c":["x\u0041",{"d":null}]},"e":"f"})";
  EXPECT_EQ(shape_payload({}, kPayload), kPayload);
  EXPECT_EQ(shape_payload({{{"e", "e"}, {"a", "amount"}}}, kPayload), R"({"e":"f","amount":1.50})");
  EXPECT_EQ(shape_payload({{{"b.c.0", "first"}, {"b.c.1", "b.c.1"}}}, kPayload),
            R"({"first":"x\u0041","b.c.1":{"d":null}})");
  EXPECT_EQ(shape_payload({{{"nothing", "x"}, {"e", "y\"z"}, {"b.x", "x"}}}, kPayload), R"({"y\"z":"f"})");
  EXPECT_EQ(shape_payload({{{"nothing", "x"}}}, kPayload), "{}");
}

TEST(PayloadShapeJson, ReadsBothForms) {
  // Goal: lists and objects mean the same where they say the same.
  const PayloadShape renamed{{{"caller_number", "from"}, {"call.id", "call.id"}}};
  EXPECT_EQ(read(R"({"fields":[{"field":"caller_number","as":"from"},"call.id"]})"), renamed);
  EXPECT_EQ(read(R"({"fields":{"from":"caller_number","call.id":"call.id"}})"), renamed);
  EXPECT_EQ(read(R"({"fields":["a",{"field":"b"},{"field":"c","as":null}]})"),
            (PayloadShape{{{"a", "a"}, {"b", "b"}, {"c", "c"}}}));
  EXPECT_TRUE(read(R"({"fields":null,"template":null,"preset":null})").is_default());
  EXPECT_TRUE(read("{}").is_default());
}

TEST(PayloadShapeJson, ShowsTheShortestForm) {
  // Goal: one shown form per shape, which reads back as the same shape.
  const auto shown = [](std::string_view text) { return json::serialize(payload_shape_to_json(read(text))); };
  EXPECT_EQ(shown("{}"), "null");
  EXPECT_EQ(shown(R"({"fields":{"b":"b","a":"a"}})"), R"({"fields":["b","a"]})");
  EXPECT_EQ(shown(R"({"fields":["b",{"field":"a","as":"c"}]})"), R"({"fields":{"b":"b","c":"a"}})");
}

TEST(PayloadShapeJson, NamesWhatIsWrong) {
  // Goal: mistakes are refused when the webhook is saved, with a pointer to the spot.
  std::string many = "\"0\"";
  for (int i = 1; i <= 100; ++i) many += ",\"" + std::to_string(i) + "\"";
  struct Case {
    std::string text;
    std::vector<std::string> pointers;
  };
  for (const auto& [text, pointers] : std::initializer_list<Case>{
           {"[]", {"/payload"}},
           {R"({"field":["a"]})", {"/payload/field"}},
           {R"({"template":{}})", {"/payload/template"}},
           {R"({"preset":"slack"})", {"/payload/preset"}},
           {R"({"fields":[]})", {"/payload/fields"}},
           {R"({"fields":{}})", {"/payload/fields"}},
           {R"({"fields":"a"})", {"/payload/fields"}},
           {R"({"fields":[)" + many + "]}", {"/payload/fields"}},
           {R"({"fields":["a",1,"","a..b"]})",
            {"/payload/fields/1", "/payload/fields/2", "/payload/fields/2", "/payload/fields/3"}},
           {R"({"fields":["a","b","a"]})", {"/payload/fields/2"}},
           {R"({"fields":[{"field":"a","as":"x"},{"field":"b","as":"x"}]})", {"/payload/fields/1/as"}},
           {R"({"fields":[{"as":"x"}]})", {"/payload/fields/0/field"}},
           {R"({"fields":[{"field":"a","as":7}]})", {"/payload/fields/0/as"}},
           {R"({"fields":[{"field":"a","as":""}]})", {"/payload/fields/0/as"}},
           {R"({"fields":[{"field":"a","to":"b"}]})", {"/payload/fields/0/to"}},
           {R"({"fields":{"x":1,"y/z":"a..b"}})", {"/payload/fields/x", "/payload/fields/y~1z"}},
       }) {
    FieldErrors errors;
    read_payload_shape(json::parse(text), "/payload", errors);
    std::vector<std::string> found;
    for (const auto& error : errors) found.push_back(error.pointer);
    EXPECT_EQ(found, pointers) << text;
  }
}

}  // namespace
}  // namespace limehook
