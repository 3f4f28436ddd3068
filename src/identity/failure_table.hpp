#pragma once
// Counters of failures by key, bounded in number. Private to this folder.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <unordered_map>

#include "base/time.hpp"

namespace limehook::identity {

class FailureTable {
 public:
  using Key = std::array<unsigned char, 16>;  // evenly spread, as parts of a hash are
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      std::size_t hash;
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };
  struct Counter {
    Key key{};
    int failures = 0;
    MonotonicTime first{};
    MonotonicTime last{};  // change
  };

  // A counter is forgotten that has not changed for `keep`.
  FailureTable(std::size_t counters_max, Duration keep) : counters_max_(counters_max), keep_(keep) {}

  // Null when there is none.
  const Counter* find(const Key& key, MonotonicTime now) const;
  // When there are too many, one that is to be forgotten makes room, else the one with the fewest failures, of these
  // the oldest: to push out a lock, a stranger has to bring as many failures upon every other counter as the lock has.
  void add(const Key& key, MonotonicTime now);
  void take_back_one(const Key& key, MonotonicTime now);
  void erase(const Key& key);
  std::size_t size() const { return by_key_.size(); }

 private:
  // By failures, those with more share the last; within each, oldest first.
  using Level = std::list<Counter>;
  static constexpr int kLevels = 12;

  Level& level_of(int failures) { return levels_[static_cast<std::size_t>(std::min(failures, kLevels) - 1)]; }
  bool is_forgotten(const Counter& counter, MonotonicTime now) const { return now - counter.last >= keep_; }
  void make_room(MonotonicTime now);

  std::size_t counters_max_;
  Duration keep_;
  std::array<Level, kLevels> levels_;
  std::unordered_map<Key, Level::iterator, KeyHash> by_key_;
};

}  // namespace limehook::identity
