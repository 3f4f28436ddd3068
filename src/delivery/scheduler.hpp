#pragma once
// The delivery core: decides what is stored, sent and answered, and when. It does no I/O and reads no clock: inputs
// and the time go in, commands come out, so that the same code runs in production (runtime/) and under simulation.
//
// Use: load_*() what the store holds, then handle() inputs as they come and tick() when next_deadline() is reached,
// each followed by poll_output() until it is empty. One thread.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "delivery/backlog.hpp"
#include "delivery/dispatch_queue.hpp"
#include "delivery/journal.hpp"
#include "delivery/messages.hpp"
#include "delivery/routing.hpp"

namespace limehook::delivery {

// The last few deliveries that were opened again and have ended since, with their attempts and why, or are open in the
// store: what somebody read of one just before may be out of date.
class RecentEnds {
 public:
  static constexpr int kOpen = -1;  // instead of the attempts

  bool knows(DeliveryId id) const { return ends_.contains(id); }
  void add(DeliveryId id, int attempts, EndReason reason = EndReason::None) {
    if (ends_.insert_or_assign(id, End{attempts, reason}).second) order_.push_back(id);
    if (order_.size() <= kMax) return;
    ends_.erase(order_.front());
    order_.pop_front();
  }
  bool is_stale(const store::OpenDelivery& read) const {
    const auto found = ends_.find(read.id);
    return found != ends_.end() && (found->second.attempts != read.attempts || found->second.reason != read.reason);
  }

 private:
  static constexpr std::size_t kMax = 4096;
  struct End {
    int attempts;
    EndReason reason;
  };
  std::map<DeliveryId, End> ends_;
  std::deque<DeliveryId> order_;
};

struct SchedulerOptions {
  std::vector<Duration> retry_schedule;  // of webhooks that have none of their own
  QueueLimits queue;
  std::size_t journal_bytes_max = 64 * 1024 * 1024;  // waiting to be stored; more is refused as Busy
  GatherRule gather;
  int recovery_open_max = 1000;  // a recovery pauses while its webhook has this many open deliveries
  BacklogLimits backlog;
  Duration disable_after = std::chrono::days(5);  // without one success
  std::size_t cancel_batch_max = 2000;
};

// How a webhook fares, for people.
struct WebhookView {
  BreakerState breaker{};
  int failures_in_a_row = 0;
  std::optional<WallTime> next_probe_at;  // while the breaker is open
  std::optional<WallTime> failing_since;
  int backlog = 0;  // open deliveries
  struct Block {
    DeliveryId delivery;
    WallTime next_attempt_at;
  };
  std::optional<Block> blocked_by;  // an ordered webhook's oldest delivery that others wait for until its retry
};

class Scheduler {
 public:
  // `last_id`: the largest id in use.
  Scheduler(SchedulerOptions options, std::int64_t last_id);

  void load_webhook(Webhook webhook);
  void load_health(Now now, const store::WebhookHealth& health);  // of a webhook that is loaded
  // Every open delivery, ascending by id.
  void load_delivery(Now now, const store::OpenDelivery& delivery);
  void load_recovery(const Recovery& recovery);

  void handle(Now now, Input input);
  void tick(Now now);
  // Once nothing comes out, nothing will until the next handle() or tick().
  std::optional<Output> poll_output();
  std::optional<MonotonicTime> next_deadline();

  // Asks for one WatchEnded: for the next event that is committed from now on and that the webhook takes. Watching it
  // already, or one that does not exist, changes nothing.
  void watch(WebhookId webhook);
  void unwatch(WebhookId webhook) { watched_.remove(webhook); }

  // Null when there is none. Shows what is stored, not what is being stored.
  WebhookPtr find_webhook(WebhookId id) const;
  // To which webhook an attempt of this delivery is under way; null when none is.
  WebhookPtr webhook_of_attempt(DeliveryId delivery) const;
  int open_deliveries(WebhookId id) const;
  // Nothing when there is no such webhook.
  std::optional<WebhookView> view(WebhookId id) const;

  // False while the store refuses what is to be written.
  bool store_healthy() const { return journal_.can_log(now_.mono); }

  struct Gauges {
    std::size_t open;
    int in_flight;
  };
  Gauges gauges() const { return {queue_.open() + static_cast<std::size_t>(backlog_.total()), queue_.in_flight()}; }
  // Open deliveries that are in memory; the others are in the store only.
  std::size_t in_memory() const { return queue_.open(); }

  // For simulation.
  std::vector<WebhookPtr> webhooks() const { return queue_.webhooks(); }
  std::vector<DispatchQueue::EntryView> entries() const { return queue_.entries(); }
  std::size_t body_bytes() const { return queue_.body_bytes(); }
  Journal::Bytes unwritten_bytes() const { return journal_.bytes(); }
  bool all_stored() const { return journal_.idle(); }
  void check_invariants() const { queue_.check_invariants(); }
  std::uint64_t state_hash() const { return queue_.state_hash(); }

 private:
  struct RecoveryRun {
    Recovery recovery;
    bool busy = false;                                // a step is being read or stored
    MonotonicTime not_before = MonotonicTime::min();  // after a failed read
  };

  // scheduler.cpp: inputs from the API
  void on(EventsSubmitted&& input);
  void on(TestSubmitted&& input);
  void on(WebhookSubmitted&& input);
  void on(WebhookDeleted&& input);
  void on(CatalogSubmitted&& input);
  void on(RecoverySubmitted&& input);
  void on(RecoveryCanceled&& input);
  void on(DrainRequested&& input);
  // scheduler_by_hand.cpp: what people ask of one delivery
  void on(RetrySubmitted&& input);
  void on(SkipSubmitted&& input);
  void answer_retry(const OpenEntry& entry, Ticket ticket);
  // Begins a new walk through the schedule, now, for a delivery that the store holds as ended.
  void reopen_ended(Work& work, store::OpenDelivery& delivery, Ticket ticket);
  void reopen_closing(DeliveryId id, OpenEntry& entry, Ticket ticket);
  void skip(DeliveryId id, OpenEntry& entry, const SkipSubmitted& asked);
  // To be called when what was under way has ended.
  void answer_skip(DeliveryId id);
  // scheduler_recoveries.cpp
  void on(RecoveryStepLoaded&& input);
  // scheduler_progress.cpp: what the outside world reports back
  void on(AttemptFinished&& input);
  void on(BodiesLoaded&& input);
  void on(BatchFinished&& input);
  // scheduler_backlog.cpp: what is in memory, and what is in the store only
  void on(OpenLoaded&& input);
  bool has_room(const WebhookSlot& slot) const;
  bool may_wait_in_store(const WebhookSlot& slot, MonotonicTime due) const;
  bool stays_in_store(const WebhookSlot& slot) const;
  void leave_in_store(WebhookId webhook, DeliveryId id, MonotonicTime due);
  // Is it one of an ordered webhook, and others that come before it are in the store only?
  bool is_behind_others(WebhookId webhook, DeliveryId id) const;
  MonotonicTime due_of(const store::OpenDelivery& delivery) const;
  bool wants_room(WebhookId webhook, bool to_cancel, MonotonicTime due) const;
  bool anybody_wants_room() const;
  void ask_open();
  void ask_open(DeliveryId after, std::size_t limit);
  void take_page(std::span<const store::OpenDelivery> rows, const std::set<DeliveryId>& gone);
  void take_row(const store::OpenDelivery& row);
  void take_fetched(DeliveryId id, std::span<const store::OpenDelivery> rows, const std::set<DeliveryId>& gone);
  // Brings an open delivery into memory that only the store has, and handles the request again.
  using FetchFor = std::variant<RetrySubmitted, SkipSubmitted>;
  void fetch(DeliveryId id, FetchFor request);
  // Into memory; canceled at once where nobody waits for it any more, or `cancel_it`.
  void open_delivery(const store::OpenDelivery& delivery, bool cancel_it = false);
  // There may be room for some that only the store holds.
  void look_for_others();
  // Out of memory.
  void forget(DeliveryId id);

  void carry_out(const AcceptEvents& effect, store::WriteBatch& batch,
                 std::span<const store::DuplicateEvent> duplicates);
  void carry_out(const AcceptTest& effect, store::WriteBatch& batch);
  void carry_out(const ApplyWebhook& effect);
  void carry_out(const ApplyDelete& effect);
  void carry_out(const AnswerRecovery& effect);
  void carry_out(const Reopen& effect);
  void carry_out(const Close& effect);
  void carry_out(const Park& effect);
  void carry_out(const StepStored& effect);
  void refuse(const Effect& effect, store::CommitStatus status);

  // True when the request was refused.
  bool refused(Ticket ticket);
  // Tests go past a webhook's limits, so they have places of their own: few of the node's, and fewer for a team.
  bool has_room_for_test(const std::string& team) const;
  void refuse(Ticket ticket, Refusal reason) { outputs_.push_back(Refused{ticket, reason}); }
  void add_event(Work& work, EventDraft&& draft, std::span<const WebhookPtr> targets, bool test);
  Delivery new_delivery(const Event& event, const Webhook& webhook, std::uint32_t order_key);
  void open_accepted(std::span<const Effect> effects, store::WriteBatch& batch,
                     std::span<const store::DuplicateEvent> duplicates);
  void open_accepted(store::NewEvent& event);
  // watches.cpp
  void route(const WebhookPtr& webhook);
  void end_watches(const Event& event);
  void end_watch(WebhookId webhook);
  void apply_webhook(const WebhookPtr& webhook);
  // scheduler_health.cpp: how webhooks fare, and who is told
  // `was_failing`: its target's last attempt before had failed.
  void take_evidence(OpenEntry& entry, const Attempt& attempt, Evidence evidence, BreakerChange change,
                     bool was_failing);
  void store_health(WebhookSlot& slot);
  void drop_health(WebhookSlot& slot);  // of one that is deleted
  void disable(WebhookSlot& slot, std::string reason);
  void raise(WebhookSlot& slot, EventType type, std::string reason, std::string_view more_members = {});
  void mail(WebhookSlot& slot, MailDue&& mail);
  void send_late_mails();
  // The delivery's schedule is over: it goes on at the fallback URL, or fails.
  DeliveryStatus exhaust(DeliveryId id, OpenEntry& entry, std::optional<Duration>& retry_in);
  void give_up_held();
  void cancel_all(WebhookSlot& slot);
  void cancel(DeliveryId id, OpenEntry& entry);
  // Who else asked for what is being stored; it is forgotten here.
  std::vector<Ticket> take_reopening(DeliveryId id);
  void cancel_some();
  // Writes down the delivery's state as a fact. A terminal one closes the delivery when it is durable.
  void record_state(DeliveryId id, OpenEntry& entry, DeliveryStatus status, std::optional<Duration> retry_in);
  // The same for one that is given up.
  void record_canceled(DeliveryId id, OpenEntry& entry);
  // Of one that ends after an attempt that was its last.
  static EndReason reason_of_failure(const OpenEntry& entry);
  static EndReason reason_of_cancel(const OpenEntry& entry);
  // What follows from an attempt that was not acknowledged or a first success; test deliveries are not retried.
  DeliveryStatus settle(OpenEntry& entry, const AttemptFinished& input, std::optional<Duration>& retry_in);
  void start(DeliveryId id, const OpenEntry& entry);
  void dispatch();
  void ask_recovery_steps();
  std::span<const Duration> schedule_of(const Webhook& webhook) const;
  Duration hold_max_of(const Webhook& webhook) const;

  SchedulerOptions options_;
  IdGenerator ids_;
  RoutingTable routing_;
  RoutingTable watched_;
  DispatchQueue queue_;
  Journal journal_;
  std::deque<Output> outputs_;
  std::map<RecoveryId, RecoveryRun> recoveries_;
  std::map<DeliveryId, Ticket> tests_;     // waiting for their attempt
  std::map<Ticket, std::string> testing_;  // tests that are being stored or waiting for their attempt, with their team
  std::map<DeliveryId, SkipSubmitted> skips_;  // waiting for their attempt to end
  std::set<WebhookId> saving_;                 // a change is being stored
  std::set<WebhookId> recovering_;             // a recovery runs or is being stored
  RecentEnds ended_again_;
  struct LateMail {
    MonotonicTime due;
    MailDue mail;
  };
  std::map<WebhookId, LateMail> late_mails_;
  MonotonicTime late_mail_at_ = MonotonicTime::max();    // the first of them
  std::map<DeliveryId, std::vector<Ticket>> reopening_;  // it is being stored that they go on; who asks for it beside
  Backlog backlog_;
  std::map<DeliveryId, std::vector<FetchFor>> fetches_;  // nothing else takes these deliveries into memory
  bool open_asked_ = false;                              // a page of open deliveries is on its way
  std::optional<DeliveryId> fetching_;                   // and it is for this fetch
  bool sweeping_ = false;                                // a sweep has begun
  DeliveryId sweep_after_;                               // what it has looked at
  std::set<DeliveryId> forgotten_;                // since the page was asked for: what it says of them is out of date
  bool look_wanted_ = false;                      // there may be room, or more to bring in
  MonotonicTime look_at_ = MonotonicTime::min();  // not before this
  MonotonicTime due_look_at_ = MonotonicTime::max();  // something in the store is due soon then
  std::deque<DeliveryId> cancel_queue_;               // Canceling, not yet written down
  std::vector<WebhookPtr> matched_;                   // scratch
  Now now_{};
  bool draining_ = false;
  bool drained_ = false;
};

}  // namespace limehook::delivery
