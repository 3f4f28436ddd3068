#include "delivery/dispatch_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace limehook::delivery {
namespace {

constexpr int kFreePlacesShare = 8;  // a webhook may take this part of the free places
constexpr int kSlotsPassedMax = 64;  // looked at in vain per call

}  // namespace

WebhookSlot& DispatchQueue::put_webhook(WebhookPtr webhook) {
  auto& slot = slots_[webhook->id];
  if (!slot) slot = std::make_unique<WebhookSlot>();
  slot->webhook = std::move(webhook);
  slot->deleted = false;
  queue_slot(*slot);  // its concurrency may have grown
  return *slot;
}

void DispatchQueue::delete_webhook(WebhookId id) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return;
  found->second->deleted = true;
  release_slot(*found->second);
}

// A deleted webhook's slot lives until nothing refers to it.
void DispatchQueue::release_slot(WebhookSlot& slot) {
  if (slot.deleted && slot.open == 0 && !slot.queued) slots_.erase(slot.webhook->id);
}

WebhookSlot* DispatchQueue::find_webhook(WebhookId id) const {
  const auto found = slots_.find(id);
  return found == slots_.end() || found->second->deleted ? nullptr : found->second.get();
}

const std::vector<WebhookPtr> DispatchQueue::webhooks() const {
  std::vector<WebhookPtr> all;
  all.reserve(slots_.size());
  for (const auto& [id, slot] : slots_) {
    if (!slot->deleted) all.push_back(slot->webhook);
  }
  std::sort(all.begin(), all.end(), [](const WebhookPtr& a, const WebhookPtr& b) { return a->id < b->id; });
  return all;
}

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

void DispatchQueue::erase(DeliveryId id) {
  const auto found = entries_.find(id);
  LIMEHOOK_ASSERT(found != entries_.end());
  drop_body(found->second);
  WebhookSlot& slot = *found->second.slot;
  entries_.erase(found);
  --slot.open;
  release_slot(slot);
}

void DispatchQueue::wait(DeliveryId id, OpenEntry& entry, MonotonicTime due) {
  entry.state = DeliveryState::Waiting;
  entry.due = due;
  timers_.push({due, id});
}

void DispatchQueue::make_ready(DeliveryId id, OpenEntry& entry) {
  entry.state = DeliveryState::Ready;
  entry.slot->ready.push_back(id);
  queue_slot(*entry.slot);
}

void DispatchQueue::queue_slot(WebhookSlot& slot) {
  if (slot.queued || slot.ready.empty() || slot.in_flight >= slot.webhook->max_concurrency) return;
  slot.queued = true;
  turns_.push_back(&slot);
}

bool DispatchQueue::timer_is_live(const Timer& timer) const {
  const auto found = entries_.find(timer.id);
  return found != entries_.end() && found->second.state == DeliveryState::Waiting && found->second.due == timer.due;
}

void DispatchQueue::fire_due(MonotonicTime now) {
  while (!timers_.empty() && timers_.top().due <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer_is_live(timer)) make_ready(timer.id, *find(timer.id));
  }
}

std::optional<MonotonicTime> DispatchQueue::next_due() {
  while (!timers_.empty() && !timer_is_live(timers_.top())) timers_.pop();
  return timers_.empty() ? std::nullopt : std::optional(timers_.top().due);
}

std::optional<DeliveryId> DispatchQueue::pop_ready(WebhookSlot& slot) {
  while (!slot.ready.empty()) {
    const DeliveryId id = slot.ready.front();
    slot.ready.pop_front();
    const OpenEntry* entry = find(id);
    if (entry && entry->state == DeliveryState::Ready) return id;
  }
  return std::nullopt;
}

bool DispatchQueue::has_room(const WebhookSlot& slot) const {
  const int share = std::max(1, (limits_.in_flight_max - in_flight_) / kFreePlacesShare);
  return slot.in_flight < std::min(slot.webhook->max_concurrency, share);
}

std::optional<DeliveryId> DispatchQueue::start_next() {
  // A slot without room goes to the back; it runs something, whose end brings us here again.
  for (int passed = 0; passed < kSlotsPassedMax && in_flight_ < limits_.in_flight_max && !turns_.empty();) {
    WebhookSlot& slot = *turns_.front();
    turns_.pop_front();
    slot.queued = false;
    if (slot.in_flight < slot.webhook->max_concurrency && !has_room(slot)) {
      queue_slot(slot);
      ++passed;
      continue;
    }
    std::optional<DeliveryId> id;
    if (has_room(slot)) id = pop_ready(slot);
    if (!id) {
      release_slot(slot);
      continue;
    }
    start_now(*find(*id));
    queue_slot(slot);
    return id;
  }
  return std::nullopt;
}

void DispatchQueue::start_now(OpenEntry& entry) {
  entry.state = entry.body ? DeliveryState::Running : DeliveryState::Loading;
  ++entry.slot->in_flight;
  ++in_flight_;
}

void DispatchQueue::finish(OpenEntry& entry) {
  LIMEHOOK_ASSERT(entry.state == DeliveryState::Running || entry.state == DeliveryState::Loading);
  --entry.slot->in_flight;
  --in_flight_;
  queue_slot(*entry.slot);
}

void DispatchQueue::give_body(OpenEntry& entry, BodyPtr body) {
  drop_body(entry);
  // What runs needs its body; what waits can load it later.
  const bool needed = entry.state == DeliveryState::Running || entry.state == DeliveryState::Loading;
  if (!needed && body_bytes_ + body->size() > limits_.body_bytes_max) return;
  body_bytes_ += body->size();
  entry.body = std::move(body);
}

void DispatchQueue::drop_body(OpenEntry& entry) {
  if (!entry.body) return;
  body_bytes_ -= entry.body->size();
  entry.body = nullptr;
}

std::vector<DeliveryId> DispatchQueue::cancel_waiting(WebhookSlot& slot) {
  std::vector<DeliveryId> canceled;
  for (auto& [id, entry] : entries_) {
    if (entry.slot != &slot) continue;
    if (entry.state != DeliveryState::Waiting && entry.state != DeliveryState::Ready) continue;
    entry.state = DeliveryState::Canceling;
    drop_body(entry);
    canceled.push_back(id);
  }
  slot.ready.clear();
  std::sort(canceled.begin(), canceled.end());
  return canceled;
}

void DispatchQueue::check_invariants() const {
  int in_flight = 0;
  std::size_t body_bytes = 0;
  boost::unordered_flat_map<const WebhookSlot*, std::pair<int, int>> per_slot;
  for (const auto& [id, entry] : entries_) {
    LIMEHOOK_ASSERT(entry.slot != nullptr);
    const bool runs = entry.state == DeliveryState::Running || entry.state == DeliveryState::Loading;
    in_flight += runs;
    ++per_slot[entry.slot].first;
    per_slot[entry.slot].second += runs;
    if (entry.body) body_bytes += entry.body->size();
    LIMEHOOK_ASSERT(entry.state != DeliveryState::Running || entry.body);
    if (entry.state == DeliveryState::Ready) {
      const auto& ready = entry.slot->ready;
      LIMEHOOK_ASSERT(std::find(ready.begin(), ready.end(), id) != ready.end());
    }
  }
  LIMEHOOK_ASSERT(in_flight == in_flight_);
  LIMEHOOK_ASSERT(body_bytes == body_bytes_);
  for (const auto& [id, slot] : slots_) {
    const auto [open, running] = per_slot[slot.get()];
    LIMEHOOK_ASSERT(slot->open == open && slot->in_flight == running);
    const bool startable = !slot->ready.empty() && slot->in_flight < slot->webhook->max_concurrency;
    LIMEHOOK_ASSERT(!startable || slot->queued);
  }
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
