#pragma once
// The phone events of a made-up small business, for the demo: calls that ring, are answered, missed or go to
// voicemail, and texts in both directions. Pure: a seeded generator and the time go in, event payloads come out.

#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.hpp"
#include "base/time.hpp"

namespace limehook::app {

struct PhoneEvent {
  WallTime at{};
  std::string payload;  // compact JSON, as POST /v1/events takes it
};

// One seed gives one sequence of events, however often and at whatever times advance() is called.
class PhoneTraffic {
 public:
  // `events_per_second` is the average over a minute or so; it must be above 0.
  PhoneTraffic(Prng prng, WallTime start, double events_per_second);

  // Every event due up to `now` that was not answered before, in order of time. `now` must not step back.
  std::vector<PhoneEvent> advance(WallTime now);

  // Whether a number is one of the business' own.
  static bool is_business_number(std::string_view number);

 private:
  struct Scheduled {
    WallTime at;
    std::uint64_t number;  // of two events at one time the one made first comes first
    std::string payload;
    bool operator>(const Scheduled& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  struct Call;

  void start_story(WallTime at);
  void start_answered_call(Call call);
  void start_unanswered_call(Call call);
  void start_voicemail(Call call);
  void start_canceled_call(Call call);
  void start_outbound_call(Call call);
  void start_texts(WallTime at);

  Call new_call(WallTime at);
  void announce(Call& call);
  void add_status(Call& call, WallTime at, std::string_view status, std::string_view reason = {});
  void add_missed(const Call& call, WallTime at);
  void add_completed(const Call& call, WallTime answered_at, WallTime ended_at);
  void add_text(WallTime at, std::string_view type, std::string_view from, std::string_view to, std::string_view text);
  void schedule(WallTime at, std::string payload);
  Duration seconds_between(double low, double high);
  template <class Choices>
  const auto& choose(const Choices& choices) {
    return choices[prng_.below(choices.size())];
  }

  Prng prng_;
  Duration story_interval_;
  WallTime next_story_at_;
  std::uint64_t scheduled_count_ = 0;
  std::priority_queue<Scheduled, std::vector<Scheduled>, std::greater<>> scheduled_;
};

}  // namespace limehook::app
