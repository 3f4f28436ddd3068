#include "sim/process.hpp"

#include <algorithm>

namespace limehook::sim {

using namespace std::chrono_literals;
using delivery::Scheduler;
using store::CommitStatus;

// ---- life and death ----------------------------------------------------------------------------------------

void Process::start() {
  w_.trace.add("start");
  drained_ = false;
  store::Catalog catalog = w_.store.load_catalog();
  core_.emplace(w_.scenario.options, catalog.last_id);
  for (Webhook& webhook : catalog.webhooks) core_->load_webhook(std::move(webhook));
  for (const Recovery& recovery : catalog.running_recoveries) core_->load_recovery(recovery);
  for (const store::WebhookHealth& health : catalog.healths) core_->load_health(health);
  if (!catalog.running_recoveries.empty()) w_.marks.hit("recovery resumed");
  bool skip = w_.scenario.planted == Planted::ForgetsOpenDelivery;
  for (const store::OpenDelivery& delivery : w_.store.list_open({}, SIZE_MAX)) {
    if (!core_->find_webhook(delivery.webhook)) w_.marks.hit("orphan loaded");
    if (!std::exchange(skip, false)) core_->load_delivery(w_.timeline.now(), delivery);
  }
  schedule_pump();
}

void Process::crash() {
  w_.trace.add("crash", {committing_.has_value()});
  w_.marks.hit("crash");
  if (committing_ && committing_status_ == CommitStatus::Committed && crash_prng_.chance(0.5)) {
    w_.marks.hit("applied, not told");
    w_.auditor.applied(*committing_, w_.store.commit(*committing_));
  }
  committing_.reset();
  armed_.reset();
  pump_scheduled_ = false;
  core_.reset();
  w_.auditor.crashed();
  ++life_;
  later(between(crash_prng_, 1ms, 60s), [this] { start(); });
}

void Process::drain() {
  constexpr Duration kLimit = 8s;
  handle(delivery::DrainRequested{});
  later(kLimit, [this] {
    w_.marks.hit(drained_ ? "drained" : "drained too slowly");
    crash();
  });
}

void Process::later(Duration delay, Timeline::Action action) {
  w_.timeline.after(delay, [this, life = life_, action = std::move(action)] {
    if (life == life_) action();
  });
}

bool Process::plants(Planted planted, double probability) {
  return w_.scenario.planted == planted && crash_prng_.chance(probability);
}

// ---- driving the core --------------------------------------------------------------------------------------

void Process::handle(delivery::Input input) {
  if (!core_) return;
  core_->handle(w_.timeline.now(), std::move(input));
  schedule_pump();
}

// Inputs that come together are handled before the outputs of the first are drained.
void Process::schedule_pump() {
  if (std::exchange(pump_scheduled_, true)) return;
  later(between(store_prng_, 0us, 100us), [this] {
    pump_scheduled_ = false;
    pump();
  });
}

void Process::pump() {
  while (auto output = core_->poll_output()) {
    w_.trace.add("output", {static_cast<std::int64_t>(output->index())});
    if (crash_prng_.chance(w_.scenario.crash_at_output)) return crash();
    std::visit([this](auto&& value) { execute(std::move(value)); }, std::move(*output));
    if (crash_prng_.chance(w_.scenario.crash_at_output)) return crash();
  }
  core_->check_invariants();
  w_.trace.add("state", {static_cast<std::int64_t>(core_->state_hash())});
  arm_timer();
}

void Process::arm_timer() {
  const auto deadline = core_->next_deadline();
  if (!deadline || deadline == armed_) return;
  armed_ = deadline;
  const Duration delay = std::max(Duration(0), *deadline - w_.timeline.now().mono);
  later(delay, [this, deadline] {
    if (armed_ != deadline) return;
    armed_.reset();
    core_->tick(w_.timeline.now());
    pump();
    if (!core_) return;
    const auto next = core_->next_deadline();
    if (next && *next <= w_.timeline.now().mono) throw Violation("a tick moves the deadline on");
  });
}

// ---- the store ---------------------------------------------------------------------------------------------

void Process::execute(delivery::PersistBatch&& output) {
  if (committing_) throw Violation("one batch is committed at a time");
  committing_ = std::move(output.batch);
  committing_status_ = store_prng_.chance(w_.scenario.commit_full)     ? CommitStatus::Full
                       : store_prng_.chance(w_.scenario.commit_failed) ? CommitStatus::Failed
                                                                       : CommitStatus::Committed;
  const Duration latency = between(store_prng_, 50us, w_.scenario.commit_latency_max);
  if (w_.scenario.planted == Planted::AnswersBeforeCommit) {
    w_.timeline.after(latency, [this, batch = *committing_] { w_.auditor.applied(batch, w_.store.commit(batch)); });
    return handle(delivery::BatchFinished{*std::exchange(committing_, std::nullopt), {}});
  }
  later(latency, [this] { commit(committing_status_); });
}

void Process::commit(CommitStatus status) {
  store::CommitResult result;
  result.status = status;
  if (status == CommitStatus::Committed && !plants(Planted::LosesCommits, 0.1)) {
    result = w_.store.commit(*committing_);
    w_.auditor.applied(*committing_, result);
    if (crash_prng_.chance(w_.scenario.crash_after_commit)) {
      w_.marks.hit("applied, not told");
      committing_.reset();
      return crash();
    }
  }
  if (w_.scenario.planted == Planted::IgnoresDuplicates) result.duplicates.clear();
  w_.trace.add("commit", {static_cast<std::int64_t>(status)});
  for (const store::DeliveryUpdate& update : committing_->updates) {
    w_.trace.add("update", {update.id.value, static_cast<std::int64_t>(update.status), update.attempts});
  }
  handle(delivery::BatchFinished{*std::exchange(committing_, std::nullopt), std::move(result)});
}

void Process::execute(delivery::BodiesWanted&& output) {
  w_.auditor.said(output, *core_);
  w_.marks.hit("body loaded");
  later(between(store_prng_, 100us, 50ms), [this, wanted = std::move(output.deliveries)] {
    delivery::BodiesLoaded loaded{wanted, {}, store_prng_.chance(w_.scenario.read_failed)};
    if (!loaded.failed) loaded.bodies = w_.store.load_bodies(wanted);
    if (w_.scenario.planted == Planted::MixesBodies && loaded.bodies.size() > 1) {
      std::swap(loaded.bodies[0].body, loaded.bodies[1].body);
    }
    w_.auditor.body_load_ended(loaded, *core_);
    handle(std::move(loaded));
  });
}

void Process::execute(delivery::OpenWanted&& output) {
  delivery::OpenLoaded loaded;
  if (store_prng_.chance(w_.scenario.read_failed)) w_.marks.hit("sweep failed");
  else loaded.deliveries = w_.store.list_open(output.after, output.limit);
  w_.marks.hit("sweep");
  later(between(store_prng_, 100us, pick<Duration>(store_prng_, {1ms, 2s})), [this, loaded] { handle(loaded); });
}

void Process::execute(delivery::RecoveryStepWanted&& output) {
  const Recovery recovery = output.recovery;
  delivery::RecoveryStepLoaded loaded{recovery.id, std::nullopt};
  if (store_prng_.chance(w_.scenario.read_failed)) w_.marks.hit("recovery step failed");
  else loaded.step = w_.store.next_recovery_step(recovery, w_.scenario.recovery_step);
  later(between(store_prng_, 100us, pick<Duration>(store_prng_, {1ms, 2s})), [this, loaded] { handle(loaded); });
}

// ---- attempts and answers ----------------------------------------------------------------------------------

void Process::execute(delivery::StartAttempt&& output) {
  w_.auditor.said(output, *core_);
  w_.trace.add("attempt", {output.delivery.value, output.number});
  if (plants(Planted::DropsAttempts, 0.05)) return;
  run_attempt(output);
  if (plants(Planted::RepeatsAttempts, 0.05)) {
    w_.auditor.said(output, *core_);
    run_attempt(output);
  }
}

void Process::run_attempt(const delivery::StartAttempt& started) {
  Exchange exchange = w_.receivers.answer(started, w_.timeline.now().wall);
  if (exchange.processed_after) {  // on its way, whatever becomes of this process
    w_.timeline.after(*exchange.processed_after,
                      [this, id = started.delivery, body = started.body] { w_.receivers.process(id, *body); });
  }
  later(exchange.attempt.duration, [this, id = started.delivery, exchange = std::move(exchange)] {
    delivery::AttemptFinished finished{id, exchange.attempt, exchange.retry_after};
    w_.auditor.attempt_ended(finished);
    if (w_.scenario.planted == Planted::ForgetsRetryAfter) finished.retry_after.reset();
    w_.trace.add("ended", {id.value, exchange.attempt.http_status});
    handle(std::move(finished));
  });
}

void Process::execute(delivery::Notice&& output) {
  w_.trace.add("notice", {output.webhook->id.value, static_cast<std::int64_t>(output.type)});
  w_.marks.hit(std::string(name_of(output.type)));
}

void Process::execute(delivery::Drained&&) { drained_ = true; }

template <class Other>
void Process::execute(Other&& output) {
  if constexpr (requires { output.ticket; }) w_.trace.add("answer", {static_cast<std::int64_t>(output.ticket)});
  w_.auditor.said(output);
}

}  // namespace limehook::sim
