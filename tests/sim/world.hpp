#pragma once
// What every part of the simulation shares: simulated time, the trace of a run, and the marks of rare paths.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/prng.hpp"
#include "base/time.hpp"

namespace limehook::sim {

// How often a run took each path that is seldom taken.
class Marks {
 public:
  void hit(std::string_view name) {
    const auto found = counts_.find(name);
    if (found != counts_.end()) ++found->second;
    else counts_.emplace(name, 1);
  }
  void merge(const Marks& other) {
    for (const auto& [name, count] : other.counts_) counts_[name] += count;
  }
  std::uint64_t count(std::string_view name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, std::uint64_t, std::less<>>& all() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

// Things to do, ordered by (time, insertion number): equal times run in the order in which they were asked for. Owns
// the two clocks; monotonic time only grows, the wall clock steps, runs too fast or too slowly, and jitters.
class Timeline {
 public:
  using Action = std::function<void()>;

  Now now() const { return {mono_, kWallStart + wall_offset_ + since_start() + drift_of(since_start()) + jitter()}; }
  Duration since_start() const { return mono_ - MonotonicTime(std::chrono::hours(1)); }
  void step_wall(Duration by) { wall_offset_ += by; }
  // `drift`: seconds that the wall clock gains in each second. Each reading is wrong by up to `jitter`.
  void disturb_wall(double drift, Duration jitter) {
    drift_ = drift;
    jitter_ = jitter;
  }

  void at(MonotonicTime time, Action action) {
    actions_.emplace(std::pair(std::max(time, mono_), ++last_), std::move(action));
  }
  void after(Duration delay, Action action) { at(mono_ + delay, std::move(action)); }

  // Runs the earliest action unless it is later than `end`; answers whether it did.
  bool step(MonotonicTime end) {
    if (actions_.empty() || actions_.begin()->first.first > end) return false;
    auto first = actions_.extract(actions_.begin());
    mono_ = first.key().first;
    first.mapped()();
    return true;
  }

 private:
  static constexpr WallTime kWallStart{std::chrono::hours(24 * 365 * 55)};
  Duration drift_of(Duration time) const { return Duration(std::llround(static_cast<double>(time.count()) * drift_)); }
  Duration jitter() const {
    if (jitter_ == Duration(0)) return {};
    return Duration(
        Prng(static_cast<std::uint64_t>(mono_.time_since_epoch().count())).between(-jitter_.count(), jitter_.count()));
  }

  MonotonicTime mono_{std::chrono::hours(1)};
  Duration wall_offset_{};
  double drift_ = 0;
  Duration jitter_{};
  std::map<std::pair<MonotonicTime, std::uint64_t>, Action> actions_;
  std::uint64_t last_ = 0;
};

// What happened, as a hash that two runs of one seed must share, and as lines for people.
class Trace {
 public:
  Trace(const Timeline& timeline, bool print) : timeline_(timeline), print_(print) {}

  void add(std::string_view what, std::initializer_list<std::int64_t> values = {}) {
    const auto time = timeline_.since_start().count();
    mix(static_cast<std::uint64_t>(time));
    for (const char c : what) mix(static_cast<unsigned char>(c));
    for (const std::int64_t value : values) mix(static_cast<std::uint64_t>(value));
    if (!print_) return;
    std::printf("%14.6f  %.*s", static_cast<double>(time) / 1e6, static_cast<int>(what.size()), what.data());
    for (const std::int64_t value : values) std::printf(" %lld", static_cast<long long>(value));
    std::printf("\n");
  }
  std::uint64_t hash() const { return hash_; }

 private:
  void mix(std::uint64_t value) { hash_ = Prng(hash_ ^ value).next(); }

  const Timeline& timeline_;
  const bool print_;
  std::uint64_t hash_ = 0;
};

inline Duration between(Prng& prng, Duration low, Duration high) {
  return Duration(prng.between(low.count(), high.count()));
}
template <class T>
T pick(Prng& prng, std::initializer_list<T> choices) {
  return *(choices.begin() + prng.below(choices.size()));
}

}  // namespace limehook::sim
