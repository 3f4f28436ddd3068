#include "sim/auditor.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace limehook::sim {
namespace {

void check(bool holds, std::string_view promise, std::int64_t id = 0) {
  if (holds) return;
  throw Violation(std::string(promise) + (id ? " (" + std::to_string(id) + ")" : ""));
}

std::string full_key(std::string_view scope, std::string_view key) {
  return key.empty() ? std::string() : std::string(scope) + "/" + std::string(key);
}

bool accepts(const delivery::Scheduler& core, WebhookId id) {
  const WebhookPtr webhook = core.find_webhook(id);
  return webhook && webhook->enabled;
}

std::string_view name_of(delivery::Refusal reason) {
  switch (reason) {
    case delivery::Refusal::StoreFull:
      return "store full";
    case delivery::Refusal::StoreFailed:
      return "store failed";
    case delivery::Refusal::Busy:
      return "busy";
    case delivery::Refusal::Draining:
      return "draining";
    case delivery::Refusal::NotFound:
      return "not found";
    case delivery::Refusal::Disabled:
      return "disabled";
    case delivery::Refusal::Conflict:
      return "conflict";
    case delivery::Refusal::RecoveryRunning:
      return "recovery running";
    case delivery::Refusal::Ended:
      return "ended";
  }
  return "unknown";
}

}  // namespace

Auditor::Known& Auditor::known(DeliveryId id) {
  const auto found = known_.find(id);
  check(found != known_.end(), "the core names a delivery that is not stored", id.value);
  return found->second;
}

// ---- inputs ------------------------------------------------------------------------------------------------

void Auditor::submitted(const delivery::EventsSubmitted& input, const std::vector<WebhookPtr>& webhooks) {
  Ask& ask = asks_[input.ticket];
  for (const EventDraft& event : input.events) {
    auto& expected = ask.expected.emplace_back();
    for (const WebhookPtr& webhook : webhooks) {
      if (delivery::matches_with_team(*webhook, event)) expected.insert(webhook->id);
    }
    ask.keys.push_back(full_key(input.idempotency_scope, event.idempotency_key));
  }
}

void Auditor::retry_asked(delivery::Ticket ticket, DeliveryId id) {
  Known& delivery = known(id);
  delivery.retry_asked = delivery.reopened = true;
  delivery.not_before = MonotonicTime::min();
  asks_[ticket].retried = id;
  asks_[ticket].retry_served = delivery.running;
  if (delivery.ended) marks_.hit("retry while closing");
}

void Auditor::skip_asked(delivery::Ticket ticket, DeliveryId id) {
  known(id).skip_asked = true;
  asks_[ticket];
}

void Auditor::attempt_ended(const delivery::AttemptFinished& input) {
  Known& delivery = known(input.delivery);
  check(delivery.running, "an attempt ended that was not started", input.delivery.value);
  delivery.running = false;
  delivery.attempts_made = input.attempt.number;
  delivery.ended_at = timeline_.now().mono;
  const bool may_ask = input.attempt.http_status == 429 || input.attempt.http_status == 503;
  delivery.retry_after = may_ask ? input.retry_after : std::nullopt;
  Place& place = place_of(delivery);
  if (input.attempt.acknowledged()) place.failures = 0;
  else if (!delivery.test) ++place.failures;
  free_place(delivery);
}

void Auditor::body_load_ended(const delivery::BodiesLoaded& input, const delivery::Scheduler& core) {
  if (input.failed) marks_.hit("body load failed");
  for (const DeliveryId id : input.wanted) {
    Known& delivery = known(id);
    free_place(delivery);
    delivery.loaded = !input.failed;
    delivery.wanted = accepts(core, delivery.webhook);
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
  }
  for (const store::NewAttempt& added : batch.attempts) {
    Known& delivery = known(added.delivery);
    check(added.attempt.number == ++delivery.attempts, "attempts are numbered 1 to n", added.delivery.value);
  }
  std::set<WebhookId> recovering;
  for (const Recovery& recovery : batch.recoveries) recovering.insert(recovery.webhook);
  for (const store::DeliveryUpdate& update : batch.updates) apply(update, recovering);
  for (const store::NewAttempt& added : batch.attempts) check_log(added.delivery);
  for (const store::DeliveryUpdate& update : batch.updates) check_log(update.id);
}

void Auditor::check_log(DeliveryId id) {
  const auto detail = store_.get_delivery(id);
  check(detail->delivery.attempts == known(id).attempts, "a delivery's state agrees with its log", id.value);
}

void Auditor::apply_webhooks(const store::WriteBatch& batch) {
  for (const Webhook& webhook : batch.webhooks) {
    const auto [at, added] = webhook_versions_.try_emplace(webhook.id);
    check(added || at->second != 0, "a deleted webhook stays deleted", webhook.id.value);
    check(webhook.version == at->second + 1, "a webhook's changes are stored in their order", webhook.id.value);
    at->second = webhook.version;
    for (const bool fallback : {false, true}) places_[{webhook.id, fallback}].rate.reset();  // a new rate starts anew
    for (const bool fallback : {false, true}) places_[{webhook.id, fallback}].failures = 0;  // it may begin afresh
  }
  for (const store::DeletedWebhook& deleted : batch.deleted_webhooks) webhook_versions_[deleted.id] = 0;
}

void Auditor::apply(const store::NewEvent& event) {
  if (const auto key = full_key(event.idempotency_scope, event.idempotency_key); !key.empty()) {
    const auto [used, fresh] = used_keys_.try_emplace(key);
    check(fresh || event.event.received_at >= used->second.last_at + limits::kIdempotencyWindow,
          "a key makes one event within its window", event.event.id.value);
    used->second.events.insert(event.event.id);
    used->second.last_at = event.event.received_at;
  }
  for (const Delivery& delivery : event.deliveries) add(delivery, event.event);
}

void Auditor::add(const Delivery& delivery, const Event& event) {
  check(last_before_batch_ < delivery.id, "new deliveries have larger ids than stored ones", delivery.id.value);
  ids_.push_back(delivery.id);
  known_[delivery.id] = {.webhook = delivery.webhook,
                         .event = delivery.event,
                         .team_id = event.team_id,
                         .body = delivery.body ? *delivery.body : event.payload,
                         .order_key = delivery.order_key,
                         .test = delivery.test};
}

void Auditor::apply(const store::DeliveryUpdate& update, const std::set<WebhookId>& recovering) {
  Known& delivery = known(update.id);
  const bool was_open = is_open(delivery.status), opens = is_open(update.status);
  check(was_open || opens || delivery.status == update.status, "a closed delivery does not change", update.id.value);
  if (!was_open && opens) {
    check(delivery.retry_asked || recovering.contains(delivery.webhook), "a closed delivery is opened on request only",
          update.id.value);
    delivery.reopened = true;
    delivery.not_before = MonotonicTime::min();
    delivery.fallback = false;
    delivery.fallback_from = 0;
  }
  delivery.status = update.status;
  delivery.stored_fallback = update.fallback;
  delivery.stored_fallback_from = update.fallback ? update.round_start : 0;
  if (!opens) delivery.ended = false;
  if (update.status == DeliveryStatus::Canceled) delivery.retry_owed = false;
}

void Auditor::crashed() {
  for (auto& [id, delivery] : known_) {
    delivery.attempts_made = delivery.attempts;
    delivery.fallback = delivery.stored_fallback;
    delivery.fallback_from = delivery.stored_fallback_from;
    delivery.running = delivery.holds_place = delivery.loaded = delivery.ended = delivery.retry_asked = false;
    delivery.not_before = MonotonicTime::min();
  }
  asks_.clear();
  places_.clear();
  in_flight_total_ = 0;
}

// ---- attempts ----------------------------------------------------------------------------------------------

void Auditor::take_place(DeliveryId id, Known& delivery, const Webhook& webhook) {
  if (delivery.test) return;
  delivery.holds_place = true;
  const bool kept = std::exchange(delivery.loaded, false);  // since its body was asked for
  Place& place = place_of(delivery);
  ++place.in_flight;
  check(++in_flight_total_ <= scenario_.options.queue.in_flight_max, "the node's concurrency holds");
  if (kept) return;
  check(place.in_flight <= webhook.max_concurrency, "a webhook's concurrency holds", delivery.webhook.value);
  check_pace(delivery, place, webhook);
  check_order(id, delivery, webhook);
}

void Auditor::check_pace(const Known& delivery, Place& place, const Webhook& webhook) {
  const MonotonicTime now = timeline_.now().mono;
  if (webhook.rate_limit && place.rate == webhook.rate_limit) {
    const auto interval = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / *webhook.rate_limit));
    check(now - place.started_at >= interval - std::chrono::milliseconds(11), "a webhook's rate holds",
          delivery.webhook.value);
    marks_.hit("paced");
  }
  place.rate = webhook.rate_limit;
  place.started_at = now;
  if (place.failures < scenario_.options.queue.breaker.failures_max) return;
  check(place.in_flight == 1, "an open breaker lets one probe pass at a time", delivery.webhook.value);
  marks_.hit("probe");
}

void Auditor::check_order(DeliveryId id, const Known& delivery, const Webhook& webhook) const {
  if (webhook.ordered == Ordering::None || !webhook.fallback_url.empty()) return;
  const auto switched = switched_.find(delivery.webhook);
  auto older = switched == switched_.end() ? known_.begin() : known_.upper_bound(switched->second);
  for (; older != known_.end() && older->first < id; ++older) {
    const Known& other = older->second;
    if (other.webhook != delivery.webhook || other.test || other.ended || !is_open(other.status)) continue;
    if (webhook.ordered == Ordering::Call && other.order_key != delivery.order_key) continue;
    if (other.reopened || other.skip_asked || other.fallback) continue;
    check(false, "an ordered webhook gets what was accepted first", id.value);
  }
  marks_.hit("in order");
}

void Auditor::free_place(Known& delivery) {
  if (!std::exchange(delivery.holds_place, false)) return;
  --place_of(delivery).in_flight;
  --in_flight_total_;
}

void Auditor::said(const delivery::BodiesWanted& output, const delivery::Scheduler& core) {
  for (const DeliveryId id : output.deliveries) {
    Known& delivery = known(id);
    check(!delivery.holds_place, "a body is loaded once at a time", id.value);
    check(core.store_healthy(), "nothing is begun that could not be logged", id.value);
    delivery.loaded = false;
    check(accepts(core, delivery.webhook), "nothing is begun for a webhook that is disabled or deleted", id.value);
    take_place(id, delivery, *core.find_webhook(delivery.webhook));
  }
}

void Auditor::said(const delivery::StartAttempt& output, const delivery::Scheduler& core) {
  const std::int64_t id = output.delivery.value;
  Known& delivery = known(output.delivery);
  check(!delivery.running, "one attempt of a delivery at a time", id);
  check(output.number == delivery.attempts_made + 1, "an attempt has the next number", id);
  check(is_open(delivery.status) || delivery.retry_asked, "nothing is sent of a closed delivery", id);
  check(timeline_.now().mono >= delivery.not_before, "a retry waits its time", id);
  check(*output.body == delivery.body, "the body is what was accepted", id);
  check(output.webhook->id == delivery.webhook, "a delivery goes to its webhook", id);
  check(output.webhook->team_id.empty() || output.webhook->team_id == delivery.team_id, "teams are kept apart", id);
  check(output.test == delivery.test, "a test is marked as one", id);
  if (!delivery.test) {
    check(delivery.loaded ? delivery.wanted : accepts(core, delivery.webhook),
          "nothing is sent to a webhook that is disabled or deleted", id);
    check(delivery.loaded || core.store_healthy(), "nothing is begun that could not be logged", id);
  }
  check(!output.fallback || delivery.fallback, "the fallback comes after the schedule", id);
  take_place(output.delivery, delivery, *output.webhook);
  delivery.running = true;
  delivery.retry_owed = false;
  for (auto& [ticket, ask] : asks_) {
    if (ask.retried == output.delivery) ask.retry_served = true;
  }
}

Duration Auditor::shortest_delay(Known& delivery, const delivery::AttemptObserved& output) const {
  const auto& own = output.webhook->retry_schedule;
  const auto& schedule = own ? *own : scenario_.options.retry_schedule;
  const auto step = static_cast<std::size_t>(output.attempt.number - 1 - delivery.fallback_from);
  if (*output.retry_in == Duration(0) && !delivery.fallback && !output.webhook->fallback_url.empty()) {
    check(delivery.reopened || step >= schedule.size(), "the fallback comes after the schedule", output.delivery.value);
    delivery.fallback = true;
    delivery.fallback_from = output.attempt.number;
    marks_.hit("fallback");
    return Duration(0);
  }
  Duration delay = *std::ranges::min_element(schedule);
  if (!delivery.reopened) {
    check(step < schedule.size(), "the schedule ends", output.delivery.value);
    delay = schedule[step];
  }
  if (!delivery.retry_after) return delay;
  return std::max(delay, std::min<Duration>(*delivery.retry_after, limits::kRetryAfterMax));
}

void Auditor::said(const delivery::AttemptObserved& output) {
  Known& delivery = known(output.delivery);
  if (output.retry_in) delivery.not_before = delivery.ended_at + shortest_delay(delivery, output);
  if (!is_open(output.status)) delivery.ended = true;
  if (output.status == DeliveryStatus::Canceled) marks_.hit("canceled while running");
}

void Auditor::said(const delivery::HeldTooLong& output) {
  Known& delivery = known(output.delivery);
  delivery.retry_owed = false;
  if (is_open(output.status)) {
    delivery.fallback = true;
    delivery.fallback_from = delivery.attempts_made;
  } else {
    delivery.ended = true;
  }
  marks_.hit("held too long");
}

// ---- answers -----------------------------------------------------------------------------------------------

Auditor::Ask Auditor::take_ask(delivery::Ticket ticket) {
  const auto found = asks_.find(ticket);
  check(found != asks_.end(), "a request is answered once", static_cast<std::int64_t>(ticket));
  return std::move(asks_.extract(found).mapped());
}

void Auditor::said(const delivery::EventsAccepted& output) {
  const Ask ask = take_ask(output.ticket);
  check(output.receipts.size() == ask.expected.size(), "each event gets a receipt");
  for (std::size_t i = 0; i < ask.expected.size(); ++i) {
    const delivery::EventReceipt& receipt = output.receipts[i];
    const auto event = store_.get_event(receipt.id);
    check(event.has_value(), "an event is acknowledged after it is stored", receipt.id.value);
    if (!ask.keys[i].empty()) {
      check(used_keys_.at(ask.keys[i]).events.contains(receipt.id), "a key answers its event", receipt.id.value);
    }
    if (receipt.duplicate) continue;
    check(receipt.deliveries == static_cast<int>(ask.expected[i].size()), "the receipt counts the deliveries");
    std::set<WebhookId> reached;
    for (const Delivery& delivery : event->deliveries) reached.insert(delivery.webhook);
    check(std::ranges::includes(reached, ask.expected[i]), "an event has a delivery for each match", receipt.id.value);
    acknowledged_[receipt.id] = ask.expected[i];
  }
}

void Auditor::said(const delivery::TestFinished& output) {
  take_ask(output.ticket);
  const Known& delivery = known(output.delivery);
  check(delivery.attempts == 1 && !is_open(delivery.status), "a test is answered after it is logged",
        output.delivery.value);
}

void Auditor::said(const delivery::WebhookStored& output) {
  take_ask(output.ticket);
  check(webhook_versions_[output.webhook->id] >= output.webhook->version, "a webhook is answered after it is stored",
        output.webhook->id.value);
}

void Auditor::said(const delivery::RecoveryStored& output) {
  take_ask(output.ticket);
  const auto stored = store_.get_recovery(output.recovery.id);
  check(stored && (stored->state == output.recovery.state || output.recovery.state == Recovery::State::Running),
        "a recovery is answered after it is stored", output.recovery.id.value);
}

void Auditor::said(const delivery::Stored& output) {
  const Ask ask = take_ask(output.ticket);
  if (!ask.retried) return;
  Known& delivery = known(*ask.retried);
  delivery.not_before = MonotonicTime::min();
  if (!*ask.retry_served && delivery.status != DeliveryStatus::Canceled) delivery.retry_owed = true;
}

void Auditor::said(const delivery::Refused& output) {
  check(!take_ask(output.ticket).must_succeed,
        "what is asked for without a fault is done: " + std::string(name_of(output.reason)));
  marks_.hit("refused: " + std::string(name_of(output.reason)));
}

// ---- the end -----------------------------------------------------------------------------------------------

void Auditor::finish(const delivery::Scheduler& core, const Receivers& receivers) const {
  check(asks_.empty(), "every request is answered");
  check(core.gauges().open == 0 && core.gauges().in_flight == 0, "the core comes to rest");
  for (const auto& [id, delivery] : known_) {
    check(!is_open(delivery.status), "every delivery ends", id.value);
    check(delivery.status != DeliveryStatus::Delivered || receivers.processed(id),
          "what is marked delivered was received", id.value);
    check(!delivery.retry_owed, "a confirmed retry is made", id.value);
  }
  for (const auto& [id, webhooks] : acknowledged_) {
    const auto event = store_.get_event(id);
    check(event.has_value(), "an acknowledged event is kept", id.value);
    std::multiset<WebhookId> reached;
    for (const Delivery& delivery : event->deliveries) reached.insert(delivery.webhook);
    for (const WebhookId webhook : webhooks) check(reached.contains(webhook), "no delivery is lost", id.value);
    for (const WebhookId webhook : reached) check(reached.count(webhook) == 1, "no delivery is doubled", id.value);
  }
  const auto catalog = store_.load_catalog();
  check(catalog.running_recoveries.empty(), "every recovery ends");
  const auto shown = core.webhooks();
  check(std::ranges::equal(catalog.webhooks, shown, {}, {}, [](const WebhookPtr& w) -> const Webhook& { return *w; }),
        "the store knows the webhooks as the core shows them");
}

}  // namespace limehook::sim
