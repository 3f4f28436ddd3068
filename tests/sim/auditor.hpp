#pragma once
// Watches a run from outside and knows what the product promises. It keeps its own picture of every delivery, made
// from the batches that the store applied and from what the core was told and said; nothing of it comes from the
// core's state. It outlives the simulated process, as the store and the receivers do. Broken promises throw Violation.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delivery/scheduler.hpp"
#include "sim/receivers.hpp"
#include "sim/scenario.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::sim {

class Auditor {
 public:
  Auditor(const Scenario& scenario, const Timeline& timeline, const store::Store& store, Marks& marks)
      : scenario_(scenario), timeline_(timeline), store_(store), marks_(marks) {}

  // ---- what goes into the core ----
  // With what the core shows at that moment: it says who is to get the events.
  void submitted(const delivery::EventsSubmitted& input, const std::vector<WebhookPtr>& webhooks);
  // Any other request. `must_succeed`: a refusal breaks a promise.
  void asked(delivery::Ticket ticket) { asks_[ticket]; }
  void must_succeed(delivery::Ticket ticket) { asks_.at(ticket).must_succeed = true; }
  void retry_asked(delivery::Ticket ticket, DeliveryId id);
  void skip_asked(delivery::Ticket ticket, DeliveryId id);
  void attempt_ended(const delivery::AttemptFinished& input);
  void body_load_ended(const delivery::BodiesLoaded& input, const delivery::Scheduler& core);

  // ---- what the world does ----
  void applied(const store::WriteBatch& batch, const store::CommitResult& result);
  void crashed();

  // ---- what comes out of the core ----
  void said(const delivery::StartAttempt& output, const delivery::Scheduler& core);
  void said(const delivery::BodiesWanted& output, const delivery::Scheduler& core);
  void said(const delivery::AttemptObserved& output);
  void said(const delivery::HeldTooLong& output);
  void said(const delivery::EventsAccepted& output);
  void said(const delivery::TestFinished& output);
  void said(const delivery::WebhookStored& output);
  void said(const delivery::RecoveryStored& output);
  void said(const delivery::Stored& output);
  void said(const delivery::Refused& output);

  // After a second phase without faults: nothing is open, lost, owed or doubled.
  void finish(const delivery::Scheduler& core, const Receivers& receivers) const;

  // All deliveries that were ever stored, in the order in which they were.
  const std::vector<DeliveryId>& deliveries() const { return ids_; }

 private:
  struct Known {
    WebhookId webhook;
    EventId event;
    std::string team_id;
    std::string body;
    std::uint32_t order_key = 0;
    bool test = false;
    bool fallback = false;  // it goes to the fallback URL, since attempt number fallback_from
    int fallback_from = 0;
    bool stored_fallback = false;
    int stored_fallback_from = 0;
    bool skip_asked = false;
    DeliveryStatus status{};  // as stored, likewise the next
    int attempts = 0;
    int attempts_made = 0;     // ended in this life of the process, or stored
    bool holds_place = false;  // running, or its body is being loaded
    bool running = false;
    bool loaded = false;  // its body has come, so it may be about to run
    bool wanted = false;  // when its body came
    bool ended = false;   // closed in the core, not yet in the store
    bool reopened = false;
    bool retry_asked = false;
    bool retry_owed = false;  // a retry was confirmed and no attempt has started since it was asked for
    MonotonicTime ended_at{};
    MonotonicTime not_before = MonotonicTime::min();
    std::optional<Duration> retry_after;  // as honoured: with 429 and 503 only
  };
  struct Ask {
    std::vector<std::set<WebhookId>> expected;  // who is to get each event
    std::vector<std::string> keys;              // with their scope; empty: none
    std::optional<DeliveryId> retried;
    std::optional<bool> retry_served;  // an attempt ran or started since
    bool must_succeed = false;
  };
  // One URL of a webhook, as far as its limits go.
  struct Place {
    int in_flight = 0;  // without tests
    int failures = 0;   // in a row
    std::optional<double> rate;
    MonotonicTime started_at = MonotonicTime::min();
  };
  struct UsedKey {
    std::set<EventId> events;
    WallTime last_at{};
  };

  Ask take_ask(delivery::Ticket ticket);
  Known& known(DeliveryId id);
  void add(const Delivery& delivery, const Event& event);
  void apply(const store::NewEvent& event);
  void apply(const store::DeliveryUpdate& update, const std::set<WebhookId>& recovering);
  void check_log(DeliveryId id);
  void apply_webhooks(const store::WriteBatch& batch);
  void take_place(DeliveryId id, Known& delivery, const Webhook& webhook);
  void check_order(DeliveryId id, const Known& delivery, const Webhook& webhook) const;
  void check_pace(const Known& delivery, Place& place, const Webhook& webhook);
  Place& place_of(const Known& delivery) { return places_[{delivery.webhook, delivery.fallback}]; }
  void free_place(Known& delivery);
  Duration shortest_delay(Known& delivery, const delivery::AttemptObserved& output) const;

  const Scenario& scenario_;
  const Timeline& timeline_;
  const store::Store& store_;
  Marks& marks_;
  std::map<DeliveryId, Known> known_;
  std::vector<DeliveryId> ids_;
  DeliveryId last_before_batch_;
  std::map<delivery::Ticket, Ask> asks_;  // not answered yet
  std::map<EventId, std::set<WebhookId>> acknowledged_;
  std::map<std::string, UsedKey> used_keys_;
  std::map<WebhookId, int> webhook_versions_;  // as stored; 0: deleted
  std::map<WebhookId, DeliveryId> switched_;   // what was stored up to when they were enabled or disabled last
  std::map<std::pair<WebhookId, bool>, Place> places_;
  int in_flight_total_ = 0;  // without tests
};

}  // namespace limehook::sim
