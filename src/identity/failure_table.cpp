#include "identity/failure_table.hpp"

namespace limehook::identity {

const FailureTable::Counter* FailureTable::find(const Key& key, MonotonicTime now) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() || is_forgotten(*found->second, now) ? nullptr : &*found->second;
}

void FailureTable::add(const Key& key, MonotonicTime now) {
  if (!find(key, now)) {
    erase(key);
    if (by_key_.size() >= counters_max_) make_room(now);
    auto& lowest = level_of(1);
    by_key_.emplace(key, lowest.insert(lowest.end(), {.key = key, .failures = 1, .first = now, .last = now}));
    return;
  }
  const auto counter = by_key_.at(key);
  auto& from = level_of(counter->failures);
  ++counter->failures;
  counter->last = now;
  auto& to = level_of(counter->failures);
  to.splice(to.end(), from, counter);
}

void FailureTable::take_back_one(const Key& key, MonotonicTime now) {
  const auto* const counter = find(key, now);
  if (!counter) return;
  if (counter->failures == 1) return erase(key);
  const auto at = by_key_.at(key);
  auto& from = level_of(at->failures);
  --at->failures;
  at->last = now;  // keeps the level in order
  auto& to = level_of(at->failures);
  to.splice(to.end(), from, at);
}

void FailureTable::erase(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  level_of(found->second->failures).erase(found->second);
  by_key_.erase(found);
}

void FailureTable::make_room(MonotonicTime now) {
  for (const auto& level : levels_) {
    if (!level.empty() && is_forgotten(level.front(), now)) return erase(Key(level.front().key));
  }
  for (const auto& level : levels_) {
    if (!level.empty()) return erase(Key(level.front().key));
  }
}

}  // namespace limehook::identity
