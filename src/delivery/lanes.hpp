#pragma once
// The order among a target's deliveries (spec, section 4: `ordered`). What is still to be sent stands in a lane by its
// id, which is the order of acceptance; only the first of a lane may run, and only when none of the lane runs. Knows
// ids and keys, nothing else.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "base/ids.hpp"

namespace limehook::delivery {

class Lanes {
 public:
  using Key = std::uint32_t;

  void enter(Key key, DeliveryId id) { lanes_[key].waiting.insert(id); }
  void leave(Key key, DeliveryId id) {
    const auto lane = lanes_.find(key);
    if (lane == lanes_.end()) return;
    lane->second.waiting.erase(id);
    drop_if_empty(lane);
  }
  // It need not have entered.
  void start(Key key, DeliveryId id) {
    Lane& lane = lanes_[key];
    lane.waiting.erase(id);
    ++lane.running;
  }
  void finish(Key key) {
    const auto lane = lanes_.find(key);
    LIMEHOOK_ASSERT(lane != lanes_.end() && lane->second.running > 0);
    --lane->second.running;
    drop_if_empty(lane);
  }
  // The one that may run next; nothing while one runs.
  std::optional<DeliveryId> first(Key key) const {
    const auto lane = lanes_.find(key);
    if (lane == lanes_.end() || lane->second.running > 0) return std::nullopt;
    return *lane->second.waiting.begin();
  }
  // The one behind `first`, the lane's first.
  std::optional<DeliveryId> second(Key key, DeliveryId first) const {
    const auto& waiting = lanes_.at(key).waiting;
    const auto next = waiting.upper_bound(first);
    return next == waiting.end() ? std::nullopt : std::optional(*next);
  }
  // How many of the lane run and wait.
  std::pair<int, std::size_t> counts(Key key) const {
    const auto lane = lanes_.find(key);
    return lane == lanes_.end() ? std::pair{0, std::size_t{0}}
                                : std::pair{lane->second.running, lane->second.waiting.size()};
  }
  std::size_t size() const { return lanes_.size(); }
  // Of all the first ones that others wait behind, the oldest that `holds` says yes to.
  template <class Holds>
  std::optional<DeliveryId> oldest_block(Holds holds) const {
    std::optional<DeliveryId> oldest;
    for (const auto& [key, lane] : lanes_) {
      if (lane.running > 0 || lane.waiting.size() < 2) continue;
      const DeliveryId first = *lane.waiting.begin();
      if ((!oldest || first < *oldest) && holds(first)) oldest = first;
    }
    return oldest;
  }

 private:
  struct Lane {
    std::set<DeliveryId> waiting;
    int running = 0;  // more than one only after the order was asked for while they ran
  };
  using Map = boost::unordered_flat_map<Key, Lane>;
  void drop_if_empty(Map::iterator lane) {
    if (lane->second.waiting.empty() && lane->second.running == 0) lanes_.erase(lane);
  }
  Map lanes_;
};

}  // namespace limehook::delivery
