// Bulk redelivery: it goes through the store step by step, and opens again what it finds.

#include <algorithm>

#include "delivery/scheduler.hpp"

namespace limehook::delivery {
namespace {

constexpr Duration kReloadPause = std::chrono::seconds(1);

}  // namespace

void Scheduler::carry_out(const AnswerRecovery& effect) {
  if (effect.recovery.state == Recovery::State::Running) load_recovery(effect.recovery);
  outputs_.push_back(RecoveryStored{effect.ticket, effect.recovery});
}

void Scheduler::ask_recovery_steps() {
  for (auto& [id, run] : recoveries_) {
    if (run.busy || now_.mono < run.not_before || open_deliveries(run.recovery.webhook) >= options_.recovery_open_max)
      continue;
    run.busy = true;
    outputs_.push_back(RecoveryStepWanted{run.recovery});
  }
}

void Scheduler::on(RecoveryStepLoaded&& input) {
  const auto found = recoveries_.find(input.recovery);
  if (found == recoveries_.end()) return;  // canceled meanwhile
  RecoveryRun& run = found->second;
  Recovery& recovery = run.recovery;
  const WebhookPtr webhook = find_webhook(recovery.webhook);
  Work& facts = journal_.facts();
  // Whether those go on that somebody retries in this moment is known a little later.
  const auto undecided = [this](const store::OpenDelivery& delivery) { return reopening_.contains(delivery.id); };
  if (!input.step || std::ranges::any_of(input.step->deliveries, undecided)) {
    run.busy = false;
    run.not_before = now_.mono + kReloadPause;
    return;
  }
  if (!webhook || !webhook->pushes()) {
    recovery.state = Recovery::State::Canceled;
  } else {
    recovery.examined += static_cast<std::int64_t>(input.step->examined);
    recovery.position = input.step->position;
    if (input.step->done) recovery.state = Recovery::State::Done;
    for (store::OpenDelivery& delivery : input.step->deliveries) {
      // Somebody retried it by hand, and it may have ended again since it was read.
      if (queue_.find(delivery.id) || ended_again_.is_stale(delivery)) continue;
      reopen_ended(facts, delivery, 0);
      ++recovery.redelivered;
    }
    for (const Event& event : input.step->events) {
      auto draft = parse_event(event.payload, kAllEventTypes);
      if (!draft) continue;
      draft->team_id = event.team_id;
      if (!matches_with_team(*webhook, *draft)) continue;
      Delivery delivery = new_delivery(event, *webhook, draft->order_key);
      facts.effects.push_back(Reopen{0,
                                     {.id = delivery.id,
                                      .event = event.id,
                                      .webhook = webhook->id,
                                      .type = event.type,
                                      .order_key = delivery.order_key,
                                      .body_type = delivery.body_type}});
      facts.batch.deliveries.push_back(std::move(delivery));
      ++recovery.redelivered;
    }
  }
  recovery.updated_at = now_.wall;
  facts.batch.recoveries.push_back(recovery);
  facts.effects.push_back(StepStored{recovery.id});
}

void Scheduler::carry_out(const StepStored& effect) {
  const auto found = recoveries_.find(effect.recovery);
  if (found == recoveries_.end()) return;
  found->second.busy = false;
  if (found->second.recovery.state == Recovery::State::Running) return;
  recovering_.erase(found->second.recovery.webhook);
  recoveries_.erase(found);
}

}  // namespace limehook::delivery
