#include "app/phone_traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json_text.hpp"
#include "model/event.hpp"

namespace limehook::app {
namespace {

using namespace std::chrono_literals;

const WallTime kStart = parse_rfc3339("2025-01-30T15:00:00Z").value();

std::string member(const std::string& payload, std::string_view name) {
  const auto raw = json_text::find(payload, name);
  return raw ? json_text::string_value(*raw).value_or(std::string(*raw)) : "";
}

std::vector<PhoneEvent> run(std::uint64_t seed, Duration length, Duration step, double rate = 3) {
  PhoneTraffic traffic(Prng(seed), kStart, rate);
  std::vector<PhoneEvent> all;
  for (Duration elapsed{0}; elapsed <= length; elapsed += step) {
    for (auto& event : traffic.advance(kStart + elapsed)) all.push_back(std::move(event));
  }
  return all;
}

// Goal: a seed is a sequence. Method: one seed in small and in large steps, and another seed.
TEST(PhoneTraffic, ASeedGivesOneSequence) {
  const auto small = run(7, 120s, 100ms);
  const auto large = run(7, 120s, 30s);
  ASSERT_EQ(small.size(), large.size());
  for (std::size_t i = 0; i < small.size(); ++i) {
    EXPECT_EQ(small[i].at, large[i].at);
    EXPECT_EQ(small[i].payload, large[i].payload);
  }
  EXPECT_NE(small.front().payload, run(8, 120s, 30s).front().payload);
}

// Goal: the server accepts all of it. Method: every event of ten minutes through the product's own parser.
TEST(PhoneTraffic, EveryEventIsValidAndInOrder) {
  std::set<std::string> types;
  WallTime last = kStart;
  for (const auto& event : run(1, 600s, 1s)) {
    const auto draft = parse_event(event.payload);
    ASSERT_TRUE(draft) << event.payload << ": " << draft.error().front().pointer << " " << draft.error().front().detail;
    EXPECT_EQ(draft->payload, event.payload) << "compact already";
    types.insert(std::string(name_of(draft->type)));
    EXPECT_GE(event.at, last);
    EXPECT_EQ(member(event.payload, "timestamp"), format_rfc3339(event.at));
    last = event.at;
  }
  EXPECT_EQ(types.size(), kPhoneEventTypeCount) << "every type occurs";
}

// Goal: calls behave as the spec says. Method: collect the events of each call over an hour and look at the finished
// ones.
TEST(PhoneTraffic, ACallIsCompletedOrMissedNeverBoth) {
  std::map<std::string, std::vector<std::string>> calls;
  for (const auto& event : run(2, 3600s, 10s)) {
    const auto call = member(event.payload, "call_id");
    if (!call.empty()) calls[call].push_back(member(event.payload, "event"));
  }
  std::size_t completed = 0;
  std::size_t missed = 0;
  std::size_t voicemails = 0;
  for (const auto& [id, events] : calls) {
    const auto count = [&](const char* type) { return std::ranges::count(events, type); };
    EXPECT_LE(count("call_completed") + count("missed_call"), 1) << id;
    EXPECT_LE(count("voicemail_received"), count("missed_call")) << id;
    if (count("voicemail_received") > 0) EXPECT_EQ(events.back(), "voicemail_received") << id;
    completed += static_cast<std::size_t>(count("call_completed"));
    missed += static_cast<std::size_t>(count("missed_call"));
    voicemails += static_cast<std::size_t>(count("voicemail_received"));
  }
  EXPECT_GT(completed, missed);
  EXPECT_GT(missed, voicemails);
  EXPECT_GT(voicemails, 0U);
}

TEST(PhoneTraffic, DurationsFitTheTimes) {
  for (const auto& event : run(3, 600s, 10s)) {
    if (member(event.payload, "event") != "call_completed") continue;
    const auto answered = parse_rfc3339(member(event.payload, "answered_at")).value();
    const auto ended = parse_rfc3339(member(event.payload, "ended_at")).value();
    const auto seconds = std::chrono::duration<double>(ended - answered).count();
    EXPECT_NEAR(std::stod(member(event.payload, "duration")), seconds, 0.51);
    EXPECT_EQ(member(event.payload, "ended_at"), member(event.payload, "timestamp"));
  }
}

// Goal: the pace is about the one asked for. Method: an hour, without its first minute.
TEST(PhoneTraffic, ThePaceIsAsAsked) {
  for (const double rate : {1.0, 20.0}) {
    std::size_t events = 0;
    for (const auto& event : run(4, 3600s, 1s, rate)) events += event.at >= kStart + 60s;
    EXPECT_NEAR(static_cast<double>(events) / 3540, rate, rate * 0.15);
  }
}

}  // namespace
}  // namespace limehook::app
