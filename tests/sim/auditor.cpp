// What the world does and what the core is told.

#include "sim/auditor.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace limehook::sim {
namespace {

using namespace std::chrono_literals;

std::string full_key(std::string_view team, std::string_view key) {
  return key.empty() ? std::string() : std::string(team) + "/" + std::string(key);
}

// As the specification says it, not as the core does.
bool takes(const Webhook& webhook, const EventDraft& event) {
  const auto listed = [&](const std::string& number) { return std::ranges::count(webhook.numbers, number) > 0; };
  return webhook.enabled && (webhook.team_id.empty() || webhook.team_id == event.team_id) &&
         webhook.events.test(static_cast<std::size_t>(event.type)) &&
         (webhook.numbers.empty() || std::ranges::any_of(event.numbers, listed)) &&
         (!webhook.filter || passes(*webhook.filter, event.payload));
}

}  // namespace

Auditor::Known& Auditor::known(DeliveryId id) {
  const auto found = known_.find(id);
  check(found != known_.end(), Promise::Durable, "the core names a delivery that is not stored", id.value);
  return found->second;
}

const Webhook* Auditor::in_force(WebhookId id) const {
  const auto found = in_force_.find(id);
  return found == in_force_.end() ? nullptr : &found->second;
}

bool Auditor::takes_deliveries(WebhookId id) const {
  const Webhook* webhook = in_force(id);
  return webhook && webhook->enabled && webhook->mode == WebhookMode::Push;
}

bool Auditor::is_being_saved(WebhookId id) const {
  return std::ranges::any_of(asks_, [&](const auto& ask) {
    return ask.second.deletes == id || (ask.second.saves && ask.second.saves->id == id);
  });
}

// ---- inputs ------------------------------------------------------------------------------------------------

void Auditor::submitted(const delivery::EventsSubmitted& input, const delivery::Scheduler& core) {
  Ask& ask = asks_[input.ticket];
  ask.too_much = core.unwritten_bytes().all() > scenario_.options.journal_bytes_max;
  const auto webhooks = core.webhooks();
  for (const EventDraft& event : input.events) {
    auto& expected = ask.expected.emplace_back();
    for (const WebhookPtr& webhook : webhooks) {
      if (webhook->mode == WebhookMode::Push && takes(*webhook, event)) expected.insert(webhook->id);
    }
    ask.keys.push_back({full_key(event.team_id, event.idempotency_key), event.fingerprint});
  }
}

void Auditor::retry_asked(delivery::Ticket ticket, DeliveryId id) {
  Known& delivery = known(id);
  delivery.retry_asked = delivery.reopened = true;
  delivery.acknowledged = false;
  delivery.not_before = MonotonicTime::min();
  asks_[ticket].retried = id;
  asks_[ticket].retry_served = delivery.running;
  if (delivery.ended) marks_.hit("retry while closing");
  hasten(delivery.webhook);
}

void Auditor::skip_asked(delivery::Ticket ticket, DeliveryId id) {
  known(id).skip_asked = known(id).skip_ever_asked = true;
  asks_[ticket];
}

void Auditor::recovery_asked(delivery::Ticket ticket, const Recovery& recovery) {
  asks_[ticket].recovers_skipped = recovery.skipped;
  hasten(recovery.webhook);
}

void Auditor::hasten(WebhookId webhook) {
  for (const bool fallback : {false, true}) {
    places_[{webhook, fallback}].probe_from = places_[{webhook, fallback}].rest_until = MonotonicTime::min();
  }
}

bool Auditor::watched(WebhookId webhook) {
  if (!in_force(webhook)) return false;
  watched_.insert(webhook);
  return true;
}

void Auditor::attempt_ended(const delivery::AttemptFinished& input) {
  Known& delivery = known(input.delivery);
  check(delivery.running, Promise::OneAttempt, "an attempt ended that was not started", input.delivery.value);
  delivery.running = false;
  running_bytes_ -= delivery.body.size();
  if (delivery.test) {
    Place& place = places_[{delivery.webhook, false}];
    --place.tests;
    --tests_running_;
    place.free_since = now();
  }
  delivery.attempts_made = input.attempt.number;
  delivery.ended_at = now();
  delivery.acknowledged = delivery.succeeded = input.attempt.acknowledged();
  const bool may_ask = input.attempt.http_status == 429 || input.attempt.http_status == 503;
  delivery.retry_after = may_ask ? input.retry_after : std::nullopt;
  Place& place = places_[{delivery.webhook, delivery.place_fallback}];
  count_end(place, delivery, input);
  fared_[{input.delivery, input.attempt.number}] = {.target = {delivery.webhook, delivery.place_fallback},
                                                    .at = now(),
                                                    .failures = place.failures,
                                                    .failures_at_most = place.failures_at_most,
                                                    .may_be_open = place.may_be_open,
                                                    .probe_from = place.probe_from,
                                                    .pause = place.pause};
  free_place(delivery);
  const bool its_own = !delivery.place_fallback && !is_being_saved(delivery.webhook);
  if (input.attempt.http_status == 410 && !delivery.test) gone_[delivery.webhook] |= its_own;
}

void Auditor::count_end(Place& place, const Known& delivery, const delivery::AttemptFinished& input) {
  const Webhook* webhook = in_force(delivery.webhook);
  const bool place_stays = !delivery.place_fallback || (webhook && !webhook->fallback_url.empty());
  if (input.attempt.http_status == 429 && input.retry_after) {
    const MonotonicTime until = now() + std::min<Duration>(*input.retry_after, 1min);
    place.rests_at_most_until = std::max(place.rests_at_most_until, until);
    if (place_stays) place.rest_until = std::max(place.rest_until, until);
  }
  if (input.attempt.acknowledged()) {
    place.failures = place.failures_at_most = 0;
    place.may_be_open = false;
    place.probe_from = MonotonicTime::min();
    place.probe.reset();
    worked_at_[delivery.webhook] = now();
    return;
  }
  if (delivery.test || input.attempt.outcome == AttemptOutcome::Internal) return;
  const delivery::BreakerOptions& options = scenario_.options.queue.breaker;
  const bool sure = ++place.failures == ++place.failures_at_most;  // no change of the webhook in between
  const bool opens = sure && place.failures == options.failures_max;
  if (opens) place.pause = options.pause_first;
  const bool probed = place.probe == input.delivery;
  if (probed) place.pause = std::min(place.pause * 2, options.pause_max);
  if (opens || (sure && probed)) place.probe_from = now() + place.pause;
  if (probed) place.probe.reset();
  place.may_be_open = place.may_be_open || place.failures_at_most >= options.failures_max;
}

void Auditor::body_load_ended(const delivery::BodiesLoaded& input) {
  if (input.failed) marks_.hit("body load failed");
  for (const DeliveryId id : input.wanted) {
    Known& delivery = known(id);
    free_place(delivery);
    --bodies_loading_;
    delivery.loaded = !input.failed;
  }
}

void Auditor::told(const delivery::BatchFinished& input) {
  const store::WriteBatch& batch = input.batch;
  if (input.result.status != store::CommitStatus::Committed) {
    refused_ = {now(), !batch.attempts.empty()};
    return;
  }
  refused_.reset();
  for (const store::DeliveryUpdate& update : batch.updates) {
    if (known(update.id).retry_asked) hasten(update.webhook);
  }
  for (std::size_t i = 0; i < batch.events.size() && !watched_.empty(); ++i) {
    const Event& event = batch.events[i].event;
    if (event.test || std::ranges::count(input.result.duplicates, i, &store::DuplicateEvent::index) > 0) continue;
    auto draft = parse_event(event.payload, kAllEventTypes);
    if (!draft) continue;
    draft->team_id = event.team_id;
    for (const WebhookId id : watched_) {
      if (takes(*in_force(id), *draft)) watch_due_.insert(id);
    }
  }
}

// ---- the store ---------------------------------------------------------------------------------------------

void Auditor::applied(const store::WriteBatch& batch, const store::CommitResult& result) {
  apply_webhooks(batch);
  if (!known_.empty()) last_before_batch_ = known_.rbegin()->first;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    const bool duplicate =
        std::ranges::find(result.duplicates, i, &store::DuplicateEvent::index) != result.duplicates.end();
    if (duplicate) marks_.hit("duplicate");
    else apply(batch.events[i]);
  }
  for (const Webhook& webhook : batch.webhooks) {
    if (!known_.empty()) switched_[webhook.id] = known_.rbegin()->first;
  }
  for (const Delivery& delivery : batch.deliveries) {
    marks_.hit("missing delivery made");
    add(delivery, store_.get_event(delivery.event)->event);
    known(delivery.id).made_later = true;
  }
  for (const store::NewAttempt& added : batch.attempts) {
    Known& delivery = known(added.delivery);
    check(added.attempt.number == ++delivery.attempts, Promise::Logged, "attempts are numbered 1 to n",
          added.delivery.value);
    if (added.attempt.acknowledged()) stored_worked_at_[delivery.webhook] = delivery.ended_at;
    note_fared(added);
  }
  std::map<WebhookId, RecoveryId> recovering;
  for (const Recovery& recovery : batch.recoveries) recovering[recovery.webhook] = recovery.id;
  for (const store::DeliveryUpdate& update : batch.updates) apply(update, recovering);
  for (const store::NewAttempt& added : batch.attempts) check_log(added.delivery);
  for (const store::DeliveryUpdate& update : batch.updates) check_log(update.id);
  for (const Recovery& recovery : batch.recoveries) apply(recovery);
  for (const store::CatalogChange& change : batch.catalog) {
    if (const auto* key = std::get_if<ApiKey>(&change)) keys_.insert(key->id);
  }
}

void Auditor::note_fared(const store::NewAttempt& added) {
  auto fared = fared_.extract({added.delivery, added.attempt.number});
  if (!fared.empty()) stored_fared_[fared.mapped().target] = fared.mapped();
}

void Auditor::check_log(DeliveryId id) {
  const auto detail = store_.get_delivery(id);
  check(detail->delivery.attempts == known(id).attempts, Promise::Logged, "a delivery's state agrees with its log",
        id.value);
}

void Auditor::apply_webhooks(const store::WriteBatch& batch) {
  for (const Webhook& webhook : batch.webhooks) {
    const auto [at, added] = webhook_versions_.try_emplace(webhook.id);
    check(added || at->second != 0, Promise::Catalog, "a deleted webhook stays deleted", webhook.id.value);
    check(webhook.version == at->second + 1, Promise::Catalog, "a webhook's changes are stored in their order",
          webhook.id.value);
    at->second = webhook.version;
    for (const bool fallback : {false, true}) {
      Place& place = places_[{webhook.id, fallback}];
      place.rate.reset();  // a new rate starts anew, and the breaker may
      place.failures = 0;
      place.probe_from = MonotonicTime::min();
      place.probe.reset();
    }
    changed_at_[webhook.id] = now();
    const bool pushes = webhook.enabled && webhook.mode == WebhookMode::Push;
    if (added || !pushes) worked_at_[webhook.id] = stored_worked_at_[webhook.id] = now();
  }
  for (const store::DeletedWebhook& deleted : batch.deleted_webhooks) webhook_versions_[deleted.id] = 0;
}

void Auditor::apply(const store::NewEvent& event) {
  if (const auto key = full_key(event.event.team_id, event.idempotency_key); !key.empty()) {
    const auto [used, fresh] = used_keys_.try_emplace(key);
    check(fresh || event.event.received_at >= used->second.last_at + limits::kIdempotencyWindow, Promise::Idempotency,
          "a key makes one event within its window", event.event.id.value);
    used->second.events[event.event.id] = event.fingerprint;
    used->second.last_at = event.event.received_at;
  }
  for (const Delivery& delivery : event.deliveries) add(delivery, event.event);
}

void Auditor::add(const Delivery& delivery, const Event& event) {
  check(last_before_batch_ < delivery.id, Promise::Catalog, "new deliveries have larger ids than stored ones",
        delivery.id.value);
  ids_.push_back(delivery.id);
  open_.insert(delivery.id);
  known_[delivery.id] = {.webhook = delivery.webhook,
                         .event = delivery.event,
                         .team_id = event.team_id,
                         .body = delivery.body ? *delivery.body : event.payload,
                         .order_key = delivery.order_key,
                         .test = delivery.test,
                         .given_up = !takes_deliveries(delivery.webhook),
                         .due = now()};
}

void Auditor::apply(const store::DeliveryUpdate& update, const std::map<WebhookId, RecoveryId>& recovering) {
  Known& delivery = known(update.id);
  const bool was_open = is_open(delivery.status), opens = is_open(update.status);
  check(was_open || opens || delivery.status == update.status, Promise::Final, "a closed delivery does not change",
        update.id.value);
  if (!was_open && opens) {
    const auto recovery = recovering.find(delivery.webhook);
    check(delivery.retry_asked || recovery != recovering.end(), Promise::Final,
          "a closed delivery is opened on request only", update.id.value);
    if (!delivery.retry_asked && delivery.reason == EndReason::Skipped) {
      const auto asked = recovers_skipped_.find(recovery->second);
      check(asked == recovers_skipped_.end() || asked->second, Promise::Recovery,
            "a recovery takes what was skipped only when it is asked to", update.id.value);
      marks_.hit("skipped one recovered");
    }
    delivery.reopened = true;
    delivery.acknowledged = false;
    const bool waits_again = delivery.attempts_made > update.attempts;  // its attempt came before this was stored
    if (!waits_again) {
      delivery.not_before = MonotonicTime::min();
      delivery.due = now();
      delivery.fallback = false;
      delivery.fallback_from = 0;
    }
    delivery.given_up = !takes_deliveries(delivery.webhook);
    ++delivery.opened;
  }
  check(delivery.reopened || update.round_start == delivery.stored_fallback_from ||
            update.round_start == delivery.fallback_from,
        Promise::Schedule, "a walk through the schedule begins where one may", update.id.value);
  check_reason(update, delivery);
  delivery.reason = update.reason;
  delivery.status = update.status;
  delivery.stored_fallback = update.fallback;
  delivery.stored_fallback_from = update.round_start;
  delivery.stored_next = update.next_attempt_at;
  if (opens) open_.insert(update.id);
  else open_.erase(update.id);
  if (!opens) {  // should it go on, it does so at its webhook's own URL
    delivery.ended = delivery.fallback = false;
    delivery.fallback_from = 0;
  }
  if (update.status == DeliveryStatus::Canceled) delivery.retry_owed = false;
}

void Auditor::check_reason(const store::DeliveryUpdate& update, const Known& delivery) const {
  const std::int64_t id = update.id.value;
  const EndReason reason = update.reason;
  const bool by_webhook =
      reason == EndReason::WebhookDeleted || reason == EndReason::WebhookDisabled || reason == EndReason::WebhookPolled;
  switch (update.status) {
    case DeliveryStatus::Canceled:
      check(reason == EndReason::Skipped || by_webhook || (reason == EndReason::Interrupted && delivery.test),
            Promise::Reason, "what is canceled says why", id);
      break;
    case DeliveryStatus::Failed:
      check(reason == EndReason::Exhausted || reason == EndReason::RefusedByPolicy ||
                reason == EndReason::HeldTooLong || reason == EndReason::Gone,
            Promise::Reason, "what has failed says why", id);
      break;
    default:
      check(reason == EndReason::None, Promise::Reason, "what goes on or was delivered needs no reason", id);
  }
  check(reason != EndReason::Skipped || (delivery.skip_ever_asked && update.by), Promise::Reason,
        "what was skipped says by whom", id);
  check(!by_webhook || delivery.given_up || !takes_deliveries(delivery.webhook), Promise::Reason,
        "what is canceled for its webhook's end had one that ended", id);
}

void Auditor::apply(const Recovery& recovery) {
  const auto found = recoveries_.find(recovery.id);
  if (found == recoveries_.end() || recovery.state == Recovery::State::Running) return;
  const RunningRecovery run = std::move(recoveries_.extract(found).mapped());
  if (recovery.state == Recovery::State::Canceled) return;
  marks_.hit("recovery done");
  for (const auto& [id, opened] : run.wanted) {
    check(known(id).opened > opened, Promise::Recovery, "a recovery opens what has failed", id.value);
  }
}

void Auditor::crashed() {
  for (auto& [id, delivery] : known_) {
    delivery.attempts_made = delivery.attempts;
    delivery.fallback_from = delivery.stored_fallback_from;
    delivery.running = delivery.holds_place = delivery.loaded = delivery.ended = delivery.retry_asked = false;
    delivery.acknowledged = delivery.status == DeliveryStatus::Delivered;
    delivery.not_before = MonotonicTime::min();
  }
  worked_at_ = stored_worked_at_;
  asks_.clear();
  fared_.clear();
  places_.clear();
  for (const auto& [target, fared] : stored_fared_) {
    Place& place = places_[target];
    // What was changed since may have begun anew, or not.
    const auto changed = changed_at_.find(target.first);
    const bool sure = changed == changed_at_.end() || fared.at > changed->second;
    place.failures = sure ? fared.failures : 0;
    place.failures_at_most = fared.failures_at_most;
    place.may_be_open = fared.may_be_open;
    place.pause = fared.pause;
    if (sure && scenario_.wall_is_true) place.probe_from = fared.probe_from;
  }
  watched_.clear();
  watch_due_.clear();
  gone_.clear();
  in_flight_total_ = tests_running_ = bodies_loading_ = 0;
  running_bytes_ = 0;
  refused_.reset();
  draining_ = false;
}

void Auditor::started() {
  in_force_.clear();
  for (Webhook& webhook : store_.load_catalog().webhooks) in_force_[webhook.id] = std::move(webhook);
  for (auto& [id, delivery] : known_) {
    const Webhook* webhook = in_force(delivery.webhook);
    delivery.fallback = delivery.stored_fallback && webhook && !webhook->fallback_url.empty();
    delivery.given_up = !takes_deliveries(delivery.webhook);
    const Duration wait = delivery.stored_next ? *delivery.stored_next - timeline_.now().wall : Duration(0);
    delivery.due = now() + std::clamp<Duration>(wait, 0s, limits::kRetryStepMax);
  }
  healthy_since_ = roomy_since_ = now();
  moved();
}

}  // namespace limehook::sim
