#include "app/phone_traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/assert.hpp"
#include "base/json_text.hpp"

namespace limehook::app {
namespace {

constexpr std::string_view kTeam = "team_001";

// How many events a story has on average; the weights below and the stories' lengths give it.
constexpr double kEventsPerStory = 4.2;

struct Person {
  std::string_view name;
  std::string_view number;  // 555-01xx is reserved for fiction
};

constexpr std::array<Person, 18> kPeople{{
    {"Maya Okafor", "+12125550143"},
    {"Luis Herrera", "+13055550118"},
    {"Chloé Lambert", "+15145550172"},
    {"Jonas Weber", "+16465550131"},
    {"Aiko Tanaka", "+12065550164"},
    {"Priya Raman", "+14085550109"},
    {"Sam O'Neill", "+16175550186"},
    {"Zoë van Dijk", "+17185550125"},
    {"Ahmed Farouk", "+13125550157"},
    {"Grace Kim", "+12135550191"},
    {"Tomás Silva", "+17865550112"},
    {"Ivy Chen", "+14155550138"},
    {"Noah Schmidt", "+15035550149"},
    {"Elena Petrova", "+19175550103"},
    {"Marcus Bell", "+14045550176"},
    {"Fatima Zahra", "+17135550128"},
    {"Oliver Grant", "+13035550195"},
    {"Ruth Adeyemi", "+12025550167"},
}};

constexpr std::array<std::string_view, 3> kBusinessNumbers{"+14155550100", "+14155550101", "+14155550102"};

constexpr std::array<std::string_view, 7> kTextsIn{
    "Hi, are you open on Saturday?",
    "Running 10 minutes late, sorry! 🙏",
    "Could you send me the invoice again?",
    "Is my order ready for pick-up?",
    "Thanks, that was quick 👍",
    "Can I move my appointment to Thursday at 3?",
    "¿Hablan español?",
};
constexpr std::array<std::string_view, 5> kTextsOut{
    "Yes, Saturday 9 to 2. See you then!",       "No problem, see you soon.",
    "Sent. Let us know if anything is missing.", "It is ready and waiting at the desk ☕",
    "Done: Thursday 3 pm. Reply C to cancel.",
};
constexpr std::array<std::string_view, 4> kTranscriptions{
    "Hi, this is about my appointment next week. Please call me back.",
    "Hello, I have a question about the quote you sent. Thanks, bye.",
    "It's me again. No rush, talk later.",
    "Good morning, could someone tell me whether you deliver on weekends?",
};

// A JSON object whose members stay in the order in which they are added.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view text) { return add_raw(name, json_text::quote(text)); }
  JsonObject& add_raw(std::string_view name, std::string_view json) {
    text_ += fmt::format("{}{}:{}", text_.size() > 1 ? "," : "", json_text::quote(name), json);
    return *this;
  }
  std::string str() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::int64_t whole_seconds(Duration d) { return std::chrono::round<std::chrono::seconds>(d).count(); }

}  // namespace

struct PhoneTraffic::Call {
  std::string id;
  std::string_view caller;
  std::string_view callee;
  std::string_view name;  // of the person outside
  WallTime started_at;
  bool outbound = false;
  int sequence = 0;

  JsonObject event(std::string_view type, WallTime at) const {
    JsonObject object;
    object.add("event", type).add("call_id", id).add("caller_number", caller).add("callee_number", callee);
    return object.add("timestamp", format_rfc3339(at)).add("team_id", kTeam);
  }
};

PhoneTraffic::PhoneTraffic(Prng prng, WallTime start, double events_per_second)
    : prng_(prng),
      story_interval_(static_cast<std::int64_t>(1e6 * kEventsPerStory / events_per_second)),
      next_story_at_(start) {
  LIMEHOOK_ASSERT(events_per_second > 0 && story_interval_ > Duration(0));
}

std::vector<PhoneEvent> PhoneTraffic::advance(WallTime now) {
  while (next_story_at_ <= now) {
    start_story(next_story_at_);
    next_story_at_ += Duration(prng_.between(story_interval_.count() / 4 + 1, story_interval_.count() * 7 / 4 + 1));
  }
  std::vector<PhoneEvent> due;
  while (!scheduled_.empty() && scheduled_.top().at <= now) {
    due.push_back({scheduled_.top().at, scheduled_.top().payload});
    scheduled_.pop();
  }
  return due;
}

bool PhoneTraffic::is_business_number(std::string_view number) {
  return std::ranges::find(kBusinessNumbers, number) != kBusinessNumbers.end();
}

void PhoneTraffic::start_story(WallTime at) {
  const auto dice = prng_.below(100);
  if (dice < 16) return start_texts(at);
  auto call = new_call(at);
  if (dice < 32) return start_outbound_call(std::move(call));
  announce(call);
  if (dice < 68) return start_answered_call(std::move(call));
  if (dice < 82) return start_unanswered_call(std::move(call));
  if (dice < 95) return start_voicemail(std::move(call));
  return start_canceled_call(std::move(call));
}

void PhoneTraffic::start_answered_call(Call call) {
  const auto answered_at = call.started_at + seconds_between(1.5, 8);
  const auto ended_at = answered_at + seconds_between(4, 40);
  add_status(call, answered_at, "answered");
  add_status(call, ended_at, "completed");
  add_completed(call, answered_at, ended_at);
}

void PhoneTraffic::start_unanswered_call(Call call) {
  const auto ended_at = call.started_at + seconds_between(6, 12);
  add_status(call, ended_at, "no_answer");
  add_missed(call, ended_at);
}

void PhoneTraffic::start_voicemail(Call call) {
  const auto missed_at = call.started_at + seconds_between(6, 10);
  add_status(call, missed_at, "no_answer");
  add_missed(call, missed_at);
  const auto length = seconds_between(3, 20);
  const auto at = missed_at + length + seconds_between(0.5, 2);
  auto event = call.event("voicemail_received", at);
  event.add("voicemail_url", fmt::format("https://media.example.com/voicemail/{}.mp3", call.id));
  event.add_raw("duration", std::to_string(whole_seconds(length)));
  if (prng_.chance(0.7)) event.add("transcription", choose(kTranscriptions));
  schedule(at, event.add("caller_name", call.name).str());
}

void PhoneTraffic::start_canceled_call(Call call) {
  const auto ended_at = call.started_at + seconds_between(1, 4);
  add_status(call, ended_at, "canceled", "the caller hung up");
  add_missed(call, ended_at);
}

void PhoneTraffic::start_outbound_call(Call call) {
  std::swap(call.caller, call.callee);
  call.outbound = true;
  add_status(call, call.started_at, "ringing");
  const auto picked_up_at = call.started_at + seconds_between(2, 9);
  const auto dice = prng_.below(10);
  if (dice < 7) {
    const auto ended_at = picked_up_at + seconds_between(5, 40);
    add_status(call, picked_up_at, "answered");
    add_status(call, ended_at, "completed");
    add_completed(call, picked_up_at, ended_at);
  } else if (dice < 9) {
    add_status(call, picked_up_at, "busy", "the line is busy");
  } else {
    add_status(call, picked_up_at, "failed", "the number is not in service");
  }
}

void PhoneTraffic::start_texts(WallTime at) {
  const auto& person = choose(kPeople);
  const auto business = choose(kBusinessNumbers);
  add_text(at, "sms_received", person.number, business, choose(kTextsIn));
  if (prng_.chance(0.7)) {
    add_text(at + seconds_between(2, 12), "sms_sent", business, person.number, choose(kTextsOut));
  }
}

PhoneTraffic::Call PhoneTraffic::new_call(WallTime at) {
  const auto& person = choose(kPeople);
  return Call{fmt::format("{:012x}", prng_.next() & 0xFFFFFFFFFFFF), person.number, choose(kBusinessNumbers),
              person.name, at};
}

void PhoneTraffic::announce(Call& call) {
  const auto incoming = call.event("incoming_call", call.started_at);
  schedule(call.started_at, JsonObject(incoming).add("caller_name", call.name).str());
  add_status(call, call.started_at + seconds_between(0.1, 0.6), "ringing");
}

void PhoneTraffic::add_status(Call& call, WallTime at, std::string_view status, std::string_view reason) {
  auto event = call.event("call_status_update", at);
  event.add("status", status).add_raw("sequence", std::to_string(++call.sequence));
  if (!reason.empty()) event.add("reason", reason);
  schedule(at, event.str());
}

void PhoneTraffic::add_missed(const Call& call, WallTime at) {
  schedule(at, call.event("missed_call", at).add("status", "missed").add("caller_name", call.name).str());
}

void PhoneTraffic::add_completed(const Call& call, WallTime answered_at, WallTime ended_at) {
  auto event = call.event("call_completed", ended_at);
  event.add("status", "completed").add("direction", call.outbound ? "outbound" : "inbound");
  event.add("started_at", format_rfc3339(call.started_at));
  event.add("answered_at", format_rfc3339(answered_at)).add("ended_at", format_rfc3339(ended_at));
  event.add_raw("duration", std::to_string(whole_seconds(ended_at - answered_at)));
  event.add_raw("ring_duration", std::to_string(whole_seconds(answered_at - call.started_at)));
  if (prng_.chance(0.4)) {
    event.add("recording_url", fmt::format("https://media.example.com/recording/{}.mp3", call.id));
  }
  schedule(ended_at, event.str());
}

void PhoneTraffic::add_text(WallTime at, std::string_view type, std::string_view from, std::string_view to,
                            std::string_view text) {
  JsonObject event;
  event.add("event", type).add("message_id", fmt::format("{:012x}", prng_.next() & 0xFFFFFFFFFFFF));
  event.add("sender_number", from).add("receiver_number", to);
  schedule(at, event.add("message_content", text).add("timestamp", format_rfc3339(at)).str());
}

void PhoneTraffic::schedule(WallTime at, std::string payload) {
  scheduled_.push({at, scheduled_count_++, std::move(payload)});
}

Duration PhoneTraffic::seconds_between(double low, double high) {
  return Duration(prng_.between(static_cast<std::int64_t>(low * 1e6), static_cast<std::int64_t>(high * 1e6)));
}

}  // namespace limehook::app
