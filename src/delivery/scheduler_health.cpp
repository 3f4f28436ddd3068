// How webhooks fare: when they are disabled, what becomes of deliveries that cannot be made, and who is told.

#include <algorithm>

#include "base/json_text.hpp"
#include "delivery/scheduler.hpp"

namespace limehook::delivery {
namespace {

// A failure that is over sooner is not worth a write.
constexpr Duration kHealthStoredAfter = std::chrono::minutes(1);
constexpr Duration kMailPause = std::chrono::hours(1);

class Members {
 public:
  Members& add(std::string_view name, std::string_view text) {
    json_ += json_.empty() ? "{\"" : ",\"";
    json_ += name;
    json_ += "\":";
    json_text::append_quoted(json_, text);
    return *this;
  }
  std::string take(std::string_view more) { return std::move(json_) + std::string(more) + "}"; }

 private:
  std::string json_;
};

std::string failure_of(AttemptOutcome outcome, int http_status) {
  return outcome == AttemptOutcome::Response ? std::to_string(http_status) : std::string(name_of(outcome));
}

}  // namespace

void Scheduler::take_evidence(OpenEntry& entry, const Attempt& attempt, Evidence evidence, BreakerChange change) {
  WebhookSlot& slot = *entry.slot;
  if (slot.deleted || !slot.webhook->pushes() || evidence == Evidence::None) return;
  if (evidence == Evidence::Works) {
    slot.failing_since.reset();
    const bool recovered = !entry.fallback && std::exchange(slot.noticed, false);
    if (slot.health_stored) store_health(slot);
    if (!recovered) return;
    return raise(slot, EventType::WebhookRecovered,
                 "The receiver answered " + std::to_string(attempt.http_status) + ".");
  }
  if (!slot.failing_since) slot.failing_since = now_.wall;
  const Duration failing = now_.wall - *slot.failing_since;
  if (change == BreakerChange::Opened && !entry.fallback && !std::exchange(slot.noticed, true)) {
    store_health(slot);
    raise(slot, EventType::WebhookFailing,
          std::to_string(slot.main.breaker.failures_in_a_row()) +
              " attempts in a row failed; the last one: " + failure_of(attempt.outcome, attempt.http_status));
  } else if (!slot.health_stored && failing >= kHealthStoredAfter) {
    store_health(slot);
  }
  // Quiet days are no failures: it takes as many as open the breaker.
  if (failing >= options_.disable_after &&
      slot.main.breaker.failures_in_a_row() >= options_.queue.breaker.failures_max) {
    disable(slot, "Every attempt failed for " + format_duration(options_.disable_after) + ".");
  }
}

void Scheduler::store_health(WebhookSlot& slot) {
  slot.health_stored = slot.failing_since || slot.noticed;
  journal_.facts().batch.healths.push_back({slot.webhook->id, slot.failing_since, slot.noticed});
}

void Scheduler::forget_health(WebhookSlot& slot) {
  slot.failing_since.reset();
  slot.noticed = false;
  if (slot.health_stored) store_health(slot);
}

void Scheduler::disable(WebhookSlot& slot, std::string reason) {
  // A person's change that is being stored wins; the next answer of this kind disables what comes of it.
  if (slot.deleted || !slot.webhook->enabled || saving_.contains(slot.webhook->id)) return;
  Webhook changed = *slot.webhook;
  changed.enabled = false;
  changed.disabled_reason = reason;
  changed.disabled_at = now_.wall;
  ++changed.version;
  changed.updated_at = now_.wall;
  journal_.facts().batch.webhooks.push_back(changed);
  apply_webhook(std::make_shared<const Webhook>(std::move(changed)));
  raise(slot, EventType::WebhookDisabled, std::move(reason));
}

void Scheduler::raise(WebhookSlot& slot, EventType type, std::string reason, std::string_view more_members) {
  const WebhookPtr webhook = slot.webhook;
  Members members;
  members.add("event", name_of(type)).add("webhook_id", webhook->id.str()).add("webhook_name", webhook->name);
  members.add("webhook_url", webhook->url).add("reason", reason).add("timestamp", format_rfc3339(now_.wall));
  if (!webhook->team_id.empty()) members.add("team_id", webhook->team_id);
  EventDraft draft{.type = type, .team_id = webhook->team_id, .payload = members.take(more_members)};
  matched_.clear();
  routing_.match(draft, matched_);
  std::erase_if(matched_, [&](const WebhookPtr& other) { return other->id == webhook->id; });
  // There may be as many of these as there are deliveries: they are made for those who asked.
  if (type != EventType::DeliveryExhausted || !matched_.empty()) {
    Work& facts = journal_.facts();
    facts.effects.push_back(AcceptEvents{0, facts.batch.events.size(), 1});
    add_event(facts, std::move(draft), "", matched_, false);
  }
  outputs_.push_back(Notice{type, webhook, reason});
  mail(slot, {type, webhook, std::move(reason)});
}

// At most one per webhook and hour. What came too soon is told at the end of the hour: the last of it, and no single
// deliveries.
void Scheduler::mail(WebhookSlot& slot, MailDue&& mail) {
  const WebhookId webhook = mail.webhook->id;
  if (!slot.mailed_at || now_.mono >= *slot.mailed_at + kMailPause) {
    slot.mailed_at = now_.mono;
    late_mails_.erase(webhook);
    outputs_.push_back(std::move(mail));
  } else if (mail.type != EventType::DeliveryExhausted) {
    const MonotonicTime due = *slot.mailed_at + kMailPause;
    late_mails_.insert_or_assign(webhook, LateMail{due, std::move(mail)});
    late_mail_at_ = std::min(late_mail_at_, due);
  }
}

void Scheduler::send_late_mails() {
  if (now_.mono < late_mail_at_) return;
  late_mail_at_ = MonotonicTime::max();
  for (auto late = late_mails_.begin(); late != late_mails_.end();) {
    const auto current = late++;
    if (current->second.due > now_.mono) {
      late_mail_at_ = std::min(late_mail_at_, current->second.due);
      continue;
    }
    LateMail due = std::move(late_mails_.extract(current).mapped());
    if (WebhookSlot* slot = queue_.find_webhook(due.mail.webhook->id)) mail(*slot, std::move(due.mail));
  }
}

DeliveryStatus Scheduler::exhaust(DeliveryId id, OpenEntry& entry, std::optional<Duration>& retry_in) {
  WebhookSlot& slot = *entry.slot;
  if (!entry.fallback && !slot.webhook->fallback_url.empty() && !skips_.contains(id)) {
    entry.fallback = true;
    entry.round_start = entry.attempts;
    retry_in = Duration(0);
    return entry.attempts > 0 ? DeliveryStatus::Retrying : DeliveryStatus::Pending;
  }
  if (is_operational(entry.type)) return DeliveryStatus::Failed;  // or each would cause the next
  const std::string reason = entry.last_outcome == AttemptOutcome::HeldBack
                                 ? "It was held back while the webhook was failing, until its retry schedule was over."
                                 : std::to_string(entry.attempts) + (entry.attempts == 1 ? " attempt" : " attempts") +
                                       " failed; the last one: " + failure_of(entry.last_outcome, entry.http_status);
  raise(slot, EventType::DeliveryExhausted, reason,
        ",\"delivery_id\":\"" + id.str() + "\",\"event_id\":\"" + entry.event.str() + "\",\"event_type\":\"" +
            std::string(name_of(entry.type)) + "\",\"attempts\":" + std::to_string(entry.attempts));
  return DeliveryStatus::Failed;
}

void Scheduler::give_up_held() {
  for (const DeliveryId id : queue_.take_held_too_long()) {
    OpenEntry& entry = *queue_.find(id);
    entry.last_outcome = AttemptOutcome::HeldBack;
    entry.http_status = 0;
    std::optional<Duration> retry_in;
    const DeliveryStatus status = exhaust(id, entry, retry_in);
    record_state(id, entry, status, retry_in);
    if (retry_in) queue_.make_ready(id, entry);
    outputs_.push_back(HeldTooLong{id, entry.slot->webhook, status});
  }
}

}  // namespace limehook::delivery
