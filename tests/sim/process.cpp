#include "sim/process.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;
using delivery::Scheduler;
using store::CommitStatus;

namespace {

constexpr std::array<std::string_view, std::variant_size_v<delivery::Output>> kCrashMarks{"crash at PersistBatch",
                                                                                          "crash at StartAttempt",
                                                                                          "crash at BodiesWanted",
                                                                                          "crash at OpenWanted",
                                                                                          "crash at RecoveryStepWanted",
                                                                                          "crash at EventsAccepted",
                                                                                          "crash at TestFinished",
                                                                                          "crash at WebhookStored",
                                                                                          "crash at RecoveryStored",
                                                                                          "crash at Stored",
                                                                                          "crash at Refused",
                                                                                          "crash at AttemptObserved",
                                                                                          "crash at HeldTooLong",
                                                                                          "crash at Notice",
                                                                                          "crash at MailDue",
                                                                                          "crash at WatchEnded",
                                                                                          "crash at Drained"};

}  // namespace

// ---- life and death ----------------------------------------------------------------------------------------

void Process::load(Scheduler& core) const {
  const bool real = &core == &*core_;
  store::Catalog catalog = w_.store.load_catalog();
  for (Webhook& webhook : catalog.webhooks) {
    core.load_webhook(real ? w_.tamper.loaded(std::move(webhook)) : std::move(webhook));
  }
  for (const Recovery& recovery : catalog.running_recoveries) core.load_recovery(recovery);
  for (const store::WebhookHealth& health : catalog.healths) {
    if (!real || w_.tamper.loads_health()) core.load_health(w_.timeline.now(), health);
  }
  if (real && !catalog.running_recoveries.empty()) w_.marks.hit("recovery resumed");
  for (const store::OpenDelivery& delivery : w_.store.list_open({}, SIZE_MAX)) {
    if (real && !core.find_webhook(delivery.webhook)) w_.marks.hit("orphan loaded");
    if (!real || w_.tamper.loads(delivery)) core.load_delivery(w_.timeline.now(), delivery);
  }
}

void Process::start() {
  w_.trace.add("start");
  drained_ = false;
  core_.emplace(w_.tamper.options(w_.scenario.options), w_.store.load_catalog().last_id);
  load(*core_);
  w_.auditor.started();
  schedule_pump();
}

void Process::compare_with_rebuilt() {
  if (!core_ || !core_->all_stored() || pump_scheduled_) return;
  Scheduler rebuilt(w_.scenario.options, w_.store.load_catalog().last_id);
  load(rebuilt);
  w_.auditor.compare(*core_, rebuilt);
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
  w_.auditor.drain_asked();
  handle(delivery::DrainRequested{});
  later(limits::kDrainTimeout, [this] {
    w_.marks.hit(drained_ ? "drained" : "drained too slowly");
    crash();
  });
}

void Process::later(Duration delay, Timeline::Action action) {
  w_.timeline.after(delay, [this, life = life_, action = std::move(action)] {
    if (life == life_) action();
  });
}

// ---- driving the core --------------------------------------------------------------------------------------

void Process::handle(delivery::Input input) {
  if (!core_ || !w_.tamper.input(input)) return;
  if (!std::holds_alternative<delivery::OpenLoaded>(input)) w_.auditor.moved();
  core_->handle(w_.timeline.now(), std::move(input));
  schedule_pump();
}

void Process::watch(WebhookId webhook) {
  if (pump_scheduled_) return;  // what it is about to say is of before
  if (!core_->find_webhook(webhook) || !w_.auditor.watched(webhook)) return;
  core_->watch(webhook);
  schedule_pump();
}

void Process::unwatch(WebhookId webhook) {
  if (pump_scheduled_) return;
  w_.auditor.unwatched(webhook);
  core_->unwatch(webhook);
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
    for (delivery::Output& each : w_.tamper.output(std::move(*output))) {
      if (execute_or_crash(std::move(each))) return;
    }
  }
  core_->check_invariants();
  w_.auditor.pumped(*core_);
  w_.trace.add("state", {static_cast<std::int64_t>(core_->state_hash())});
  arm_timer();
}

bool Process::execute_or_crash(delivery::Output&& output) {
  const std::size_t kind = output.index();
  const auto crashes = [&] {
    const bool now = crash_prng_.chance(w_.scenario.crash_at_output);
    if (now) w_.marks.hit(kCrashMarks[kind]);
    return now;
  };
  w_.trace.add("output", {static_cast<std::int64_t>(kind)});
  bool dies = crashes();
  if (!dies) {
    std::visit([this](auto&& value) { execute(std::move(value)); }, std::move(output));
    dies = crashes();
  }
  if (dies) crash();
  return dies;
}

void Process::arm_timer() {
  const auto deadline = core_->next_deadline();
  if (!deadline || deadline == armed_) return;
  armed_ = deadline;
  const Duration delay = std::max(Duration(0), *deadline - w_.timeline.now().mono);
  later(delay + w_.tamper.lateness(), [this, deadline] {
    if (armed_ == deadline) fire_timer();
  });
}

void Process::fire_timer() {
  armed_.reset();
  core_->tick(w_.timeline.now());
  pump();
  if (!core_) return;
  const auto next = core_->next_deadline();
  check(!next || *next > w_.timeline.now().mono, Promise::Quiet, "a tick moves the deadline on");
}

// ---- the store ---------------------------------------------------------------------------------------------

void Process::execute(delivery::PersistBatch&& output) {
  w_.auditor.moved();
  check(!committing_, Promise::Durable, "one batch is committed at a time");
  committing_ = std::move(output.batch);
  committing_status_ = store_prng_.chance(w_.scenario.commit_full)      ? CommitStatus::Full
                       : store_prng_.chance(w_.scenario.commit_failed)  ? CommitStatus::Failed
                       : store_prng_.chance(w_.scenario.commit_unknown) ? CommitStatus::Unknown
                                                                        : CommitStatus::Committed;
  const Duration latency = between(store_prng_, 50us, w_.scenario.commit_latency_max);
  if (w_.tamper.planted() == Planted::AnswersBeforeCommit) {
    w_.timeline.after(latency, [this, batch = *committing_] { w_.auditor.applied(batch, w_.store.commit(batch)); });
    return handle(delivery::BatchFinished{*std::exchange(committing_, std::nullopt), {}});
  }
  later(latency, [this] { commit(committing_status_); });
}

// Unknown is the end of the process, as in runtime::StoreWriter: the next start reads what there is.
void Process::commit(CommitStatus status) {
  w_.trace.add("commit", {static_cast<std::int64_t>(status)});
  if (status == CommitStatus::Unknown) {
    const bool applied = store_prng_.chance(0.5);
    w_.marks.hit(applied ? "unknown, applied" : "unknown, not applied");
    if (applied) w_.auditor.applied(*committing_, w_.store.commit(*committing_));
    return crash();
  }
  store::CommitResult result;
  result.status = status;
  if (status == CommitStatus::Committed) {
    store::WriteBatch batch = *committing_;
    if (w_.tamper.commits(batch)) {
      result = w_.store.commit(batch);
      w_.auditor.applied(batch, result);
    }
    if (crash_prng_.chance(w_.scenario.crash_after_commit)) {
      w_.marks.hit("applied, not told");
      committing_.reset();
      return crash();
    }
  }
  for (const store::DeliveryUpdate& update : committing_->updates) {
    w_.trace.add("update", {update.id.value, static_cast<std::int64_t>(update.status), update.attempts});
  }
  delivery::BatchFinished finished{*std::exchange(committing_, std::nullopt), std::move(result)};
  w_.auditor.told(finished);
  handle(std::move(finished));
}

// In portions, each of which takes its time.
void Process::execute(delivery::BodiesWanted&& output) {
  w_.auditor.said(output, *core_);
  w_.marks.hit("body loaded");
  const std::size_t portion = pick(store_prng_, {std::size_t{1}, std::size_t{64}});
  auto& wanted = output.deliveries;
  for (std::size_t first = 0; first < wanted.size(); first += portion) {
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    load_bodies({begin, begin + static_cast<std::ptrdiff_t>(std::min(portion, wanted.size() - first))});
  }
}

void Process::load_bodies(std::vector<DeliveryId> ids) {
  later(read_time(), [this, wanted = std::move(ids)] {
    delivery::BodiesLoaded loaded{wanted, {}, store_prng_.chance(w_.scenario.read_failed)};
    if (!loaded.failed) loaded.bodies = w_.store.load_bodies(wanted);
    w_.auditor.body_load_ended(loaded);
    handle(std::move(loaded));
  });
}

void Process::execute(delivery::OpenWanted&& output) {
  w_.auditor.read_store();
  delivery::OpenLoaded loaded;
  if (store_prng_.chance(w_.scenario.read_failed)) w_.marks.hit("sweep failed");
  else loaded.deliveries = w_.store.list_open(output.after, output.limit);
  w_.marks.hit("sweep");
  later(read_time(), [this, loaded] { handle(loaded); });
}

void Process::execute(delivery::RecoveryStepWanted&& output) {
  const Recovery recovery = output.recovery;
  delivery::RecoveryStepLoaded loaded{recovery.id, std::nullopt};
  if (store_prng_.chance(w_.scenario.read_failed)) w_.marks.hit("recovery step failed");
  else loaded.step = w_.store.next_recovery_step(recovery, w_.scenario.recovery_step);
  later(read_time(), [this, loaded] { handle(loaded); });
}

// ---- attempts and answers ----------------------------------------------------------------------------------

void Process::execute(delivery::StartAttempt&& started) {
  w_.auditor.said(started, *core_);
  w_.trace.add("attempt", {started.delivery.value, started.number});
  Exchange exchange = w_.receivers.answer(started, w_.timeline.now().wall);
  if (exchange.processed_after) {  // on its way, whatever becomes of this process
    w_.timeline.after(*exchange.processed_after,
                      [this, id = started.delivery, body = started.body] { w_.receivers.process(id, *body); });
  }
  later(exchange.attempt.duration, [this, id = started.delivery, exchange = std::move(exchange)] {
    delivery::AttemptFinished finished{id, exchange.attempt, exchange.retry_after};
    w_.auditor.attempt_ended(finished);
    w_.trace.add("ended", {id.value, exchange.attempt.http_status});
    handle(std::move(finished));
  });
}

void Process::execute(delivery::Notice&& output) {
  w_.trace.add("notice", {output.webhook->id.value, static_cast<std::int64_t>(output.type)});
  w_.auditor.said(output);
}

void Process::execute(delivery::Drained&& output) {
  w_.auditor.said(output, *core_);
  drained_ = true;
}

template <class Other>
void Process::execute(Other&& output) {
  if constexpr (requires { output.ticket; }) w_.trace.add("answer", {static_cast<std::int64_t>(output.ticket)});
  w_.auditor.said(output);
}

}  // namespace limehook::sim
