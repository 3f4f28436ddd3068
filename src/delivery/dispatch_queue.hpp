#pragma once
// The open deliveries in memory: which wait for a time, which are ready, which run. It decides what may start next,
// within each webhook's concurrency and the limit of the whole node, taking webhooks with ready work in turn so that
// none waits for another's backlog. It knows nothing of storage.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "base/time.hpp"
#include "delivery/messages.hpp"

namespace limehook::delivery {

struct WebhookSlot {
  WebhookPtr webhook;
  std::deque<DeliveryId> ready;  // in the order in which they became ready; may name deliveries that have left
  int in_flight = 0;             // running or loading
  int open = 0;                  // deliveries in the table
  bool queued = false;           // in the turn queue
  bool deleted = false;          // kept only while deliveries are open
};

enum class DeliveryState : std::uint8_t {
  Waiting,    // for its due time
  Ready,      // in its webhook's ready list
  Loading,    // its body is being read
  Running,    // an attempt is under way
  Closing,    // ended; its last state is being stored
  Canceling,  // to be canceled, in the order of a queue
};

struct OpenEntry {
  EventId event;
  WebhookSlot* slot = nullptr;
  BodyPtr body;         // null: to be loaded
  MonotonicTime due{};  // while Waiting
  std::int32_t attempts = 0;
  std::int32_t round_start = 0;
  EventType type{};
  DeliveryState state{};
  AttemptOutcome last_outcome{};  // of the last attempt
  std::int16_t http_status = 0;   // likewise
  BodyType body_type{};
  std::uint32_t order_key = 0;
  bool test = false;
  bool fallback = false;  // it goes to the webhook's fallback URL
  bool again = false;     // asked for by hand while it was Closing or Canceling
  bool reopened = false;  // it had ended before
};

struct QueueLimits {
  int in_flight_max = 4096;
  std::size_t body_bytes_max = 64 * 1024 * 1024;  // of bodies kept in memory; others are loaded when due
};

class DispatchQueue {
 public:
  explicit DispatchQueue(QueueLimits limits) : limits_(limits) {}

  // Adds or replaces the webhook's configuration.
  WebhookSlot& put_webhook(WebhookPtr webhook);
  void delete_webhook(WebhookId id);
  // Null when it is unknown or deleted.
  WebhookSlot* find_webhook(WebhookId id) const;
  const std::vector<WebhookPtr> webhooks() const;  // not deleted ones, by id

  // The entry must not be in the table. Its state is set by the wait(), make_ready()... that follows.
  OpenEntry& add(DeliveryId id, OpenEntry entry);
  OpenEntry* find(DeliveryId id);
  void erase(DeliveryId id);

  void wait(DeliveryId id, OpenEntry& entry, MonotonicTime due);
  void make_ready(DeliveryId id, OpenEntry& entry);
  // Moves what is due to ready.
  void fire_due(MonotonicTime now);
  std::optional<MonotonicTime> next_due();

  // Takes the next delivery that may start: it is Loading when it has no body, else Running. The fuller the node, the
  // fewer places one webhook gets, so that a few hanging ones cannot fill it.
  std::optional<DeliveryId> start_next();
  // Starts past all limits; for tests of a webhook.
  void start_now(OpenEntry& entry);
  // Running or Loading ends; the entry's new state is up to the caller.
  void finish(OpenEntry& entry);

  void give_body(OpenEntry& entry, BodyPtr body);
  void drop_body(OpenEntry& entry);

  // Marks the webhook's deliveries that do not run as Canceling; answers their ids in ascending order.
  std::vector<DeliveryId> cancel_waiting(WebhookSlot& slot);

  int in_flight() const { return in_flight_; }
  std::size_t open() const { return entries_.size(); }
  void check_invariants() const;
  std::uint64_t state_hash() const;

 private:
  struct Timer {
    MonotonicTime due;
    DeliveryId id;
    bool operator>(const Timer& other) const { return std::tie(due, id) > std::tie(other.due, other.id); }
  };
  bool timer_is_live(const Timer& timer) const;
  bool has_room(const WebhookSlot& slot) const;
  void queue_slot(WebhookSlot& slot);
  void release_slot(WebhookSlot& slot);
  // The slot's first ready delivery that is still ready; stale names are dropped on the way.
  std::optional<DeliveryId> pop_ready(WebhookSlot& slot);

  QueueLimits limits_;
  boost::unordered_flat_map<WebhookId, std::unique_ptr<WebhookSlot>, std::hash<WebhookId>> slots_;
  boost::unordered_flat_map<DeliveryId, OpenEntry, std::hash<DeliveryId>> entries_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::deque<WebhookSlot*> turns_;  // slots with ready deliveries and room
  int in_flight_ = 0;
  std::size_t body_bytes_ = 0;
};

}  // namespace limehook::delivery
