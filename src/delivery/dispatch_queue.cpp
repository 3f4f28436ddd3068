#include "delivery/dispatch_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace limehook::delivery {
namespace {

constexpr int kFreePlacesShare = 8;       // a target may take this part of the free places
constexpr int kTeamPlacesPerFreeOne = 3;  // a team has its share with so many for each that stays free
constexpr int kOtherTeamsShare = 8;       // this part of all places is never one team's
constexpr int kProbesShare = 4;           // probes of breakers together have this part of all places
constexpr int kWokenPerPlace = 64;

}  // namespace

// ---- entries -----------------------------------------------------------------------------------------------

OpenEntry& DispatchQueue::add(DeliveryId id, OpenEntry entry) {
  BodyPtr body = std::move(entry.body);
  entry.body = nullptr;
  const auto [at, added] = entries_.emplace(id, std::move(entry));
  LIMEHOOK_ASSERT(added);
  ++at->second.slot->open;
  if (body) give_body(at->second, std::move(body));
  return at->second;
}

OpenEntry* DispatchQueue::find(DeliveryId id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const OpenEntry* DispatchQueue::find(DeliveryId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

void DispatchQueue::erase(DeliveryId id) {
  const auto found = entries_.find(id);
  LIMEHOOK_ASSERT(found != entries_.end());
  drop_body(found->second);
  WebhookSlot& slot = *found->second.slot;
  entries_.erase(found);
  --slot.open;
  release_slot(slot);
}

void DispatchQueue::give_body(OpenEntry& entry, BodyPtr body) {
  drop_body(entry);
  // What runs needs its body; what waits can load it later.
  if (!runs(entry.state) && body_bytes_ + body->size() > limits_.body_bytes_max) return;
  body_bytes_ += body->size();
  entry.body = std::move(body);
}

void DispatchQueue::drop_body(OpenEntry& entry) {
  if (!entry.body) return;
  body_bytes_ -= entry.body->size();
  entry.body = nullptr;
}

// ---- waiting and order -------------------------------------------------------------------------------------

Lanes* DispatchQueue::lanes_of(OpenEntry& entry) { return entry.test ? nullptr : target_of(entry).lanes.get(); }

Lanes::Key DispatchQueue::lane_key(const OpenEntry& entry) {
  return entry.slot->webhook->ordered == Ordering::Call ? entry.order_key : 0;
}

// Answers whether it is the first; the one that was so far then stands behind it.
bool DispatchQueue::enter_lane(DeliveryId id, OpenEntry& entry) {
  Lanes* lanes = lanes_of(entry);
  if (!lanes) return true;
  const auto key = lane_key(entry);
  lanes->enter(key, id);
  if (lanes->first(key) != id) return false;
  if (const auto second = lanes->second(key, id)) {
    OpenEntry& behind = *find(*second);
    if (behind.state == DeliveryState::Ready) behind.state = DeliveryState::Blocked;
  }
  return true;
}

void DispatchQueue::promote(Lanes& lanes, Lanes::Key key) {
  const auto first = lanes.first(key);
  if (!first) return;
  OpenEntry& entry = *find(*first);
  if (entry.state == DeliveryState::Blocked) push_ready(*first, entry);
}

void DispatchQueue::stop_waiting(OpenEntry& entry, DeliveryState state) {
  if (std::exchange(entry.state, state) == DeliveryState::Waiting) --entry.slot->waiting;
}

void DispatchQueue::wait(DeliveryId id, OpenEntry& entry, MonotonicTime due) {
  LIMEHOOK_ASSERT(entry.state != DeliveryState::Waiting);
  entry.state = DeliveryState::Waiting;
  ++entry.slot->waiting;
  entry.due = due;
  enter_lane(id, entry);
  timers_.push({due, id});
}

void DispatchQueue::push_ready(DeliveryId id, OpenEntry& entry) {
  Target& target = target_of(entry);
  entry.state = DeliveryState::Ready;
  entry.due = now_;
  target.ready.push_back(id);
  arrange(target);
}

void DispatchQueue::make_ready(DeliveryId id, OpenEntry& entry) {
  stop_waiting(entry, DeliveryState::Blocked);
  if (enter_lane(id, entry)) push_ready(id, entry);
}

void DispatchQueue::hasten(DeliveryId id, OpenEntry& entry) {
  Target& target = target_of(entry);
  target.breaker.hasten(now_);
  target.pace.end_rest();
  if (entry.state != DeliveryState::Ready) {
    entry.due = now_;
    stop_waiting(entry, DeliveryState::Blocked);
  }
  if (!enter_lane(id, entry)) return arrange(target);  // the first of its lane goes
  entry.state = DeliveryState::Ready;
  target.ready.push_front(id);
  arrange(target);
}

void DispatchQueue::withdraw(DeliveryId id, OpenEntry& entry) {
  LIMEHOOK_ASSERT(is_waiting(entry.state));
  stop_waiting(entry, DeliveryState::Canceling);
  if (Lanes* lanes = lanes_of(entry)) {
    lanes->leave(lane_key(entry), id);
    promote(*lanes, lane_key(entry));
  }
}

// ---- time --------------------------------------------------------------------------------------------------

bool DispatchQueue::timer_is_live(const Timer& timer) const {
  const OpenEntry* entry = find(timer.id);
  return entry && entry->state == DeliveryState::Waiting && entry->due == timer.due;
}

Target* DispatchQueue::live_target(const TargetTimer& timer) const {
  const auto found = slots_.find(timer.webhook);
  if (found == slots_.end()) return nullptr;
  Target* target = timer.fallback ? found->second->fallback.get() : &found->second->main;
  return target && target->wake_at == timer.at ? target : nullptr;
}

void DispatchQueue::fire_due(MonotonicTime now) {
  now_ = now;
  while (!timers_.empty() && timers_.top().due <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer_is_live(timer)) make_ready(timer.id, *find(timer.id));
  }
  while (!target_timers_.empty() && target_timers_.top().at <= now) {
    Target* target = live_target(target_timers_.top());
    target_timers_.pop();
    if (!target) continue;
    target->wake_at.reset();
    take_held(*target);
    arrange(*target);
  }
}

std::optional<MonotonicTime> DispatchQueue::next_due() {
  while (!timers_.empty() && !timer_is_live(timers_.top())) timers_.pop();
  while (!target_timers_.empty() && !live_target(target_timers_.top())) target_timers_.pop();
  std::optional<MonotonicTime> next;
  if (!timers_.empty()) next = timers_.top().due;
  if (!target_timers_.empty()) next = std::min(next.value_or(MonotonicTime::max()), target_timers_.top().at);
  return next;
}

void DispatchQueue::wake(Target& target, MonotonicTime at) {
  if (target.wake_at && *target.wake_at <= at) return;
  target.wake_at = at;
  target_timers_.push({at, target.slot.webhook->id, &target != &target.slot.main});
}

// Time in which it waited for others, or for its pace, was not the breaker's.
MonotonicTime DispatchQueue::held_until(const Target& target, const OpenEntry& entry) {
  return std::max(entry.due, target.breaker.opened_at()) + target.slot.hold_max;
}

void DispatchQueue::take_held(Target& target) {
  if (target.breaker.state() == BreakerState::Closed) return;
  for (drop_stale(target); !target.ready.empty(); drop_stale(target)) {
    const DeliveryId id = target.ready.front();
    OpenEntry& entry = *find(id);
    if (held_until(target, entry) > now_) return;
    withdraw(id, entry);
    held_too_long_.push_back(id);
  }
}

// ---- starting ----------------------------------------------------------------------------------------------

// Nothing: not before something else has happened.
std::optional<MonotonicTime> DispatchQueue::may_start_at(const Target& target) const {
  switch (target.breaker.state()) {
    case BreakerState::Closed:
      if (target.in_flight >= target.slot.webhook->max_concurrency) return std::nullopt;
      return target.pace.next();
    case BreakerState::Open:
      if (target.in_flight > 0) return std::nullopt;
      return std::max(target.pace.next(), target.breaker.probe_at());
    case BreakerState::HalfOpen:
      break;
  }
  return std::nullopt;
}

// A webhook of a team that has its share may have one place still, so that a team's healthy webhooks go on beside its
// hanging ones.
int DispatchQueue::places_of(const Target& target) const {
  const int free = limits_.in_flight_max - in_flight_;
  if (target.slot.team->in_flight >= free * kTeamPlacesPerFreeOne) return 1;
  return std::max(1, free / kFreePlacesShare);
}

bool DispatchQueue::has_room(const Target& target) const {
  if (target.breaker.state() == BreakerState::Open) return probes_ < std::max(1, limits_.in_flight_max / kProbesShare);
  return target.in_flight < places_of(target);
}

bool DispatchQueue::has_room(const TeamSlot& team) const {
  return team.in_flight < limits_.in_flight_max - limits_.in_flight_max / kOtherTeamsShare;
}

bool DispatchQueue::is_ready(DeliveryId id, const Target& target) const {
  const OpenEntry* entry = find(id);
  return entry && entry->state == DeliveryState::Ready && entry->slot == &target.slot &&
         entry->fallback == (&target != &target.slot.main);
}

void DispatchQueue::drop_stale(Target& target) {
  while (!target.ready.empty() && !is_ready(target.ready.front(), target)) target.ready.pop_front();
}

// Sees to it that the target gets its turn, or is looked at again in time.
void DispatchQueue::arrange(Target& target) {
  if (target.queued) return;
  drop_stale(target);
  if (target.ready.empty()) return;
  const auto at = may_start_at(target);
  if (at && *at <= now_) return turns_.add(target);
  if (at) wake(target, *at);
  if (target.breaker.state() != BreakerState::Closed) {
    wake(target, std::max(held_until(target, *find(target.ready.front())), now_ + Duration(1)));
  }
}

std::optional<DeliveryId> DispatchQueue::start_next() {
  while (in_flight_ < limits_.in_flight_max && !turns_.empty()) {
    TeamSlot& team = turns_.next_team();
    if (!has_room(team)) {
      turns_.rest_team();
      continue;
    }
    const auto id = start_from(turns_.take());
    turns_.pass_team();
    release_team(team);
    if (id) return id;
  }
  return std::nullopt;
}

std::optional<DeliveryId> DispatchQueue::start_from(Target& target) {
  const auto at = may_start_at(target);
  const bool may = at && *at <= now_;
  drop_stale(target);
  if (may && !target.ready.empty() && !has_room(target)) {
    turns_.rest(target);
    return std::nullopt;
  }
  std::optional<DeliveryId> id;
  if (may && !target.ready.empty()) {
    id = target.ready.front();
    target.ready.pop_front();
    OpenEntry& entry = *find(*id);
    target.breaker.started();
    target.pace.started(now_);
    entry.probe = target.breaker.state() == BreakerState::HalfOpen;
    probes_ += entry.probe;
    start_now(*id, entry);
  }
  arrange(target);
  release_slot(target.slot);
  return id;
}

// There is a place more: those that found none are looked at again, a few at a time.
void DispatchQueue::wake_resting() {
  turns_.wake_team();
  for (int woken = 0; woken < kWokenPerPlace; ++woken) {
    Target* target = turns_.take_resting();
    if (!target) return;
    arrange(*target);
    release_slot(target->slot);
  }
}

void DispatchQueue::start_now(DeliveryId id, OpenEntry& entry) {
  entry.state = entry.body ? DeliveryState::Running : DeliveryState::Loading;
  if (Lanes* lanes = lanes_of(entry)) lanes->start(lane_key(entry), id);
  ++target_of(entry).in_flight;
  ++entry.slot->team->in_flight;
  ++in_flight_;
}

BreakerChange DispatchQueue::finish(OpenEntry& entry, Evidence evidence) {
  LIMEHOOK_ASSERT(runs(entry.state));
  Target& target = target_of(entry);
  --target.in_flight;
  --entry.slot->team->in_flight;
  --in_flight_;
  entry.state = DeliveryState::Closing;  // until the caller says what becomes of it
  const bool probe = std::exchange(entry.probe, false);
  probes_ -= probe;
  auto change = BreakerChange::None;
  if (evidence == Evidence::Works && target.breaker.succeeded()) change = BreakerChange::Closed;
  if (evidence == Evidence::Fails && target.breaker.failed(now_, limits_.breaker)) change = BreakerChange::Opened;
  if (evidence == Evidence::None && probe) target.breaker.aborted();
  if (Lanes* lanes = lanes_of(entry)) {
    lanes->finish(lane_key(entry));
    promote(*lanes, lane_key(entry));
  }
  arrange(target);
  wake_resting();
  return change;
}

void DispatchQueue::rest(OpenEntry& entry, Duration how_long) { target_of(entry).pace.rest_until(now_ + how_long); }

}  // namespace limehook::delivery
