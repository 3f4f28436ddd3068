#include "http_client/name_record.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLifetime = seconds(30);
const MonotonicTime kStart{hours(100)};

Resolution found(const char* address) { return {.addresses = {boost::asio::ip::make_address(address)}, .error = {}}; }

void look_up(NameRecord& name, MonotonicTime now, Resolution resolution) {
  name.lookup_started(now + seconds(5));
  name.lookup_ended(std::move(resolution), now, kLifetime);
}

std::string first_address(const NameRecord& name, MonotonicTime now) {
  return name.addresses(now).empty() ? "none" : name.addresses(now).front().to_string();
}

TEST(NameRecord, StartsUnknown) {
  NameRecord name;
  EXPECT_TRUE(name.lookup_is_due(kStart));
  EXPECT_EQ(first_address(name, kStart), "none");
  EXPECT_EQ(name.standing(kStart), NameStanding::New);
  name.lookup_started(kStart + seconds(5));
  EXPECT_TRUE(name.looking_up());
  EXPECT_FALSE(name.lookup_is_due(kStart));
}

// Goal: a known host never waits. Method: its addresses grow old before, during and after a lookup.
TEST(NameRecord, KeepsOldAddressesUntilTheNextAnswer) {
  NameRecord name;
  look_up(name, kStart, found("192.0.2.1"));
  EXPECT_FALSE(name.lookup_is_due(kStart + kLifetime - milliseconds(1)));
  const auto later = kStart + minutes(59);
  EXPECT_TRUE(name.lookup_is_due(later));
  name.lookup_started(later + seconds(5));
  EXPECT_EQ(first_address(name, later), "192.0.2.1");
  EXPECT_EQ(name.standing(later), NameStanding::Known);
  name.lookup_ended(found("192.0.2.2"), later, kLifetime);
  EXPECT_EQ(first_address(name, later), "192.0.2.2");
  EXPECT_FALSE(name.lookup_is_due(later));
}

// Goal: an answer that there are no addresses is told from the lack of an answer, and holds until the next one.
TEST(NameRecord, KnowsThatThereAreNone) {
  NameRecord name;
  look_up(name, kStart, found("192.0.2.1"));
  EXPECT_FALSE(name.denied());
  look_up(name, kStart + minutes(1), {.addresses = {}, .error = "no answer"});
  EXPECT_FALSE(name.denied());
  look_up(name, kStart + minutes(2), {.addresses = {}, .error = "unknown", .name_unknown = true});
  EXPECT_TRUE(name.denied());
  look_up(name, kStart + minutes(3), {.addresses = {}, .error = "no answer"});
  EXPECT_TRUE(name.denied());
  look_up(name, kStart + minutes(4), found("192.0.2.1"));
  EXPECT_FALSE(name.denied());
}

TEST(NameRecord, GivesUpAddressesThatAreTooOld) {
  NameRecord name;
  look_up(name, kStart, found("192.0.2.1"));
  EXPECT_EQ(first_address(name, kStart + hours(1) - milliseconds(1)), "192.0.2.1");
  EXPECT_EQ(first_address(name, kStart + hours(1)), "none");
  EXPECT_EQ(name.standing(kStart + hours(1)), NameStanding::New);
}

TEST(NameRecord, RemembersAFailureForAMoment) {
  NameRecord name;
  look_up(name, kStart, {.addresses = {}, .error = "no answer"});
  EXPECT_EQ(name.error(), "no answer");
  EXPECT_EQ(name.standing(kStart), NameStanding::Failing);
  EXPECT_FALSE(name.lookup_is_due(kStart + milliseconds(1999)));
  EXPECT_TRUE(name.lookup_is_due(kStart + seconds(2)));
  look_up(name, kStart + seconds(2), found("192.0.2.1"));
  EXPECT_EQ(name.standing(kStart + seconds(2)), NameStanding::Known);
}

TEST(NameRecord, OutlivesAMissingAnswerButNotADenial) {
  NameRecord name;
  look_up(name, kStart, found("192.0.2.1"));
  const auto later = kStart + minutes(1);
  look_up(name, later, {.addresses = {}, .error = "no answer"});
  EXPECT_EQ(first_address(name, later), "192.0.2.1");
  EXPECT_EQ(name.standing(later), NameStanding::Failing);
  EXPECT_EQ(first_address(name, kStart + hours(1)), "none");
  look_up(name, later + seconds(2), {.addresses = {}, .error = "unknown", .name_unknown = true});
  EXPECT_EQ(first_address(name, later + seconds(2)), "none");
}

TEST(NameRecord, ALateAnswerIsUsedButCountsAgainstTheHost) {
  NameRecord name;
  name.lookup_started(kStart + seconds(5));
  name.lookup_ended(found("192.0.2.1"), kStart + seconds(6), kLifetime);
  EXPECT_EQ(first_address(name, kStart + seconds(6)), "192.0.2.1");
  EXPECT_EQ(name.standing(kStart + seconds(6)), NameStanding::Failing);
}

TEST(NameRecord, ALookupThatNeverBeganChangesNothing) {
  NameRecord name;
  look_up(name, kStart, {.addresses = {}, .error = {}, .expired = true});
  EXPECT_TRUE(name.lookup_is_due(kStart));
  EXPECT_EQ(name.standing(kStart), NameStanding::New);
}

}  // namespace
}  // namespace limehook::http_client
