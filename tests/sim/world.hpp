#pragma once
// What every part of the simulation shares: simulated time, the trace of a run, the marks of rare paths, and the way a
// broken rule is reported.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/prng.hpp"
#include "base/time.hpp"

namespace limehook::sim {

// A rule of the product that the run broke.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// How often a run took each path that is seldom taken.
class Marks {
 public:
  void hit(std::string_view name) { ++counts_[std::string(name)]; }
  void merge(const Marks& other) {
    for (const auto& [name, count] : other.counts_) counts_[name] += count;
  }
  std::uint64_t count(std::string_view name) const {
    const auto found = counts_.find(std::string(name));
    return found == counts_.end() ? 0 : found->second;
  }
  const std::map<std::string, std::uint64_t>& all() const { return counts_; }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

// Things to do, ordered by (time, insertion number): equal times run in the order in which they were asked for. Owns
// the two clocks; monotonic time only grows, the wall clock steps.
class Timeline {
 public:
  using Action = std::function<void()>;

  Now now() const { return {mono_, WallTime(std::chrono::hours(24 * 365 * 55)) + wall_offset_ + since_start()}; }
  Duration since_start() const { return mono_ - MonotonicTime(std::chrono::hours(1)); }
  void step_wall(Duration by) { wall_offset_ += by; }

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
  MonotonicTime mono_{std::chrono::hours(1)};
  Duration wall_offset_{};
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
