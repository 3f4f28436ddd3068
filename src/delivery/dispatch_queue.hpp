#pragma once
// The open deliveries in memory: which wait for a time, which are ready, which run. It decides what may start next:
// within each target's concurrency, pace, breaker and order, within the limit of the whole node, and in turns, so that
// none waits for another's backlog. It knows nothing of storage. Its time is that of the last fire_due().

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "delivery/messages.hpp"
#include "delivery/target.hpp"
#include "delivery/turns.hpp"

namespace limehook::delivery {

enum class DeliveryState : std::uint8_t {
  Waiting,    // for its due time
  Blocked,    // due, but behind others in its lane
  Ready,      // in its target's ready list
  Loading,    // its body is being read
  Running,    // an attempt is under way
  Closing,    // ended; its last state is being stored
  Parking,    // it is open, and leaves memory when its state is stored
  Canceling,  // to be canceled, in the order of a queue
};

constexpr bool is_waiting(DeliveryState state) {
  return state == DeliveryState::Waiting || state == DeliveryState::Blocked || state == DeliveryState::Ready;
}
constexpr bool runs(DeliveryState state) { return state == DeliveryState::Running || state == DeliveryState::Loading; }

struct OpenEntry {
  EventId event;
  WebhookSlot* slot = nullptr;
  BodyPtr body;         // null: to be loaded
  MonotonicTime due{};  // while Waiting; while Ready, since when
  std::int32_t attempts = 0;
  std::int32_t round_start = 0;
  std::uint32_t order_key = 0;
  EventType type{};
  BodyType body_type{};
  DeliveryState state = DeliveryState::Closing;  // until it is set
  AttemptOutcome last_outcome{};                 // of the last attempt
  EndReason reason{};                            // once it has ended
  std::int16_t http_status = 0;                  // likewise
  bool fallback = false;                         // it goes to the webhook's fallback URL
  bool test = false;
  bool probe = false;     // its attempt is a probe of the target's breaker
  bool again = false;     // asked for by hand while it was Closing, Parking or Canceling
  bool reopened = false;  // it had ended before
};

// What the end of an attempt says about its target.
enum class Evidence : std::uint8_t { None, Works, Fails };
enum class BreakerChange : std::uint8_t { None, Opened, Closed };

struct QueueLimits {
  int in_flight_max = 4096;
  std::size_t body_bytes_max = 64 * 1024 * 1024;  // of bodies kept in memory; others are loaded when due
  BreakerOptions breaker;
};

class DispatchQueue {
 public:
  explicit DispatchQueue(QueueLimits limits) : limits_(limits) {}

  // Adds or replaces the webhook's configuration. `hold_max`: how long a breaker may hold a delivery back.
  WebhookSlot& put_webhook(WebhookPtr webhook, Duration hold_max);
  void delete_webhook(WebhookId id);
  // Null when it is unknown or deleted.
  WebhookSlot* find_webhook(WebhookId id) const;
  const std::vector<WebhookPtr> webhooks() const;  // not deleted ones, by id

  // The entry must not be in the table. Its state is set by the wait(), make_ready()... that follows.
  OpenEntry& add(DeliveryId id, OpenEntry entry);
  OpenEntry* find(DeliveryId id);
  const OpenEntry* find(DeliveryId id) const;
  void erase(DeliveryId id);

  void wait(DeliveryId id, OpenEntry& entry, MonotonicTime due);
  void make_ready(DeliveryId id, OpenEntry& entry);
  // A person wants it now: it goes before others that may go, past a pause of its target.
  void hasten(DeliveryId id, OpenEntry& entry);
  // Takes one that is Waiting, Blocked or Ready out of the order; its new state is up to the caller.
  void withdraw(DeliveryId id, OpenEntry& entry);
  // Moves what is due to ready.
  void fire_due(MonotonicTime now);
  std::optional<MonotonicTime> next_due();
  // Those that a breaker has held back for too long, withdrawn; their new state is up to the caller.
  std::vector<DeliveryId> take_held_too_long() { return std::exchange(held_too_long_, {}); }

  // Takes the next delivery that may start: it is Loading when it has no body, else Running. The fuller the node, the
  // fewer places one webhook and one team get, so that a few hanging ones cannot fill it.
  std::optional<DeliveryId> start_next();
  // Starts past all limits; for tests of a webhook.
  void start_now(DeliveryId id, OpenEntry& entry);
  // Running or Loading ends; the entry's new state is up to the caller.
  BreakerChange finish(OpenEntry& entry, Evidence evidence);
  // The target's receiver asked for a rest.
  void rest(OpenEntry& entry, Duration how_long);

  void give_body(OpenEntry& entry, BodyPtr body);
  void drop_body(OpenEntry& entry);

  // Marks the webhook's deliveries that do not run as Canceling; answers their ids in ascending order.
  std::vector<DeliveryId> cancel_waiting(WebhookSlot& slot);

  // For simulation: every entry, ascending by id, and the bytes of the bodies that are kept.
  struct EntryView {
    DeliveryId id;
    WebhookId webhook;
    DeliveryState state;
    int attempts;
    int round_start;
    bool fallback;
    bool test;
    MonotonicTime due;
  };
  std::vector<EntryView> entries() const;
  std::size_t body_bytes() const { return body_bytes_; }

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
  struct TargetTimer {
    MonotonicTime at;
    WebhookId webhook;
    bool fallback;
    bool operator>(const TargetTimer& other) const {
      return std::tie(at, webhook, fallback) > std::tie(other.at, other.webhook, other.fallback);
    }
  };
  template <class T>
  using Soonest = std::priority_queue<T, std::vector<T>, std::greater<>>;

  static Target& target_of(OpenEntry& entry) { return entry.slot->target(entry.fallback); }
  static Lanes* lanes_of(OpenEntry& entry);
  static Lanes::Key lane_key(const OpenEntry& entry);
  bool timer_is_live(const Timer& timer) const;
  Target* live_target(const TargetTimer& timer) const;

  // Order.
  static void stop_waiting(OpenEntry& entry, DeliveryState state);
  bool enter_lane(DeliveryId id, OpenEntry& entry);
  void promote(Lanes& lanes, Lanes::Key key);
  void bring_back(WebhookSlot& slot);
  void fill_lanes(WebhookSlot& slot);
  void push_ready(DeliveryId id, OpenEntry& entry);

  // Starting.
  std::optional<MonotonicTime> may_start_at(const Target& target) const;
  static MonotonicTime held_until(const Target& target, const OpenEntry& entry);
  void wake_resting();
  bool has_room(const Target& target) const;
  bool has_room(const TeamSlot& team) const;
  int places_of(const Target& target) const;
  bool is_ready(DeliveryId id, const Target& target) const;
  void drop_stale(Target& target);
  void arrange(Target& target);
  void wake(Target& target, MonotonicTime at);
  void take_held(Target& target);
  std::optional<DeliveryId> start_from(Target& target);

  void release_slot(WebhookSlot& slot);
  void release_team(TeamSlot& team);

  QueueLimits limits_;
  MonotonicTime now_{};
  boost::unordered_flat_map<WebhookId, std::unique_ptr<WebhookSlot>, std::hash<WebhookId>> slots_;
  std::unordered_map<std::string, TeamSlot> teams_;
  boost::unordered_flat_map<DeliveryId, OpenEntry, std::hash<DeliveryId>> entries_;
  Soonest<Timer> timers_;
  Soonest<TargetTimer> target_timers_;
  Turns turns_;
  std::vector<DeliveryId> held_too_long_;
  int in_flight_ = 0;
  int probes_ = 0;  // of them those of breakers
  std::size_t body_bytes_ = 0;
};

}  // namespace limehook::delivery
