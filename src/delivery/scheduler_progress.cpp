// The second half of the scheduler: what the outside world reports back, and what follows from it.

#include <algorithm>

#include "base/assert.hpp"
#include "delivery/retry_policy.hpp"
#include "delivery/scheduler.hpp"

namespace limehook::delivery {
namespace {

constexpr Duration kReloadPause = std::chrono::seconds(1);
constexpr std::size_t kAttemptBytes = 300;
constexpr Duration kRestMax = std::chrono::minutes(1);  // of a whole target, however long its receiver asks for

// Tests say that a receiver works, not that it fails: people try things.
Evidence evidence_of(const Attempt& attempt, bool test) {
  if (attempt.acknowledged()) return Evidence::Works;
  return test || attempt.outcome == AttemptOutcome::Internal ? Evidence::None : Evidence::Fails;
}

}  // namespace

// ---- attempts ----------------------------------------------------------------------------------------------

void Scheduler::on(BodiesLoaded&& input) {
  std::ranges::sort(input.bodies, {}, &store::Body::delivery);
  for (const DeliveryId id : input.wanted) {
    OpenEntry* entry = queue_.find(id);
    LIMEHOOK_ASSERT(entry && entry->state == DeliveryState::Loading);
    const auto body = std::ranges::lower_bound(input.bodies, id, {}, &store::Body::delivery);
    const bool found = body != input.bodies.end() && body->delivery == id;
    const bool unwanted = entry->slot->deleted || !entry->slot->webhook->pushes();
    if (found && !unwanted && !draining_) {
      queue_.give_body(*entry, std::make_shared<const std::string>(std::move(body->body)));
      entry->state = DeliveryState::Running;
      start(id, *entry);
      continue;
    }
    queue_.finish(*entry, Evidence::None);
    if (!found && !input.failed) forget(id);
    else if (unwanted || skips_.contains(id)) record_canceled(id, *entry);
    else queue_.wait(id, *entry, now_.mono + kReloadPause);
    answer_skip(id);
  }
}

EndReason Scheduler::reason_of_failure(const OpenEntry& entry) {
  if (entry.last_outcome == AttemptOutcome::HeldBack) return EndReason::HeldTooLong;
  if (entry.last_outcome == AttemptOutcome::AddressRefused) return EndReason::RefusedByPolicy;
  return entry.http_status == 410 ? EndReason::Gone : EndReason::Exhausted;
}

EndReason Scheduler::reason_of_cancel(const OpenEntry& entry) {
  const Webhook& webhook = *entry.slot->webhook;
  if (entry.slot->deleted) return EndReason::WebhookDeleted;
  if (entry.test && webhook.pushes()) return EndReason::Interrupted;
  return webhook.enabled && webhook.mode == WebhookMode::Poll ? EndReason::WebhookPolled : EndReason::WebhookDisabled;
}

void Scheduler::record_canceled(DeliveryId id, OpenEntry& entry) {
  const auto skipped = skips_.find(id);
  entry.reason = skipped == skips_.end() ? reason_of_cancel(entry) : EndReason::Skipped;
  record_state(id, entry, DeliveryStatus::Canceled, std::nullopt);
  if (skipped != skips_.end()) journal_.facts().batch.updates.back().by = skipped->second.by;
}

DeliveryStatus Scheduler::settle(OpenEntry& entry, const AttemptFinished& input, std::optional<Duration>& retry_in) {
  WebhookSlot& slot = *entry.slot;
  if (entry.test) return input.attempt.acknowledged() ? DeliveryStatus::Delivered : DeliveryStatus::Failed;
  const int steps_used = entry.attempts - 1 - entry.round_start;
  const Decision decision = decide(input.attempt, steps_used, schedule_of(*slot.webhook), input.retry_after);
  const bool wanted = !slot.deleted && slot.webhook->pushes();
  switch (decision.verdict) {
    case Verdict::Delivered:
      return DeliveryStatus::Delivered;
    case Verdict::Exhausted:
      return wanted ? exhaust(input.delivery, entry, retry_in) : DeliveryStatus::Failed;
    case Verdict::Gone:
      if (!entry.fallback) disable(slot, "The receiver answered 410 Gone.");
      return DeliveryStatus::Failed;
    case Verdict::Retry:
      break;
  }
  if (!wanted || skips_.contains(input.delivery)) return DeliveryStatus::Canceled;
  retry_in = decision.delay;
  return DeliveryStatus::Retrying;
}

void Scheduler::on(AttemptFinished&& input) {
  OpenEntry* entry = queue_.find(input.delivery);
  LIMEHOOK_ASSERT(entry && entry->state == DeliveryState::Running);
  const Evidence evidence = evidence_of(input.attempt, entry->test);
  const bool was_failing = entry->slot->target(entry->fallback).breaker.failures_in_a_row() > 0;
  const BreakerChange change = queue_.finish(*entry, evidence);
  if (entry->slot->webhook->fallback_url.empty()) entry->fallback = false;  // taken away meanwhile
  if (input.attempt.http_status == 429 && input.retry_after) {
    queue_.rest(*entry, std::min(*input.retry_after, kRestMax));
  }
  queue_.drop_body(*entry);
  ++entry->attempts;
  entry->http_status = static_cast<std::int16_t>(input.attempt.http_status);
  entry->last_outcome = input.attempt.outcome;
  LIMEHOOK_ASSERT(input.attempt.number == entry->attempts);
  take_evidence(*entry, input.attempt, evidence, change, was_failing);

  std::optional<Duration> retry_in;
  const DeliveryStatus status = settle(*entry, input, retry_in);
  if (status == DeliveryStatus::Canceled) {
    record_canceled(input.delivery, *entry);
  } else {
    entry->reason = status == DeliveryStatus::Failed ? reason_of_failure(*entry) : EndReason::None;
    record_state(input.delivery, *entry, status, retry_in);
  }
  if (retry_in == Duration(0)) {
    queue_.make_ready(input.delivery, *entry);
  } else if (retry_in && may_wait_in_store(*entry->slot, now_.mono + *retry_in)) {
    entry->state = DeliveryState::Parking;
    journal_.facts().effects.push_back(Park{input.delivery, now_.mono + *retry_in});
  } else if (retry_in) {
    queue_.wait(input.delivery, *entry, now_.mono + *retry_in);
    look_for_others();
  }
  answer_skip(input.delivery);

  Attempt& attempt = input.attempt;
  Attempt observed{.number = attempt.number,
                   .started_at = attempt.started_at,
                   .duration = attempt.duration,
                   .outcome = attempt.outcome,
                   .http_status = attempt.http_status,
                   .error = attempt.error};
  outputs_.push_back(AttemptObserved{input.delivery, entry->event, entry->type, entry->test, entry->slot->webhook,
                                     std::move(observed), status, retry_in});
  Work& facts = journal_.facts();
  if (const auto test = tests_.find(input.delivery); test != tests_.end()) {
    testing_.erase(test->second);
    facts.effects.push_back(AnswerTest{test->second, input.delivery, attempt});
    tests_.erase(test);
  }
  facts.batch.bytes += kAttemptBytes + attempt.response_head.size() + attempt.response_body.size();
  facts.batch.attempts.push_back({input.delivery, std::move(attempt)});
}

void Scheduler::record_state(DeliveryId id, OpenEntry& entry, DeliveryStatus status, std::optional<Duration> retry_in) {
  Work& facts = journal_.facts();
  std::optional<WallTime> next;
  if (retry_in) next = now_.wall + *retry_in;
  facts.batch.updates.push_back({.id = id,
                                 .webhook = entry.slot->webhook->id,
                                 .status = status,
                                 .attempts = entry.attempts,
                                 .round_start = entry.round_start,
                                 .next_attempt_at = next,
                                 .http_status = entry.http_status,
                                 .last_outcome = entry.last_outcome,
                                 .fallback = entry.fallback,
                                 .updated_at = now_.wall,
                                 .reason = is_open(status) ? EndReason::None : entry.reason});
  if (is_open(status)) return;
  entry.state = DeliveryState::Closing;
  facts.effects.push_back(Close{id});
}

// ---- commits -----------------------------------------------------------------------------------------------

void Scheduler::on(BatchFinished&& input) {
  const bool committed = input.result.status == store::CommitStatus::Committed;
  store::WriteBatch batch = std::move(input.batch);
  // On failure the journal takes the batch back; on success its events become open deliveries.
  const auto effects =
      journal_.finish(now_.mono, committed ? store::WriteBatch{} : std::move(batch), input.result.status);
  if (committed) open_accepted(effects, batch, input.result.duplicates);
  for (const Effect& effect : effects) {
    if (!committed) {
      refuse(effect, input.result.status);
    } else if (const auto* test = std::get_if<AcceptTest>(&effect)) {
      carry_out(*test, batch);
    } else {
      std::visit(
          [this](const auto& other) {
            using T = std::decay_t<decltype(other)>;
            if constexpr (std::is_same_v<T, Answer>) outputs_.push_back(Stored{other.ticket});
            else if constexpr (std::is_same_v<T, AnswerTest>)
              outputs_.push_back(TestFinished{other.ticket, other.delivery, other.attempt});
            else if constexpr (!std::is_same_v<T, AcceptEvents> && !std::is_same_v<T, AcceptTest>) carry_out(other);
          },
          effect);
    }
  }
}

// In the order of acceptance, which is that of the ids: events of Limehook's own stand before others in a batch.
void Scheduler::open_accepted(std::span<const Effect> effects, store::WriteBatch& batch,
                              std::span<const store::DuplicateEvent> duplicates) {
  std::vector<const AcceptEvents*> accepted;
  for (const Effect& effect : effects) {
    if (const auto* events = std::get_if<AcceptEvents>(&effect)) accepted.push_back(events);
  }
  const auto first_id = [&](const AcceptEvents* a) {
    return a->count == 0 ? EventId{} : batch.events[a->first].event.id;
  };
  if (!std::ranges::is_sorted(accepted, {}, first_id)) std::ranges::sort(accepted, {}, first_id);
  for (const AcceptEvents* events : accepted) carry_out(*events, batch, duplicates);
}

void Scheduler::refuse(const Effect& effect, store::CommitStatus status) {
  const Refusal reason = status == store::CommitStatus::Full ? Refusal::StoreFull : Refusal::StoreFailed;
  std::visit(
      [&](const auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<T, ApplyWebhook>) saving_.erase(e.webhook->id);
        if constexpr (std::is_same_v<T, ApplyDelete>) saving_.erase(e.webhook);
        if constexpr (std::is_same_v<T, AcceptTest>) testing_.erase(e.ticket);
        if constexpr (std::is_same_v<T, Reopen>) {
          for (const Ticket ticket : take_reopening(e.delivery.id)) refuse(ticket, reason);
        }
        if constexpr (std::is_same_v<T, AnswerRecovery>) recovering_.erase(e.recovery.webhook);
        if constexpr (requires { e.ticket; }) refuse(e.ticket, reason);
      },
      effect);
}

void Scheduler::carry_out(const AcceptEvents& effect, store::WriteBatch& batch,
                          std::span<const store::DuplicateEvent> duplicates) {
  EventsAccepted answer{effect.ticket, {}};
  answer.receipts.reserve(effect.count);
  auto duplicate = std::ranges::lower_bound(duplicates, effect.first, {}, &store::DuplicateEvent::index);
  for (std::size_t i = effect.first; i < effect.first + effect.count; ++i) {
    if (duplicate != duplicates.end() && duplicate->index == i) {
      answer.receipts.push_back(
          {duplicate->original, duplicate->deliveries, !duplicate->other_payload, duplicate->other_payload});
      ++duplicate;
      continue;
    }
    store::NewEvent& event = batch.events[i];
    answer.receipts.push_back({event.event.id, event.told(), false});
    end_watches(event.event);
    open_accepted(event);
  }
  if (effect.ticket != 0) outputs_.push_back(std::move(answer));
}

void Scheduler::open_accepted(store::NewEvent& event) {
  if (event.deliveries.empty()) return;
  const auto payload = std::make_shared<const std::string>(std::move(event.event.payload));
  for (Delivery& delivery : event.deliveries) {
    WebhookSlot* slot = queue_.find_webhook(delivery.webhook);
    if (!slot || !slot->webhook->pushes()) {  // deleted or disabled while the event was being stored
      open_delivery({.id = delivery.id,
                     .event = delivery.event,
                     .webhook = delivery.webhook,
                     .type = event.event.type,
                     .test = delivery.test,
                     .order_key = delivery.order_key,
                     .body_type = delivery.body_type});
      continue;
    }
    if (stays_in_store(*slot)) {
      leave_in_store(delivery.webhook, delivery.id, now_.mono);
      continue;
    }
    OpenEntry& entry = queue_.add(
        delivery.id, {.event = event.event.id,
                      .slot = slot,
                      .body = delivery.body ? std::make_shared<const std::string>(std::move(*delivery.body)) : payload,
                      .order_key = delivery.order_key,
                      .type = event.event.type,
                      .body_type = delivery.body_type});
    queue_.make_ready(delivery.id, entry);
  }
}

void Scheduler::carry_out(const AcceptTest& effect, store::WriteBatch& batch) {
  store::NewEvent& event = batch.events[effect.index];
  Delivery& delivery = event.deliveries.front();
  WebhookSlot* slot = queue_.find_webhook(delivery.webhook);
  if (!slot) {
    testing_.erase(effect.ticket);
    open_delivery({.id = delivery.id,
                   .event = delivery.event,
                   .webhook = delivery.webhook,
                   .type = event.event.type,
                   .test = true});
    return refuse(effect.ticket, Refusal::NotFound);
  }
  OpenEntry& entry = queue_.add(
      delivery.id,
      {.event = event.event.id, .slot = slot, .type = event.event.type, .body_type = delivery.body_type, .test = true});
  entry.state = DeliveryState::Loading;  // so that the body is kept whatever else fills the memory
  queue_.give_body(entry, std::make_shared<const std::string>(delivery.body ? std::move(*delivery.body)
                                                                            : std::move(event.event.payload)));
  queue_.start_now(delivery.id, entry);
  tests_[delivery.id] = effect.ticket;
  start(delivery.id, entry);
}

void Scheduler::carry_out(const ApplyWebhook& effect) {
  saving_.erase(effect.webhook->id);
  apply_webhook(effect.webhook);
  outputs_.push_back(WebhookStored{effect.ticket, effect.webhook});
}

void Scheduler::carry_out(const ApplyDelete& effect) {
  saving_.erase(effect.webhook);
  routing_.remove(effect.webhook);
  end_watch(effect.webhook);
  if (WebhookSlot* slot = queue_.find_webhook(effect.webhook)) {
    cancel_all(*slot);
    drop_health(*slot);
  }
  queue_.delete_webhook(effect.webhook);
  outputs_.push_back(Stored{effect.ticket});
}

std::vector<Ticket> Scheduler::take_reopening(DeliveryId id) {
  auto reopening = reopening_.extract(id);
  return reopening.empty() ? std::vector<Ticket>{} : std::move(reopening.mapped());
}

void Scheduler::carry_out(const Reopen& effect) {
  const DeliveryId id = effect.delivery.id;
  const auto others = take_reopening(id);
  if (!queue_.find(id) && is_behind_others(effect.delivery.webhook, id)) {
    leave_in_store(effect.delivery.webhook, id, now_.mono);
    ended_again_.add(id, RecentEnds::kOpen);
  } else if (!queue_.find(id)) {
    open_delivery(effect.delivery);
    OpenEntry& entry = *queue_.find(id);
    entry.reopened = true;
    // By hand: the one who asked is waiting for it.
    if ((effect.ticket != 0 || !others.empty()) && entry.state != DeliveryState::Canceling) queue_.hasten(id, entry);
  }
  if (effect.ticket != 0) outputs_.push_back(Stored{effect.ticket});
  for (const Ticket ticket : others) outputs_.push_back(Stored{ticket});
}

void Scheduler::carry_out(const Close& effect) {
  const DeliveryId id = effect.delivery;
  OpenEntry* entry = queue_.find(id);
  LIMEHOOK_ASSERT(entry && entry->state == DeliveryState::Closing);
  if (entry->reopened) ended_again_.add(id, entry->attempts, entry->reason);
  if (!std::exchange(entry->again, false)) return forget(id);
  entry->reopened = true;
  if (!entry->slot->webhook->pushes() || entry->slot->deleted) return cancel(id, *entry);
  if (!is_behind_others(entry->slot->webhook->id, id)) return queue_.hasten(id, *entry);
  entry->state = DeliveryState::Parking;  // that it is open again is stored with what comes next
  journal_.facts().effects.push_back(Park{id, now_.mono});
}

void Scheduler::carry_out(const Park& effect) {
  OpenEntry& entry = *queue_.find(effect.delivery);
  if (entry.state == DeliveryState::Closing) return;  // somebody gave it up meanwhile
  LIMEHOOK_ASSERT(entry.state == DeliveryState::Parking);
  const bool wanted = entry.slot->webhook->pushes() && !entry.slot->deleted;
  if (!wanted) return cancel(effect.delivery, entry);
  const WebhookId webhook = entry.slot->webhook->id;
  const bool asked_for = std::exchange(entry.again, false);
  if (asked_for && !is_behind_others(webhook, effect.delivery)) return queue_.hasten(effect.delivery, entry);
  // Somebody asked for it after its webhook had ended and begun again, while others are still to be canceled.
  const Backlog::Part* part = backlog_.find(webhook);
  if (part && effect.delivery <= part->cancel_through) {
    return queue_.wait(effect.delivery, entry, asked_for ? now_.mono : effect.due);
  }
  if (entry.reopened) ended_again_.add(effect.delivery, RecentEnds::kOpen);
  leave_in_store(webhook, effect.delivery, asked_for ? now_.mono : effect.due);
  forget(effect.delivery);
}

// ---- webhooks ----------------------------------------------------------------------------------------------

void Scheduler::apply_webhook(const WebhookPtr& webhook) {
  route(webhook);
  end_watch(webhook->id);
  WebhookSlot& slot = queue_.put_webhook(webhook, hold_max_of(*webhook));
  if (!webhook->pushes()) {
    cancel_all(slot);
    slot.failing_since.reset();
    slot.noticed = false;
  }
  if (slot.health_stored) store_health(slot);  // its breakers may begin anew
}

void Scheduler::cancel_all(WebhookSlot& slot) {
  for (const DeliveryId id : queue_.cancel_waiting(slot)) cancel_queue_.push_back(id);
  if (Backlog::Part* part = backlog_.find(slot.webhook->id)) {
    part->cancel_through = DeliveryId{ids_.next(now_.wall)};
    look_wanted_ = true;
  }
}

void Scheduler::cancel(DeliveryId id, OpenEntry& entry) {
  entry.state = DeliveryState::Canceling;
  cancel_queue_.push_back(id);
}

// In portions, so that a webhook with a large backlog does not hold up everybody's commits.
void Scheduler::cancel_some() {
  auto& updates = journal_.facts().batch.updates;
  while (!cancel_queue_.empty() && updates.size() < options_.cancel_batch_max) {
    const DeliveryId id = cancel_queue_.front();
    cancel_queue_.pop_front();
    OpenEntry& entry = *queue_.find(id);
    const bool enabled = entry.slot->webhook->pushes() && !entry.slot->deleted;
    if (std::exchange(entry.again, false) && enabled) queue_.make_ready(id, entry);
    else record_canceled(id, entry);
  }
}

}  // namespace limehook::delivery
