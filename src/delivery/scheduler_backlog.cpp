// Which open deliveries are in memory. A webhook has a bounded number of them there, and what is due later leaves when
// memory is short; the store has them all. When there is room, or something is due soon, a sweep reads the store's open
// deliveries in the order of their ids and takes what it finds room for.

#include <algorithm>

#include "base/limits.hpp"
#include "delivery/scheduler.hpp"

namespace limehook::delivery {
namespace {

constexpr Duration kReadPause = std::chrono::seconds(1);  // after a failed read

}  // namespace

MonotonicTime Scheduler::due_of(const store::OpenDelivery& delivery) const {
  if (!delivery.next_attempt_at || *delivery.next_attempt_at <= now_.wall) return now_.mono;
  // A wall clock that was set back must not hold a delivery longer than was meant when this was written.
  const Duration meant = std::min<Duration>(*delivery.next_attempt_at - delivery.updated_at, limits::kRetryStepMax);
  return now_.mono + std::min(*delivery.next_attempt_at - now_.wall, meant);
}

bool Scheduler::has_room(const WebhookSlot& slot) const {
  const BacklogLimits& limits = options_.backlog;
  return slot.open - slot.waiting < (queue_.open() < limits.open_max ? limits.webhook_max : limits.webhook_min);
}

// Whether one that is due at `due` may leave memory. The first of an ordered webhook holds others up: it stays.
bool Scheduler::may_wait_in_store(const WebhookSlot& slot, MonotonicTime due) const {
  const BacklogLimits& limits = options_.backlog;
  return slot.webhook->ordered == Ordering::None && due > now_.mono + limits.soon &&
         (queue_.open() >= limits.open_max / 2 || slot.waiting >= limits.webhook_max / 2);
}

// Whether a new one must wait in the store: there is no room, or others that came before it are there.
bool Scheduler::stays_in_store(const WebhookSlot& slot) const {
  if (!has_room(slot)) return true;
  if (backlog_.empty()) return false;
  const auto part = backlog_.parts().find(slot.webhook->id);
  if (part == backlog_.parts().end() || part->second.count == 0) return false;
  const MonotonicTime due = std::min(part->second.due, part->second.swept ? part->second.due_before : part->second.due);
  return slot.webhook->ordered != Ordering::None || due <= now_.mono + options_.backlog.soon;
}

void Scheduler::leave_in_store(WebhookId webhook, DeliveryId id, MonotonicTime due) {
  backlog_.add(webhook, id, due);
  look_wanted_ = true;
}

bool Scheduler::is_behind_others(WebhookId webhook, DeliveryId id) const {
  const WebhookSlot* slot = queue_.find_webhook(webhook);
  const auto part = backlog_.parts().find(webhook);
  if (!slot || slot->webhook->ordered == Ordering::None || part == backlog_.parts().end()) return false;
  if (id <= part->second.cancel_through) return false;  // what is left before it is to be canceled
  return part->second.count > 0 && std::min(part->second.first, part->second.first_before) <= id;
}

void Scheduler::look_for_others() { look_wanted_ = look_wanted_ || !backlog_.empty(); }

void Scheduler::forget(DeliveryId id) {
  if (open_asked_) forgotten_.insert(id);
  look_for_others();
  queue_.erase(id);
}

// ---- asking ------------------------------------------------------------------------------------------------

// A sweep takes what is due soon; it begins when that is half over, so that many due times make few sweeps.
bool Scheduler::wants_room(WebhookId webhook, bool to_cancel, MonotonicTime due) const {
  const WebhookSlot* slot = queue_.find_webhook(webhook);
  if (!slot) return true;  // deleted: they are to be canceled
  const int cap =
      queue_.open() < options_.backlog.open_max ? options_.backlog.webhook_max : options_.backlog.webhook_min;
  const bool soon = due <= now_.mono + options_.backlog.soon / 2 || to_cancel || !slot->webhook->pushes() ||
                    slot->webhook->ordered != Ordering::None;
  return soon && (slot->open - slot->waiting) * 2 <= cap;
}

void Scheduler::ask_open(DeliveryId after, std::size_t limit) {
  open_asked_ = true;
  outputs_.push_back(OpenWanted{after, limit});
}

void Scheduler::ask_open() {
  if (open_asked_) return;
  if (!fetches_.empty()) {
    fetching_ = fetches_.begin()->first;
    return ask_open(DeliveryId{fetching_->value - 1}, 1);
  }
  if (now_.mono < look_at_ || backlog_.empty()) return;
  if (sweeping_) return ask_open(sweep_after_, options_.backlog.page);
  if (!std::exchange(look_wanted_, false) && now_.mono < due_look_at_) return;
  look_at_ = now_.mono + options_.backlog.pause;
  due_look_at_ = MonotonicTime::max();
  DeliveryId first = Backlog::kNone;
  for (const auto& [webhook, part] : backlog_.parts()) {
    if (wants_room(webhook, part.first <= part.cancel_through, part.due)) first = std::min(first, part.first);
    else if (part.due > now_.mono + options_.backlog.soon / 2)
      due_look_at_ = std::min(due_look_at_, part.due - options_.backlog.soon / 2);
  }
  if (first == Backlog::kNone) return;
  backlog_.begin_sweep(first);
  sweeping_ = true;
  sweep_after_ = DeliveryId{first.value - 1};
  ask_open(sweep_after_, options_.backlog.page);
}

void Scheduler::fetch(DeliveryId id, FetchFor request) { fetches_[id].push_back(std::move(request)); }

// ---- taking ------------------------------------------------------------------------------------------------

void Scheduler::on(OpenLoaded&& input) {
  open_asked_ = false;
  const auto gone = std::exchange(forgotten_, {});
  const auto fetched = std::exchange(fetching_, std::nullopt);
  if (!input.deliveries) {
    look_at_ = now_.mono + kReadPause;
    look_wanted_ = true;
    if (fetched) input.deliveries.emplace();  // whoever asks may ask again
  }
  if (fetched) take_fetched(*fetched, *input.deliveries, gone);
  else if (input.deliveries) take_page(*input.deliveries, gone);
}

void Scheduler::take_page(std::span<const store::OpenDelivery> rows, const std::set<DeliveryId>& gone) {
  for (const store::OpenDelivery& row : rows) {
    sweep_after_ = row.id;
    if (!queue_.find(row.id) && !gone.contains(row.id)) take_row(row);
  }
  const bool end = rows.size() < options_.backlog.page;
  if (!end && anybody_wants_room()) return;
  sweeping_ = false;
  backlog_.end_sweep(end ? std::nullopt : std::optional(sweep_after_));
  look_wanted_ = true;
}

void Scheduler::take_row(const store::OpenDelivery& row) {
  Backlog::Part* part = backlog_.find(row.webhook);
  if (!part || part->count == 0) return;
  const WebhookSlot* slot = queue_.find_webhook(row.webhook);
  const bool cancel_it = !slot || !slot->webhook->pushes() || row.id <= part->cancel_through;
  const MonotonicTime due = due_of(row);
  const bool ordered = slot && slot->webhook->ordered != Ordering::None;
  const bool later = !cancel_it && !ordered && due > now_.mono + options_.backlog.soon;
  const bool behind = ordered && backlog_.left_before(*part, row.id);
  const bool full = slot && !has_room(*slot);
  part->passed_over = part->passed_over || behind || (full && !later);
  if (later || behind || full || fetches_.contains(row.id)) return Backlog::keep(*part, row.id, due);
  backlog_.remove(*part);
  open_delivery(row, cancel_it);
}

// Those that had to pass over one are left to the next sweep, which begins with it.
bool Scheduler::anybody_wants_room() const {
  return std::ranges::any_of(backlog_.parts(), [this](const auto& entry) {
    const auto& [webhook, part] = entry;
    return part.count > 0 && !part.passed_over &&
           wants_room(webhook, part.first_before <= part.cancel_through, part.due_before);
  });
}

void Scheduler::take_fetched(DeliveryId id, std::span<const store::OpenDelivery> rows,
                             const std::set<DeliveryId>& gone) {
  const auto requests = fetches_.extract(id);
  if (requests.empty()) return;  // drained meanwhile
  Backlog::Part* part = rows.empty() ? nullptr : backlog_.find(rows.front().webhook);
  const bool there = part && rows.front().id == id && !gone.contains(id);
  const auto handle_again = [&](const auto& request, bool behind_others, Refusal otherwise) {
    if (refused(request.ticket)) return;
    if (!queue_.find(id)) {
      if (!there) return refuse(request.ticket, otherwise);
      if (behind_others) return outputs_.push_back(Stored{request.ticket});  // as soon as it may, anyway
      backlog_.remove(*part);
      open_delivery(rows.front(), rows.front().id <= part->cancel_through);
    }
    auto copy = request;
    on(std::move(copy));
  };
  for (const FetchFor& request : requests.mapped()) {
    if (const auto* retry = std::get_if<RetrySubmitted>(&request)) {
      const WebhookPtr webhook = find_webhook(retry->delivery.webhook);
      handle_again(*retry, webhook && webhook->ordered != Ordering::None, Refusal::Conflict);
    } else {
      handle_again(std::get<SkipSubmitted>(request), false, Refusal::Ended);
    }
  }
}

}  // namespace limehook::delivery
