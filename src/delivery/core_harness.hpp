#pragma once
// For tests: a scheduler with a clock that only the test moves, and outputs sorted by kind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
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
    handle(EventsSubmitted{++ticket, std::move(events), ""});
    commit_all();
    return take_answer<EventsAccepted>().receipts;
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
  std::vector<StartAttempt> attempts;
  std::vector<BodiesWanted> wanted;
  std::vector<RecoveryStepWanted> steps;
  std::vector<AttemptObserved> observed;
  std::vector<Output> answers;
};

}  // namespace limehook::delivery
