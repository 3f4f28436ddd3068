#include "model/payload_shape.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "model/payload_shape_json.hpp"
#include "model/verbatim_json.hpp"

namespace limehook {
namespace {

PayloadShape read(std::string_view text) {
  FieldErrors errors;
  const auto shape = read_payload_shape(text, "/payload", errors);
  EXPECT_EQ(errors, FieldErrors{}) << text;
  return shape;
}

std::string body_of(const PayloadShape& shape, std::string_view payload) {
  Event event;
  event.payload = payload;
  return shape_payload(shape, event).body.value_or(event.payload);
}

PayloadShape picked(PayloadFields fields) { return {std::move(fields), false}; }

TEST(PayloadShape, PicksAndRenames) {
  // Goal: the body has the shape's members in the shape's order, values as written, and lacks what is missing.
  constexpr std::string_view kPayload = R"({"a":1.50,"b":{"c":["x\u0041",{"d":null}]},"e":"f"})";
  EXPECT_EQ(body_of({}, kPayload), kPayload);
  EXPECT_EQ(body_of(picked({{"e", "e"}, {"a", "amount"}}), kPayload), R"({"e":"f","amount":1.50})");
  EXPECT_EQ(body_of(picked({{"b.c.0", "first"}, {"b.c.1", "b.c.1"}}), kPayload),
            R"({"first":"x\u0041","b.c.1":{"d":null}})");
  EXPECT_EQ(body_of(picked({{"nothing", "x"}, {"e", "y\"z"}, {"b.x", "x"}}), kPayload), R"({"y\"z":"f"})");
  EXPECT_EQ(body_of(picked({{"nothing", "x"}}), kPayload), "{}");
}

TEST(PayloadShape, PickedMembersHaveALimitTogether) {
  // Goal: a large member picked many times does not make a body without bound, and a note says what was left out.
  Event event;
  event.payload = R"({"big":")" + std::string(200'000, 'x') + R"(","small":1})";
  const auto shaped = shape_payload(picked({{"big", "a"}, {"big", "b"}, {"big", "c"}, {"small", "d"}}), event);
  EXPECT_LE(shaped.body->size(), limits::kShapedBytesMax);
  EXPECT_TRUE(shaped.body->ends_with(R"(x","d":1})"));
  EXPECT_EQ(shaped.note, "The body would have been too large, so it lacks big.");
}

TEST(PayloadShape, BecomesAForm) {
  // Goal: the members of the object as form fields: strings raw, scalars as text, null empty, the rest as JSON.
  Event event;
  event.payload = R"({"text":"a b&c=d+é\n\"x\"","n":1.50,"ok":true,"none":null,"list":["x",{"y":1}],"k \u0026":"v"})";
  const auto shaped = shape_payload(read(R"({"content_type":"application/x-www-form-urlencoded"})"), event);
  EXPECT_EQ(shaped.body_type, BodyType::Form);
  EXPECT_EQ(content_type_of(shaped.body_type), "application/x-www-form-urlencoded");
  EXPECT_EQ(shaped.body,
            "text=a+b%26c%3Dd%2B%C3%A9%0A%22x%22&n=1.50&ok=true&none=&"
            "list=%5B%22x%22%2C%7B%22y%22%3A1%7D%5D&k+%26=v");
  const auto of_template =
      read(R"({"template":{"to":"{{n}}","from":"{{gone}}"},"content_type":"application/x-www-form-urlencoded"})");
  EXPECT_EQ(shape_payload(of_template, event).body, "to=1.50&from=");
  EXPECT_EQ(shape_payload(of_template, event).note, "The event lacks gone.");
}

TEST(PayloadShapeJson, ReadsBothForms) {
  // Goal: lists and objects mean the same where they say the same.
  const auto renamed = picked({{"caller_number", "from"}, {"call.id", "call.id"}});
  EXPECT_EQ(read(R"({"fields":[{"field":"caller_number","as":"from"},"call.id"]})"), renamed);
  EXPECT_EQ(read(R"({"fields":{"from":"caller_number","call.id":"call.id"}})"), renamed);
  EXPECT_EQ(read(R"({"fields":["a",{"field":"b"},{"field":"c","as":null}]})"),
            picked({{"a", "a"}, {"b", "b"}, {"c", "c"}}));
  EXPECT_TRUE(read("{}").is_default());
  EXPECT_TRUE(read(R"({"content_type":"application/json"})").is_default());
}

TEST(PayloadShapeJson, ShowsTheShortestForm) {
  // Goal: one shown form per shape, which reads back as the same shape.
  const auto shown = [](std::string_view text) { return serialize_verbatim(payload_shape_to_json(read(text))); };
  EXPECT_EQ(shown("{}"), "null");
  EXPECT_EQ(shown(R"({"fields":{"b":"b","a":"a"}})"), R"({"fields":["b","a"]})");
  EXPECT_EQ(shown(R"({"fields":["b",{"field":"a","as":"c"}]})"), R"({"fields":{"b":"b","c":"a"}})");
  for (const std::string_view same :
       {R"({"template":{"a":["{{b | default: 'c'}}",1,null]}})", R"({"preset":"teams"})", R"({"template":"{{b}}"})",
        R"({"fields":["a"],"content_type":"application/x-www-form-urlencoded"})"}) {
    EXPECT_EQ(shown(same), same);
  }
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
           {R"({"template":{"a":["{{b"]}})", {"/payload/template/a/0"}},
           {R"({"preset":"Slack"})", {"/payload/preset"}},
           {R"({"preset":1})", {"/payload/preset"}},
           {R"({"fields":["a"],"preset":"slack"})", {"/payload"}},
           {R"({"fields":["a"],"template":{}})", {"/payload"}},
           {R"({"fields":null})", {"/payload/fields"}},
           {R"({"template":null,"preset":null})", {"/payload/template", "/payload/preset"}},
           {R"({"fields":["a"],"content_type":null})", {"/payload/content_type"}},
           {R"({"content_type":"text/plain"})", {"/payload/content_type"}},
           {R"({"template":["a"],"content_type":"application/x-www-form-urlencoded"})", {"/payload/template"}},
           {R"({"preset":"slack","content_type":"application/x-www-form-urlencoded"})", {"/payload/content_type"}},
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
    read_payload_shape(text, "/payload", errors);
    std::vector<std::string> found;
    for (const auto& error : errors) found.push_back(error.pointer);
    EXPECT_EQ(found, pointers) << text;
  }
}

}  // namespace
}  // namespace limehook
