#pragma once
// For tests: a scheduler with a clock that only the test moves, and outputs sorted by kind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "delivery/scheduler.hpp"

namespace limehook::delivery {

using namespace std::chrono_literals;

class CoreHarness {
 public:
  explicit CoreHarness(SchedulerOptions options = default_options())
      : scheduler(std::move(options), 0), now{MonotonicTime(1h), WallTime(std::chrono::hours(24 * 365 * 55))} {}

  static SchedulerOptions default_options() {
    SchedulerOptions options;
    options.retry_schedule = {60s, 300s, 900s, 1800s};
    return options;
  }

  static EventDraft draft(std::string team = "team_001", EventType type = EventType::MissedCall) {
    auto parsed = parse_event(event_types()[static_cast<std::size_t>(type)].sample, kAllEventTypes);
    parsed->team_id = std::move(team);
    return std::move(*parsed);
  }

  static Webhook webhook(std::string team = "team_001") {
    Webhook w;
    w.name = "CRM";
    w.url = "https://example.com/";
    w.team_id = std::move(team);
    w.events = kPhoneEventTypes;
    return w;
  }

  // Takes every output; commits wait in `batches` until commit().
  void drain_outputs() {
    while (auto output = scheduler.poll_output()) {
      std::visit(
          [this](auto&& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, PersistBatch>) batches.push_back(std::move(value.batch));
            else if constexpr (std::is_same_v<T, StartAttempt>) attempts.push_back(std::move(value));
            else if constexpr (std::is_same_v<T, BodiesWanted>) wanted.push_back(std::move(value));
            else if constexpr (std::is_same_v<T, RecoveryStepWanted>) steps.push_back(std::move(value));
            else if constexpr (std::is_same_v<T, AttemptObserved>) observed.push_back(std::move(value));
            else answers.push_back(std::move(value));
          },
          std::move(*output));
    }
    scheduler.check_invariants();
  }

  void handle(Input input) {
    scheduler.handle(now, std::move(input));
    drain_outputs();
  }

  // Finishes the outstanding commit; answers what it held.
  store::WriteBatch commit(store::CommitResult result = {}) {
    if (batches.empty()) {
      ADD_FAILURE() << "no batch is outstanding";
      return {};
    }
    store::WriteBatch batch = std::move(batches.front());
    batches.erase(batches.begin());
    store::WriteBatch copy = batch;
    if (result.status == store::CommitStatus::Committed) committed.push_back(batch);
    handle(BatchFinished{std::move(batch), std::move(result)});
    return copy;
  }
  void commit_all() {
    while (!batches.empty()) commit();
  }

  void advance(Duration by) {
    now.mono += by;
    now.wall += by;
    scheduler.tick(now);
    drain_outputs();
  }

  WebhookPtr create(Webhook w) {
    handle(WebhookSubmitted{++ticket, std::move(w)});
    commit_all();
    return take_answer<WebhookStored>().webhook;
  }

  std::vector<EventReceipt> accept(std::vector<EventDraft> events) {
    handle(EventsSubmitted{++ticket, std::move(events)});
    commit_all();
    return take_answer<EventsAccepted>().receipts;
  }

  // Accepts events; answers the ids of the deliveries that were made for them, in order.
  std::vector<DeliveryId> deliver(std::vector<EventDraft> events) {
    std::vector<EventId> accepted;
    for (const EventReceipt& receipt : accept(std::move(events))) accepted.push_back(receipt.id);
    std::vector<DeliveryId> ids;
    for (const auto& batch : committed) {
      for (const store::NewEvent& event : batch.events) {
        if (std::ranges::find(accepted, event.event.id) == accepted.end()) continue;
        for (const Delivery& delivery : event.deliveries) ids.push_back(delivery.id);
      }
    }
    return ids;
  }
  DeliveryId deliver(EventDraft event) { return deliver(std::vector{std::move(event)}).front(); }

  // Answers every BodiesWanted, also those that follow.
  void load_bodies() {
    while (!wanted.empty()) {
      const auto ids = wanted.front().deliveries;
      wanted.erase(wanted.begin());
      std::vector<store::Body> bodies;
      for (const DeliveryId id : ids) bodies.push_back({id, "{}"});
      handle(BodiesLoaded{ids, std::move(bodies)});
    }
  }

  // Stores all there is to store, gets the bodies it takes, and answers which deliveries have started since the last
  // take. Their attempts are in `attempts`, in the same order, until they are taken.
  std::vector<DeliveryId> started() {
    commit_all();
    load_bodies();
    commit_all();
    std::vector<DeliveryId> ids;
    for (const StartAttempt& attempt : attempts) ids.push_back(attempt.delivery);
    return ids;
  }
  // Ends every attempt that is under way now, and stores that.
  void finish_all(int status) {
    started();
    for (const StartAttempt& attempt : std::exchange(attempts, {})) finish(attempt, status);
    commit_all();
  }

  // Lets the time pass that the scheduler asks for, until then.
  void advance_by_deadlines(Duration by) {
    const MonotonicTime end = now.mono + by;
    for (auto next = scheduler.next_deadline(); next && *next < end; next = scheduler.next_deadline()) {
      advance(std::max(*next - now.mono, Duration(0)));
      commit_all();
    }
    advance(end - now.mono);
    commit_all();
  }

  void retry(const store::OpenDelivery& delivery) { handle(RetrySubmitted{++ticket, delivery}); }
  // A delivery that the store holds as failed, of before a restart.
  static store::OpenDelivery failed_delivery(std::int64_t id, WebhookId webhook, std::uint32_t order_key = 0) {
    return {.id = DeliveryId{id},
            .event = EventId{id},
            .webhook = webhook,
            .status = DeliveryStatus::Failed,
            .attempts = 5,
            .order_key = order_key};
  }

  void change(Webhook changed) {
    handle(WebhookSubmitted{++ticket, std::move(changed)});
    commit_all();
    take_answer<WebhookStored>();
  }

  // The state that the store has been told last.
  std::optional<store::DeliveryUpdate> stored_state(DeliveryId id) const {
    std::optional<store::DeliveryUpdate> last;
    for (const auto& batch : committed) {
      for (const auto& update : batch.updates) {
        if (update.id == id) last = update;
      }
    }
    return last;
  }
  std::vector<store::WebhookHealth> stored_healths() const {
    std::vector<store::WebhookHealth> all;
    for (const auto& batch : committed) all.insert(all.end(), batch.healths.begin(), batch.healths.end());
    return all;
  }
  std::vector<store::NewEvent> stored_events(EventType type) const {
    std::vector<store::NewEvent> found;
    for (const auto& batch : committed) {
      std::ranges::copy_if(batch.events, std::back_inserter(found),
                           [&](const store::NewEvent& event) { return event.event.type == type; });
    }
    return found;
  }

  StartAttempt take_attempt() {
    if (attempts.empty()) {
      ADD_FAILURE() << "no attempt was started";
      return {};
    }
    StartAttempt attempt = std::move(attempts.front());
    attempts.erase(attempts.begin());
    return attempt;
  }

  // Ends an attempt with an HTTP status, or with `outcome` when `status` is 0.
  void finish(const StartAttempt& started, int status, std::optional<Duration> retry_after = {},
              AttemptOutcome outcome = AttemptOutcome::Timeout) {
    Attempt attempt{.number = started.number, .started_at = now.wall, .duration = 5ms};
    attempt.outcome = status ? AttemptOutcome::Response : outcome;
    attempt.http_status = status;
    handle(AttemptFinished{started.delivery, std::move(attempt), retry_after});
  }

  template <class T>
  T take_answer() {
    for (auto it = answers.begin(); it != answers.end(); ++it) {
      if (auto* found = std::get_if<T>(&*it)) {
        T answer = std::move(*found);
        answers.erase(it);
        return answer;
      }
    }
    ADD_FAILURE() << "no such answer";
    return {};
  }
  template <class T>
  bool has_answer() const {
    return std::ranges::any_of(answers, [](const Output& o) { return std::holds_alternative<T>(o); });
  }

  Scheduler scheduler;
  Now now;
  Ticket ticket = 0;
  std::vector<store::WriteBatch> batches;
  std::vector<store::WriteBatch> committed;
  std::vector<StartAttempt> attempts;
  std::vector<BodiesWanted> wanted;
  std::vector<RecoveryStepWanted> steps;
  std::vector<AttemptObserved> observed;
  std::vector<Output> answers;
};

// What tests of the core have in common: one core, and words for what they do with it.
class CoreTest : public testing::Test {
 protected:
  explicit CoreTest(SchedulerOptions options = CoreHarness::default_options()) : core_(std::move(options)) {}
  // Of a core that keeps no bodies, so that each is read from the store.
  static SchedulerOptions without_bodies() {
    auto options = CoreHarness::default_options();
    options.queue.body_bytes_max = 1;
    return options;
  }
  static std::vector<EventDraft> events(std::size_t count) { return {count, CoreHarness::draft()}; }
  static Webhook webhook_of(int max_concurrency) {
    Webhook webhook = CoreHarness::webhook();
    webhook.max_concurrency = max_concurrency;
    return webhook;
  }
  BreakerState state(WebhookId id) { return core_.scheduler.view(id)->breaker; }
  // Fails ten deliveries of a webhook that has nothing under way.
  void open(WebhookId id) {
    core_.deliver(events(10));
    while (state(id) == BreakerState::Closed) {
      ASSERT_FALSE(core_.started().empty());
      core_.finish(core_.take_attempt(), 500);
    }
    core_.commit_all();
  }
  CoreHarness core_;
};

}  // namespace limehook::delivery
