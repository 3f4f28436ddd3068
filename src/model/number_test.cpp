#include "model/number.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace limehook {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FieldErrors apply(Number& number, const char* json) {
  return apply_number_json(number, boost::json::parse(json).as_object());
}

std::vector<std::string> pointers(const FieldErrors& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) out.push_back(error.pointer);
  return out;
}

Number number(std::int64_t id, std::string text, std::string team) {
  return {.id = NumberId{id}, .number = std::move(text), .team_id = std::move(team)};
}

// Goal: what a request gives is taken as it is, and a null name is no name.
TEST(NumberJson, TakesItsMembers) {
  Number made;
  EXPECT_THAT(apply(made, R"({"number":"+1234567890","team_id":"team_001","name":"Front desk"})"), IsEmpty());
  EXPECT_EQ(made, (Number{.number = "+1234567890", .team_id = "team_001", .name = "Front desk"}));
  EXPECT_THAT(apply(made, R"({"number":"+1234567890","name":null})"), IsEmpty());
  EXPECT_EQ(made.name, "");
}

// Goal: one international number is one text, however it is written; what is no such number is left as it is.
TEST(NormalNumber, IsOneForEverySpelling) {
  for (const std::string_view same : {"+12025550143", "+1 (202) 555-0143", "+1.202.555.0143", "+1/202/5550143",
                                      " +1-202-555-0143\t", "tel:+12025550143", "TEL:+1-202-555-0143;ext=7;isub=1",
                                      "\u202A+12025550143\u202C", "\u2066+1\u00A0202\u00A0555\u2011 0143\u2069",
                                      "\uFEFF\u200E+1\u2009202\u2009555\u20130143", "\u200Btel:+1 202 555 0143"}) {
    EXPECT_EQ(normal_number(same), "+12025550143") << same;
  }
  for (const std::string_view other :
       {"", "+", "12025550143", "0012025550143", "(202) 555-0143", "101", "anonymous", "ACMEBANK",
        "sip:+12025550143@example.com", "+1 202 555 0143 ext 7", "++12025550143", "+1+2",
        "tel:", "tel:911;phone-context=example.com", "whatsapp:+12025550143", "1738249200.12", "-", "\u202A\u202C"}) {
    EXPECT_EQ(normal_number(other), other) << other;
  }
}

// Goal: a number is kept in its normal form, so it is there once.
TEST(NumberJson, KeepsTheNormalForm) {
  Number made;
  EXPECT_THAT(apply(made, R"({"number":"tel:+1 (202) 555-0143","team_id":"t"})"), IsEmpty());
  EXPECT_EQ(made.number, "+12025550143");
  made.id = NumberId{1};
  EXPECT_THAT(apply(made, R"({"number":"+1-202-555-0143"})"), IsEmpty());
  EXPECT_THAT(pointers(apply(made, R"({"number":"+1-202-555-0144"})")), ElementsAre("/number"));
}

// Goal: each wrong member is named.
TEST(NumberJson, NamesWhatIsWrong) {
  for (const auto& [json, wrong] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"({"team_id":"t"})", "/number"},
           {R"({"number":"1234567890","team_id":"t"})", "/number"},
           {R"({"number":null,"team_id":"t"})", "/number"},
           {R"({"number":"+1234567890","team_id":""})", "/team_id"},
           {R"({"number":"+1234567890","team_id":null})", "/team_id"},
           {R"({"number":"+1234567890","name":5})", "/name"},
           {R"({"number":"+1234567890","name":"a\nb"})", "/name"},
           {R"({"number":"+1234567890","nmae":"x"})", "/nmae"},
       }) {
    Number made;
    EXPECT_THAT(pointers(apply(made, json)), ElementsAre(wrong)) << json;
  }
}

// Goal: a number that exists is moved and renamed, never turned into another number.
TEST(NumberJson, KeepsTheNumberItself) {
  Number known = number(1, "+1234567890", "team_001");
  EXPECT_THAT(apply(known, R"({"team_id":"team_002"})"), IsEmpty());
  EXPECT_EQ(known.team_id, "team_002");
  EXPECT_THAT(pointers(apply(known, R"({"number":"+1234567891"})")), ElementsAre("/number"));
}

// Goal: the first number that belongs to a team decides, through changes and removals.
TEST(NumberDirectory, FindsTheTeam) {
  NumberDirectory directory;
  directory.put(number(1, "+100", "team_001"));
  directory.put(number(2, "+200", "team_002"));
  const auto team = [&](std::vector<std::string> numbers) { return std::string(directory.team_of(numbers)); };
  EXPECT_EQ(team({"+100"}), "team_001");
  EXPECT_EQ(team({"+999", "+200", "+100"}), "team_002");
  EXPECT_EQ(team({"+999"}), "");
  EXPECT_EQ(team({}), "");
  directory.put(number(1, "+100", "team_003"));
  EXPECT_EQ(team({"+100"}), "team_003");
  directory.remove(NumberId{1});
  directory.remove(NumberId{1});
  EXPECT_EQ(team({"+100"}), "");
  EXPECT_EQ(directory.find("+200")->id, NumberId{2});
  EXPECT_EQ(directory.find(NumberId{1}), nullptr);
}

// Goal: pages of a team and of all, newest first, and an empty team after its last number is gone.
TEST(NumberDirectory, ListsTheNewest) {
  NumberDirectory directory;
  for (std::int64_t id = 1; id <= 6; ++id)
    directory.put(number(id, "+10" + std::to_string(id), id % 2 ? "odd" : "even"));
  const auto ids = [&](std::optional<std::string> team, std::int64_t before, std::size_t limit) {
    std::vector<std::int64_t> out;
    for (const Number* found : directory.newest(team, NumberId{before}, limit)) out.push_back(found->id.value);
    return out;
  };
  EXPECT_THAT(ids({}, 0, 4), ElementsAre(6, 5, 4, 3));
  EXPECT_THAT(ids({}, 3, 4), ElementsAre(2, 1));
  EXPECT_THAT(ids("odd", 0, 2), ElementsAre(5, 3));
  EXPECT_THAT(ids("odd", 3, 2), ElementsAre(1));
  EXPECT_THAT(ids("none", 0, 2), IsEmpty());
  for (const std::int64_t id : {1, 3, 5}) directory.remove(NumberId{id});
  EXPECT_THAT(ids("odd", 0, 2), IsEmpty());
  EXPECT_THAT(ids({}, 0, 9), ElementsAre(6, 4, 2));
}

}  // namespace
}  // namespace limehook
