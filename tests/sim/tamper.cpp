#include "sim/tamper.hpp"

#include <algorithm>
#include <array>

namespace limehook::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array kMistakes{
    PlantedInfo{Planted::LosesDeliveries, "LosesDeliveries", Promise::Kept, 20},
    PlantedInfo{Planted::AnswersBeforeCommit, "AnswersBeforeCommit", Promise::Durable, 20},
    PlantedInfo{Planted::LosesCommits, "LosesCommits", Promise::Durable, 20},
    PlantedInfo{Planted::LosesAnswers, "LosesAnswers", Promise::Answered, 20},
    PlantedInfo{Planted::DropsAttempts, "DropsAttempts", Promise::Ended, 100},
    PlantedInfo{Planted::ForgetsOpenDelivery, "ForgetsOpenDelivery", Promise::Restart, 50},
    PlantedInfo{Planted::OpensWhatEnded, "OpensWhatEnded", Promise::Final, 20},
    PlantedInfo{Planted::RepeatsAttempts, "RepeatsAttempts", Promise::OneAttempt, 20},
    PlantedInfo{Planted::MiscountsAttempts, "MiscountsAttempts", Promise::Logged, 20},
    PlantedInfo{Planted::ForgetsRetryAfter, "ForgetsRetryAfter", Promise::RetryTime, 50},
    PlantedInfo{Planted::LongerSchedule, "LongerSchedule", Promise::Schedule, 50},
    PlantedInfo{Planted::MisreportsStatus, "MisreportsStatus", Promise::Status, 20},
    PlantedInfo{Planted::ResendsDelivered, "ResendsDelivered", Promise::NoRepeat, 20},
    PlantedInfo{Planted::MorePlaces, "MorePlaces", Promise::Concurrency, 20},
    PlantedInfo{Planted::ForgetsRate, "ForgetsRate", Promise::Rate, 100},
    PlantedInfo{Planted::SlowBreaker, "SlowBreaker", Promise::Breaker, 50},
    PlantedInfo{Planted::KeepsBodies, "KeepsBodies", Promise::Memory, 20},
    PlantedInfo{Planted::LosesDrained, "LosesDrained", Promise::Quiet, 20},
    PlantedInfo{Planted::MixesBodies, "MixesBodies", Promise::Body, 50},
    PlantedInfo{Planted::UsesOldVersion, "UsesOldVersion", Promise::Address, 50},
    PlantedInfo{Planted::ForgetsDisabled, "ForgetsDisabled", Promise::Enabled, 100},
    PlantedInfo{Planted::StartsLate, "StartsLate", Promise::Loggable, 50},
    PlantedInfo{Planted::FallsBackEarly, "FallsBackEarly", Promise::Fallback, 20},
    PlantedInfo{Planted::IgnoresDuplicates, "IgnoresDuplicates", Promise::Durable, 20},
    PlantedInfo{Planted::LosesKeys, "LosesKeys", Promise::Idempotency, 20},
    PlantedInfo{Planted::ForgetsOrder, "ForgetsOrder", Promise::Order, 100},
    PlantedInfo{Planted::ForgetsRetry, "ForgetsRetry", Promise::ByHand, 50},
    PlantedInfo{Planted::SkipsInRecovery, "SkipsInRecovery", Promise::Recovery, 100},
    PlantedInfo{Planted::DisablesEarly, "DisablesEarly", Promise::Disabling, 100},
    PlantedInfo{Planted::StoresTwice, "StoresTwice", Promise::Catalog, 50},
    PlantedInfo{Planted::LosesWatches, "LosesWatches", Promise::Watch, 50},
    PlantedInfo{Planted::TimersLate, "TimersLate", Promise::Isolation, 50},
    PlantedInfo{Planted::StoresOtherDueTimes, "StoresOtherDueTimes", Promise::Restart, 50},
    PlantedInfo{Planted::ForgetsHealth, "ForgetsHealth", Promise::Health, 50},
    PlantedInfo{Planted::MixesReasons, "MixesReasons", Promise::Reason, 50},
    PlantedInfo{Planted::RecoversSkipped, "RecoversSkipped", Promise::Recovery, 200},
};

}  // namespace

std::span<const PlantedInfo> planted_mistakes() { return kMistakes; }

// ---- the beginning -----------------------------------------------------------------------------------------

delivery::SchedulerOptions Tamper::options(delivery::SchedulerOptions options) const {
  switch (planted_) {
    case Planted::LongerSchedule:
      options.retry_schedule.push_back(1s);
      break;
    case Planted::MorePlaces:
      options.queue.in_flight_max *= 2;
      break;
    case Planted::SlowBreaker:
      options.queue.breaker.failures_max *= 10;
      break;
    case Planted::KeepsBodies:
      options.queue.body_bytes_max *= 1000;
      break;
    case Planted::DisablesEarly:
      options.disable_after = 10s;
      break;
    default:
      break;
  }
  return options;
}

Webhook Tamper::loaded(Webhook webhook) const {
  if (planted_ == Planted::ForgetsRate) webhook.rate_limit.reset();
  if (planted_ == Planted::ForgetsDisabled) webhook.enabled = true;
  if (planted_ == Planted::ForgetsOrder) webhook.ordered = Ordering::None;
  return webhook;
}

bool Tamper::loads(const store::OpenDelivery& delivery) {
  return planted_ != Planted::ForgetsOpenDelivery || delivery.test || !std::exchange(forgets_, false);
}

// ---- the store ---------------------------------------------------------------------------------------------

bool Tamper::commits(store::WriteBatch& batch) {
  if (is(Planted::LosesCommits, 0.1)) return false;
  if (is(Planted::LosesDeliveries, 0.1)) {
    for (store::NewEvent& event : batch.events) event.deliveries.clear();
  }
  if (is(Planted::LosesKeys)) {
    for (store::NewEvent& event : batch.events) event.idempotency_key.clear();
  }
  if (is(Planted::MiscountsAttempts, 0.1)) {
    for (store::NewAttempt& added : batch.attempts) ++added.attempt.number;
  }
  if (is(Planted::StoresTwice)) {
    for (Webhook& webhook : batch.webhooks) webhook.version += webhook.version > 1;
  }
  for (store::DeliveryUpdate& update : batch.updates) {
    if (is(Planted::MixesReasons) && update.status == DeliveryStatus::Canceled) {
      update.reason = update.reason == EndReason::Skipped ? EndReason::WebhookDisabled : EndReason::Skipped;
    }
    if (is(Planted::StoresOtherDueTimes) && update.next_attempt_at) *update.next_attempt_at += 10min;
    if (is(Planted::OpensWhatEnded) && ended_ && update.id != *ended_) {
      update.id = *ended_;
      update.status = DeliveryStatus::Pending;
    }
    if (!is_open(update.status)) ended_ = update.id;
  }
  return true;
}

// ---- inputs ------------------------------------------------------------------------------------------------

bool Tamper::input(delivery::Input& input) {
  if (auto* finished = std::get_if<delivery::AttemptFinished>(&input)) {
    if (is(Planted::ForgetsRetryAfter)) finished->retry_after.reset();
    if (is(Planted::MisreportsStatus, 0.1)) {
      finished->attempt.outcome = AttemptOutcome::Response;
      finished->attempt.http_status = finished->attempt.acknowledged() ? 500 : 200;
    }
  } else if (auto* batch = std::get_if<delivery::BatchFinished>(&input)) {
    if (is(Planted::IgnoresDuplicates)) batch->result.duplicates.clear();
    const bool refused = batch->result.status != store::CommitStatus::Committed;
    if (refused && held_) due_.emplace_back(*std::exchange(held_, std::nullopt));
  } else if (auto* loaded = std::get_if<delivery::BodiesLoaded>(&input)) {
    if (is(Planted::MixesBodies) && loaded->bodies.size() > 1)
      std::swap(loaded->bodies[0].body, loaded->bodies[1].body);
  } else if (auto* step = std::get_if<delivery::RecoveryStepLoaded>(&input)) {
    if (is(Planted::SkipsInRecovery) && step->step && !step->step->deliveries.empty()) {
      step->step->deliveries.pop_back();
    }
  } else if (auto* recovery = std::get_if<delivery::RecoverySubmitted>(&input)) {
    if (is(Planted::RecoversSkipped)) recovery->recovery.skipped = true;
  } else if (auto* retry = std::get_if<delivery::RetrySubmitted>(&input)) {
    if (!is(Planted::ForgetsRetry)) return true;
    due_.emplace_back(delivery::Stored{retry->ticket});
    return false;
  }
  return true;
}

// ---- outputs -----------------------------------------------------------------------------------------------

void Tamper::change(delivery::StartAttempt& start) {
  if (is(Planted::FallsBackEarly) && !start.webhook->fallback_url.empty()) start.fallback = true;
  if (!is(Planted::UsesOldVersion)) return;
  start.webhook = first_versions_.try_emplace(start.webhook->id, start.webhook).first->second;
}

std::vector<delivery::Output> Tamper::output(delivery::Output output) {
  std::vector<delivery::Output> all = std::exchange(due_, {});
  if (is(Planted::LosesAnswers, 0.1) && std::holds_alternative<delivery::Stored>(output)) return all;
  if (is(Planted::LosesDrained) && std::holds_alternative<delivery::Drained>(output)) return all;
  if (is(Planted::LosesWatches) && std::holds_alternative<delivery::WatchEnded>(output)) return all;
  const auto* observed = std::get_if<delivery::AttemptObserved>(&output);
  const bool delivered = observed && observed->status == DeliveryStatus::Delivered;
  const bool again = delivered && sent_ && sent_->delivery == observed->delivery && is(Planted::ResendsDelivered);
  if (auto* start = std::get_if<delivery::StartAttempt>(&output)) {
    if (is(Planted::DropsAttempts, 0.05)) return all;
    change(*start);
    sent_ = *start;
    if (is(Planted::RepeatsAttempts, 0.05)) all.emplace_back(*start);
    if (is(Planted::StartsLate) && !held_ && !start->test) {
      held_ = std::move(*start);
      return all;
    }
  }
  all.push_back(std::move(output));
  if (again) all.emplace_back(*sent_);
  return all;
}

}  // namespace limehook::sim
