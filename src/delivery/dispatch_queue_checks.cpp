// What tests and the simulator ask of the queue about itself.

#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.hpp"
#include "delivery/dispatch_queue.hpp"

namespace limehook::delivery {

void DispatchQueue::check_invariants() const {
  int in_flight = 0;
  int probes = 0;
  std::size_t body_bytes = 0;
  std::map<std::pair<const Target*, Lanes::Key>, std::pair<int, std::size_t>> lanes;  // that run, that wait
  boost::unordered_flat_map<const WebhookSlot*, int> open;
  boost::unordered_flat_map<const WebhookSlot*, int> waiting;
  boost::unordered_flat_map<const Target*, int> running;
  for (const auto& [id, entry] : entries_) {
    LIMEHOOK_ASSERT(entry.slot != nullptr);
    const Target& target = entry.slot->target(entry.fallback);
    const bool running_now = runs(entry.state);
    in_flight += running_now;
    probes += entry.probe;
    LIMEHOOK_ASSERT(running_now || !entry.probe);
    ++open[entry.slot];
    waiting[entry.slot] += entry.state == DeliveryState::Waiting;
    running[&target] += running_now;
    if (target.lanes && !entry.test && (running_now || is_waiting(entry.state))) {
      auto& lane = lanes[{&target, lane_key(entry)}];
      lane.first += running_now;
      lane.second += !running_now;
    }
    if (entry.body) body_bytes += entry.body->size();
    LIMEHOOK_ASSERT(entry.state != DeliveryState::Running || entry.body);
    LIMEHOOK_ASSERT(entry.state != DeliveryState::Blocked || target.lanes);
    if (entry.state == DeliveryState::Ready) {
      LIMEHOOK_ASSERT(std::find(target.ready.begin(), target.ready.end(), id) != target.ready.end());
      LIMEHOOK_ASSERT(!target.lanes || target.lanes->first(lane_key(entry)) == id);
    }
    if (entry.state == DeliveryState::Blocked) {
      LIMEHOOK_ASSERT(target.lanes->first(lane_key(entry)) != id);
    }
  }
  std::map<const Target*, std::size_t> lanes_used;
  for (const auto& [lane, counts] : lanes) {
    LIMEHOOK_ASSERT(lane.first->lanes->counts(lane.second) == counts);
    ++lanes_used[lane.first];
  }
  LIMEHOOK_ASSERT(in_flight == in_flight_);
  LIMEHOOK_ASSERT(probes == probes_);
  LIMEHOOK_ASSERT(body_bytes == body_bytes_);
  for (const auto& [id, slot] : slots_) {
    LIMEHOOK_ASSERT(slot->open == open[slot.get()] && slot->waiting == waiting[slot.get()]);
    for (const Target* target : {&slot->main, slot->fallback.get()}) {
      if (!target) continue;
      LIMEHOOK_ASSERT(target->in_flight == running[target]);
      LIMEHOOK_ASSERT(!target->lanes || target->lanes->size() == lanes_used[target]);
      const bool any =
          std::any_of(target->ready.begin(), target->ready.end(), [&](DeliveryId d) { return is_ready(d, *target); });
      LIMEHOOK_ASSERT(!any || !may_start_at(*target) || target->queued || target->wake_at);
      LIMEHOOK_ASSERT(!any || target->breaker.state() == BreakerState::Closed || target->queued || target->wake_at);
    }
  }
}

std::vector<DispatchQueue::EntryView> DispatchQueue::entries() const {
  std::vector<EntryView> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    all.push_back({id, entry.slot->webhook->id, entry.state, entry.attempts, entry.round_start, entry.fallback,
                   entry.test, entry.due});
  }
  std::ranges::sort(all, {}, &EntryView::id);
  return all;
}

std::uint64_t DispatchQueue::state_hash() const {
  std::uint64_t sum = 0;  // of independent hashes, so that the table's order does not matter
  for (const auto& [id, entry] : entries_) {
    std::uint64_t h = static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL;
    h ^= static_cast<std::uint64_t>(entry.attempts) << 32 | static_cast<std::uint64_t>(entry.state);
    h ^= static_cast<std::uint64_t>(entry.due.time_since_epoch().count());
    sum += h * 0xBF58476D1CE4E5B9ULL;
  }
  return sum;
}

}  // namespace limehook::delivery
