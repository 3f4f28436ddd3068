#pragma once
// Watches a run from outside and knows what the product promises (promises.hpp). It keeps its own picture of every
// delivery, webhook and target, made from the batches that the store applied and from what the core was told and said;
// nothing of it comes from the core's state. It outlives the simulated process, as the store and the receivers do.
// Broken promises throw Violation.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delivery/scheduler.hpp"
#include "sim/promises.hpp"
#include "sim/receivers.hpp"
#include "sim/scenario.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::sim {

class Auditor {
 public:
  Auditor(const Scenario& scenario, const Timeline& timeline, const store::Store& store, Marks& marks)
      : scenario_(scenario), timeline_(timeline), store_(store), marks_(marks) {}

  // ---- auditor.cpp: what goes into the core -----------------------------------------------------------------
  // With the core that is about to get them: it says who is to get the events.
  void submitted(const delivery::EventsSubmitted& input, const delivery::Scheduler& core);
  // Any other request. `must_succeed`: a refusal breaks a promise.
  void asked(delivery::Ticket ticket) { asks_[ticket]; }
  void must_succeed(delivery::Ticket ticket) { asks_.at(ticket).must_succeed = true; }
  void save_asked(delivery::Ticket ticket, const Webhook& webhook) { asks_[ticket].saves = webhook; }
  void delete_asked(delivery::Ticket ticket, WebhookId webhook) { asks_[ticket].deletes = webhook; }
  void key_asked(delivery::Ticket ticket, KeyId key) { asks_[ticket].saves_key = key; }
  void retry_asked(delivery::Ticket ticket, DeliveryId id);
  void skip_asked(delivery::Ticket ticket, DeliveryId id);
  void recovery_asked(delivery::Ticket ticket, const Recovery& recovery);
  // False: it does not count, for it is not known yet that there is such a webhook.
  bool watched(WebhookId webhook);
  void unwatched(WebhookId webhook) { watched_.erase(webhook); }
  void drain_asked() { draining_ = true; }
  void attempt_ended(const delivery::AttemptFinished& input);
  void body_load_ended(const delivery::BodiesLoaded& input);
  void told(const delivery::BatchFinished& input);

  // ---- auditor.cpp: what the world does ---------------------------------------------------------------------
  void applied(const store::WriteBatch& batch, const store::CommitResult& result);
  void crashed();
  void started();

  // ---- auditor_attempts.cpp ---------------------------------------------------------------------------------
  void said(const delivery::StartAttempt& output, const delivery::Scheduler& core);
  void said(const delivery::BodiesWanted& output, const delivery::Scheduler& core);
  void said(const delivery::AttemptObserved& output);
  void said(const delivery::HeldTooLong& output);
  void said(const delivery::Notice& output);

  // ---- auditor_answers.cpp ----------------------------------------------------------------------------------
  void said(const delivery::EventsAccepted& output);
  void said(const delivery::TestFinished& output);
  void said(const delivery::WebhookStored& output);
  void said(const delivery::RecoveryStored& output);
  void said(const delivery::Stored& output);
  void said(const delivery::Refused& output);
  void said(const delivery::WatchEnded& output);
  void said(const delivery::Drained& output, const delivery::Scheduler& core) const;
  // After a second phase without faults: nothing is open, lost, owed or doubled.
  void finish(delivery::Scheduler& core, const Receivers& receivers) const;

  // ---- auditor_patrol.cpp -----------------------------------------------------------------------------------
  // The core has no more to say for now.
  void pumped(const delivery::Scheduler& core);
  void read_store();  // the core looked for open deliveries
  void moved() { reads_in_vain_ = 0; }
  // Now and then: is something due that nothing keeps from starting?
  void patrol();
  // `rebuilt` was made from the store while all that `live` knows was stored.
  void compare(const delivery::Scheduler& live, const delivery::Scheduler& rebuilt) const;
  // How long everything that is open may take to end when nothing fails any more.
  Duration time_to_end() const;

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
    bool made_later = false;  // by a recovery
    // As stored.
    DeliveryStatus status{};
    EndReason reason{};
    int attempts = 0;
    bool stored_fallback = false;
    int stored_fallback_from = 0;
    std::optional<WallTime> stored_next;
    int opened = 0;  // how often again after an end
    // In this life of the process.
    bool fallback = false;  // it goes to the fallback URL, since attempt number fallback_from
    int fallback_from = 0;
    int attempts_made = 0;        // ended, or stored
    bool holds_place = false;     // running, or its body is being loaded
    bool place_fallback = false;  // of which of the webhook's targets
    bool running = false;
    bool loaded = false;  // its body has come, so it may be about to run
    bool ended = false;   // closed in the core, not yet in the store
    bool acknowledged = false;
    bool succeeded = false;  // its last attempt
    bool reopened = false;
    bool skip_asked = false;
    bool skip_ever_asked = false;
    bool given_up = false;  // its webhook took nothing for a while, so it is to be canceled
    bool retry_asked = false;
    bool retry_owed = false;  // a retry was confirmed and no attempt has started since it was asked for
    MonotonicTime ended_at{};
    MonotonicTime not_before = MonotonicTime::min();
    MonotonicTime due{};
    std::optional<Duration> retry_after;  // as honoured: with 429 and 503 only
  };
  struct AskedKey {
    std::string key;  // with its team; empty: none
    std::string fingerprint;
  };
  struct Ask {
    std::vector<std::set<WebhookId>> expected;  // who is to get each event
    std::vector<AskedKey> keys;
    std::optional<Webhook> saves;
    std::optional<WebhookId> deletes;
    std::optional<KeyId> saves_key;
    std::optional<DeliveryId> retried;
    bool recovers_skipped = false;
    std::optional<bool> retry_served;  // an attempt ran or started since
    bool must_succeed = false;
    bool too_much = false;  // waits to be stored
  };
  // One URL of a webhook, as far as its limits go.
  struct Place {
    int in_flight = 0;  // without tests
    int tests = 0;
    int failures = 0;  // in a row, since the webhook's last change
    int failures_at_most = 0;
    bool may_be_open = false;
    std::optional<double> rate;
    MonotonicTime started_at = MonotonicTime::min();
    MonotonicTime free_since{};
    MonotonicTime rest_until = MonotonicTime::min();
    MonotonicTime rests_at_most_until = MonotonicTime::min();  // if nobody hastens it
    MonotonicTime probe_from = MonotonicTime::min();
    std::optional<DeliveryId> probe;  // under way
    Duration pause{};
  };
  // How a target fared after an attempt, and when that was.
  struct Fared {
    std::pair<WebhookId, bool> target;
    MonotonicTime at{};
    int failures = 0;
    int failures_at_most = 0;
    bool may_be_open = false;
    MonotonicTime probe_from{};
    Duration pause{};
  };
  struct UsedKey {
    std::map<EventId, std::string> events;  // with their fingerprints
    WallTime last_at{};
  };
  struct RunningRecovery {
    WebhookId webhook;
    std::map<DeliveryId, int> wanted;  // with how often each had been opened
  };

  MonotonicTime now() const { return timeline_.now().mono; }
  Ask take_ask(delivery::Ticket ticket);
  Known& known(DeliveryId id);
  // Null when it is deleted.
  const Webhook* in_force(WebhookId id) const;
  bool takes_deliveries(WebhookId id) const;
  bool is_being_saved(WebhookId id) const;
  void add(const Delivery& delivery, const Event& event);
  void apply(const store::NewEvent& event);
  void apply(const store::DeliveryUpdate& update, const std::map<WebhookId, RecoveryId>& recovering);
  void apply(const Recovery& recovery);
  void apply_webhooks(const store::WriteBatch& batch);
  void put_in_force(const Webhook& webhook);
  void check_log(DeliveryId id);
  void check_reason(const store::DeliveryUpdate& update, const Known& delivery) const;
  void note_fared(const store::NewAttempt& added);
  void check_health(const delivery::Scheduler& live, const delivery::Scheduler& rebuilt, WebhookId id) const;
  void check_begin(DeliveryId id, const Known& delivery, const delivery::Scheduler& core) const;
  void take_place(DeliveryId id, Known& delivery);
  void check_order(DeliveryId id, const Known& delivery, const Webhook& webhook) const;
  void check_pace(DeliveryId id, Place& place, const Webhook& webhook);
  void check_status(const Known& delivery, const delivery::AttemptObserved& output) const;
  void check_disabling(const Webhook& webhook) const;
  Place& place_of(const Known& delivery) { return places_[{delivery.webhook, delivery.fallback}]; }
  void count_end(Place& place, const Known& delivery, const delivery::AttemptFinished& input);
  void hasten(WebhookId webhook);
  void free_place(Known& delivery);
  void schedule_retry(Known& delivery, const delivery::AttemptObserved& output);
  bool could_start(WebhookId webhook, bool fallback, MonotonicTime before) const;
  bool is_overdue(const Known& delivery, MonotonicTime before) const;
  Duration patience() const;

  const Scenario& scenario_;
  const Timeline& timeline_;
  const store::Store& store_;
  Marks& marks_;
  std::map<DeliveryId, Known> known_;
  std::set<DeliveryId> open_;  // as stored
  std::vector<DeliveryId> ids_;
  DeliveryId last_before_batch_;
  std::map<delivery::Ticket, Ask> asks_;  // not answered yet
  std::map<EventId, std::set<WebhookId>> acknowledged_;
  std::map<std::string, UsedKey> used_keys_;
  std::map<WebhookId, Webhook> in_force_;      // as people and Limehook were told last
  std::map<WebhookId, int> webhook_versions_;  // as stored; 0: deleted
  std::map<WebhookId, DeliveryId> switched_;   // what was stored up to their last change
  std::map<WebhookId, MonotonicTime> changed_at_;
  std::map<WebhookId, MonotonicTime> worked_at_;  // or was made, or took nothing
  std::map<WebhookId, MonotonicTime> stored_worked_at_;
  std::map<RecoveryId, RunningRecovery> recoveries_;
  std::map<RecoveryId, bool> recovers_skipped_;  // as it was asked for; of those that were answered
  std::map<std::pair<WebhookId, bool>, Place> places_;
  std::map<std::pair<DeliveryId, int>, Fared> fared_;         // after attempts that are not stored yet, by number
  std::map<std::pair<WebhookId, bool>, Fared> stored_fared_;  // after the last one that is
  std::set<KeyId> keys_;                                      // as stored
  std::set<WebhookId> watched_;
  std::set<WebhookId> watch_due_;
  std::map<WebhookId, bool> gone_;  // one of its receivers answered 410; true: it is to be disabled
  int in_flight_total_ = 0;         // without tests
  int tests_running_ = 0;
  int bodies_loading_ = 0;
  std::size_t running_bytes_ = 0;
  struct Refusal {
    MonotonicTime at;
    bool had_facts;
  };
  std::optional<Refusal> refused_;  // by the store, which has not taken anything since
  bool draining_ = false;
  bool healthy_ = true;
  MonotonicTime healthy_since_{};  // the core lets attempts begin since then
  bool full_ = false;
  MonotonicTime roomy_since_{};  // the node has places, and loads no body, since then
  std::uint64_t reads_in_vain_ = 0;
};

}  // namespace limehook::sim
