// What people ask of a single delivery: that it is tried again, or given up.

#include "base/assert.hpp"
#include "delivery/scheduler.hpp"

namespace limehook::delivery {

void Scheduler::on(RetrySubmitted&& input) {
  store::OpenDelivery& delivery = input.delivery;
  const WebhookPtr webhook = find_webhook(delivery.webhook);
  if (!webhook) return refuse(input.ticket, Refusal::NotFound);
  if (!webhook->pushes()) return refuse(input.ticket, Refusal::Disabled);
  if (refused(input.ticket)) return;
  if (OpenEntry* entry = queue_.find(delivery.id)) {
    switch (entry->state) {
      case DeliveryState::Waiting:
      case DeliveryState::Blocked:
      case DeliveryState::Ready:
        queue_.hasten(delivery.id, *entry);
        break;
      case DeliveryState::Parking:
      case DeliveryState::Canceling:
        entry->again = true;
        break;
      case DeliveryState::Closing:
        return reopen_closing(delivery.id, *entry, input.ticket);
      case DeliveryState::Loading:
      case DeliveryState::Running:
        break;  // on its way already
    }
    return answer_retry(*entry, input.ticket);
  }
  if (is_open(delivery.status) && backlog_.find(delivery.webhook)) return fetch(delivery.id, std::move(input));
  // It has ended since it was read.
  if (is_open(delivery.status) || ended_again_.is_stale(delivery)) return refuse(input.ticket, Refusal::Conflict);
  reopen_ended(journal_.requests(), delivery, input.ticket);
}

void Scheduler::answer_retry(const OpenEntry& entry, Ticket ticket) {
  const bool is_stored = !entry.reopened || journal_.idle();  // that it is open
  if (is_stored) outputs_.push_back(Stored{ticket});
  else journal_.facts().effects.push_back(Answer{ticket});
}

void Scheduler::reopen_ended(Work& work, store::OpenDelivery& delivery, Ticket ticket) {
  const auto [reopening, first] = reopening_.try_emplace(delivery.id);
  if (!first) return reopening->second.push_back(ticket);  // what becomes of the first request holds for this one
  delivery.status = delivery.attempts > 0 ? DeliveryStatus::Retrying : DeliveryStatus::Pending;
  delivery.round_start = delivery.attempts;
  delivery.next_attempt_at = now_.wall;
  delivery.fallback = false;
  work.batch.updates.push_back({.id = delivery.id,
                                .webhook = delivery.webhook,
                                .status = delivery.status,
                                .attempts = delivery.attempts,
                                .round_start = delivery.round_start,
                                .next_attempt_at = now_.wall,
                                .http_status = delivery.http_status,
                                .last_outcome = delivery.last_outcome,
                                .updated_at = now_.wall});
  work.effects.push_back(Reopen{ticket, delivery});
}

// Its end is on its way to the store; that it goes on must get there too before anybody hears of it.
void Scheduler::reopen_closing(DeliveryId id, OpenEntry& entry, Ticket ticket) {
  if (!std::exchange(entry.again, true)) {
    entry.round_start = entry.attempts;
    entry.fallback = false;
    record_state(id, entry, entry.attempts > 0 ? DeliveryStatus::Retrying : DeliveryStatus::Pending, Duration(0));
  }
  journal_.facts().effects.push_back(Answer{ticket});
}

void Scheduler::on(SkipSubmitted&& input) {
  OpenEntry* entry = queue_.find(input.delivery);
  if (!entry && backlog_.empty()) return refuse(input.ticket, Refusal::Ended);
  if (refused(input.ticket)) return;
  if (!entry) return fetch(input.delivery, input);
  switch (entry->state) {
    case DeliveryState::Waiting:
    case DeliveryState::Blocked:
    case DeliveryState::Ready:
      queue_.withdraw(input.delivery, *entry);
      return skip(input.delivery, *entry, input);
    case DeliveryState::Parking:
      return skip(input.delivery, *entry, input);
    case DeliveryState::Loading:
    case DeliveryState::Running:
      if (!skips_.try_emplace(input.delivery, input).second) refuse(input.ticket, Refusal::Conflict);
      return;
    case DeliveryState::Canceling:
    case DeliveryState::Closing:
      return refuse(input.ticket, Refusal::Ended);
  }
}

void Scheduler::skip(DeliveryId id, OpenEntry& entry, const SkipSubmitted& asked) {
  entry.again = false;  // this was asked for last
  entry.reason = EndReason::Skipped;
  record_state(id, entry, DeliveryStatus::Canceled, std::nullopt);
  journal_.facts().batch.updates.back().by = asked.by;
  journal_.facts().effects.push_back(Answer{asked.ticket});
}

void Scheduler::answer_skip(DeliveryId id) {
  const auto skipped = skips_.find(id);
  if (skipped == skips_.end()) return;
  journal_.facts().effects.push_back(Answer{skipped->second.ticket});
  skips_.erase(skipped);
}

}  // namespace limehook::delivery
