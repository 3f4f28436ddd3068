#pragma once
// What is known of a webhook and of the places it sends to, while deliveries for it are open. Plain state; what is done
// with it is in dispatch_queue.cpp.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "delivery/breaker.hpp"
#include "delivery/lanes.hpp"
#include "delivery/pace.hpp"
#include "model/webhook.hpp"

namespace limehook::delivery {

// A queue of ids that costs nothing while it is empty: there may be 100,000 of them.
class IdQueue {
 public:
  bool empty() const { return first_ == ids_.size(); }
  DeliveryId front() const { return ids_[first_]; }
  void push_back(DeliveryId id) { ids_.push_back(id); }
  void push_front(DeliveryId id) {
    if (first_ == 0) ids_.insert(ids_.begin(), id);
    else ids_[--first_] = id;
  }
  void pop_front() {
    if (++first_ == ids_.size()) clear();
    else if (first_ >= kSlack && first_ > ids_.size() / 2) compact();
  }
  void clear() {
    first_ = 0;
    if (ids_.capacity() > kSlack) ids_ = {};
    else ids_.clear();
  }
  auto begin() const { return ids_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return ids_.end(); }

 private:
  static constexpr std::size_t kSlack = 1024;
  void compact() {
    ids_.erase(ids_.begin(), begin());
    first_ = 0;
  }
  std::vector<DeliveryId> ids_;
  std::size_t first_ = 0;
};

struct WebhookSlot;

// One URL of a webhook: its own, or the fallback.
struct Target {
  explicit Target(WebhookSlot& owner) : slot(owner) {}

  WebhookSlot& slot;
  IdQueue ready;                 // in the order in which they became ready; may name deliveries that have left
  std::unique_ptr<Lanes> lanes;  // where the webhook is ordered
  int in_flight = 0;             // running or loading
  Breaker breaker;
  Pace pace;
  bool queued = false;                   // in the turns
  std::optional<MonotonicTime> wake_at;  // a timer is set

  // As the webhook says now. Lanes are made or dropped empty.
  void configure();
};

// What all webhooks of a team share.
struct TeamSlot {
  std::deque<Target*> turns;  // with something that may start
  int in_flight = 0;
  int webhooks = 0;
  bool queued = false;  // in the turns
};

struct WebhookSlot {
  WebhookPtr webhook;
  TeamSlot* team = nullptr;
  Target main{*this};
  std::unique_ptr<Target> fallback;  // made when needed
  Duration hold_max{};               // how long a delivery may be held back by a breaker
  int open = 0;                      // deliveries in the table
  int waiting = 0;                   // of them those that wait for their due time
  bool deleted = false;              // kept only while deliveries are open

  std::optional<WallTime> failing_since;  // since when it fails without one success
  bool health_stored = false;             // the store has something of how it fares
  std::uint64_t health_batch = 0;         // the batch of facts that says so last, and where in it
  std::size_t health_place = 0;
  bool noticed = false;  // webhook.failing was raised
  std::optional<MonotonicTime> mailed_at;

  Target& target(bool to_fallback) {
    if (!to_fallback) return main;
    if (!fallback) {
      fallback = std::make_unique<Target>(*this);
      fallback->configure();
    }
    return *fallback;
  }
};

inline void Target::configure() {
  const Webhook& webhook = *slot.webhook;
  pace.limit(webhook.rate_limit);
  const bool ordered = webhook.ordered != Ordering::None;
  if (ordered != (lanes != nullptr)) lanes = ordered ? std::make_unique<Lanes>() : nullptr;
}

}  // namespace limehook::delivery
