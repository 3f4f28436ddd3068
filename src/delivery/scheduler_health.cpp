// How webhooks fare: when they are disabled, what becomes of deliveries that cannot be made, and who is told.

#include <algorithm>

#include "base/json_text.hpp"
#include "delivery/scheduler.hpp"

namespace limehook::delivery {
namespace {

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

store::TargetHealth health_of(const Breaker& breaker, Now now) {
  store::TargetHealth health{.failures_in_a_row = breaker.failures_in_a_row()};
  if (breaker.state() == BreakerState::Closed) return health;
  const auto wall = [&](MonotonicTime at) { return now.wall + (at - now.mono); };
  health.opened_at = wall(breaker.opened_at());
  health.probe_at = wall(breaker.probe_at());
  health.pause = breaker.pause();
  return health;
}

// A wall clock that was set meanwhile must not hold a probe back for longer than its pause.
Breaker breaker_of(const store::TargetHealth& health, Now now) {
  if (!health.opened_at) return {health.failures_in_a_row, {}, {}, {}};
  const Duration pause = std::max(health.pause, Duration(1));
  const Duration left = std::clamp<Duration>(health.probe_at - now.wall, Duration(0), pause);
  const Duration open_for = std::max<Duration>(now.wall - *health.opened_at, Duration(0));
  return {health.failures_in_a_row, pause, now.mono - open_for, now.mono + left};
}

std::string failure_of(AttemptOutcome outcome, int http_status) {
  return outcome == AttemptOutcome::Response ? std::to_string(http_status) : std::string(name_of(outcome));
}

}  // namespace

void Scheduler::load_health(Now now, const store::WebhookHealth& health) {
  tick(now);
  WebhookSlot* slot = queue_.find_webhook(health.webhook);
  if (!slot) return;
  slot->health_stored = true;
  slot->main.breaker = breaker_of(health.main, now);
  if (!slot->webhook->fallback_url.empty() && health.fallback != store::TargetHealth{}) {
    slot->target(true).breaker = breaker_of(health.fallback, now);
  }
  if (slot->webhook->pushes()) {
    slot->failing_since = health.failing_since;
    slot->noticed = health.noticed;
  } else if (health.failing_since || health.noticed) {
    store_health(*slot);  // it was disabled, and the process ended before this was stored
  }
}

void Scheduler::take_evidence(OpenEntry& entry, const Attempt& attempt, Evidence evidence, BreakerChange change,
                              bool was_failing) {
  WebhookSlot& slot = *entry.slot;
  if (slot.deleted || !slot.webhook->pushes() || evidence == Evidence::None) return;
  if (evidence == Evidence::Works) {
    const bool was_failing_since = std::exchange(slot.failing_since, std::nullopt).has_value();
    const bool recovered = !entry.fallback && std::exchange(slot.noticed, false);
    if (was_failing || was_failing_since || recovered) store_health(slot);
    if (!recovered) return;
    return raise(slot, EventType::WebhookRecovered,
                 "The receiver answered " + std::to_string(attempt.http_status) + ".");
  }
  if (!slot.failing_since) slot.failing_since = now_.wall;
  const Duration failing = now_.wall - *slot.failing_since;
  const bool news = change == BreakerChange::Opened && !entry.fallback && !std::exchange(slot.noticed, true);
  store_health(slot);
  if (news) {
    raise(slot, EventType::WebhookFailing,
          std::to_string(slot.main.breaker.failures_in_a_row()) +
              " attempts in a row failed; the last one: " + failure_of(attempt.outcome, attempt.http_status));
  }
  // Quiet days are no failures: it takes as many as open the breaker.
  if (failing >= options_.disable_after &&
      slot.main.breaker.failures_in_a_row() >= options_.queue.breaker.failures_max) {
    disable(slot, "Every attempt failed for " + format_duration(options_.disable_after) + ".");
  }
}

// Once in each batch, however many attempts it has: what counts is how it fares after the last of them.
void Scheduler::store_health(WebhookSlot& slot) {
  store::WebhookHealth health{.webhook = slot.webhook->id,
                              .failing_since = slot.failing_since,
                              .noticed = slot.noticed,
                              .main = health_of(slot.main.breaker, now_)};
  if (slot.fallback) health.fallback = health_of(slot.fallback->breaker, now_);
  slot.health_stored = !health.is_well();
  auto& healths = journal_.facts().batch.healths;
  if (slot.health_batch == journal_.fact_batch()) {
    healths[slot.health_place] = std::move(health);
  } else {
    slot.health_batch = journal_.fact_batch();
    slot.health_place = healths.size();
    healths.push_back(std::move(health));
  }
}

void Scheduler::drop_health(WebhookSlot& slot) {
  slot.failing_since.reset();
  slot.noticed = false;
  slot.main.breaker = {};
  if (slot.fallback) slot.fallback->breaker = {};
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
  auto& batch = journal_.facts().batch;
  batch.webhooks.push_back(changed);
  batch.webhook_ends.push_back({changed.id, now_.wall, {.kind = ActorKind::Limehook}, reason});
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
    add_event(facts, std::move(draft), matched_, false);
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
    entry.reason = status == DeliveryStatus::Failed ? EndReason::HeldTooLong : EndReason::None;
    record_state(id, entry, status, retry_in);
    if (retry_in) queue_.make_ready(id, entry);
    outputs_.push_back(HeldTooLong{id, entry.slot->webhook, status});
  }
}

}  // namespace limehook::delivery
