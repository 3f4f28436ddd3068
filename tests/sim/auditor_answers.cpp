// What people are told, and what must be true at the end.

#include <algorithm>

#include "sim/auditor.hpp"

namespace limehook::sim {
namespace {

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
    case delivery::Refusal::TestsUnderWay:
      return "tests under way";
    case delivery::Refusal::Ended:
      return "ended";
  }
  return "unknown";
}

}  // namespace

Auditor::Ask Auditor::take_ask(delivery::Ticket ticket) {
  const auto found = asks_.find(ticket);
  check(found != asks_.end(), Promise::Answered, "a request is answered once", static_cast<std::int64_t>(ticket));
  return std::move(asks_.extract(found).mapped());
}

void Auditor::said(const delivery::EventsAccepted& output) {
  const Ask ask = take_ask(output.ticket);
  check(!ask.too_much, Promise::Memory, "a request is refused while too much waits to be stored");
  check(output.receipts.size() == ask.expected.size(), Promise::Answered, "each event gets a receipt");
  for (std::size_t i = 0; i < ask.expected.size(); ++i) {
    const delivery::EventReceipt& receipt = output.receipts[i];
    const auto event = store_.get_event(receipt.id);
    check(event.has_value(), Promise::Durable, "an event is acknowledged after it is stored", receipt.id.value);
    if (const auto& [key, fingerprint] = ask.keys[i]; !key.empty()) {
      const auto& events = used_keys_[key].events;
      const auto used = events.find(receipt.id);
      check(used != events.end(), Promise::Idempotency, "a key answers its event", receipt.id.value);
      check(receipt.conflict == (used->second != fingerprint), Promise::Idempotency,
            "a key with another payload is refused, with the same one it is not", receipt.id.value);
    }
    if (receipt.duplicate || receipt.conflict) continue;
    check(receipt.deliveries == static_cast<int>(ask.expected[i].size()), Promise::Kept,
          "the receipt counts the deliveries", receipt.id.value);
    std::set<WebhookId> reached;
    for (const Delivery& delivery : event->deliveries) reached.insert(delivery.webhook);
    check(std::ranges::includes(reached, ask.expected[i]), Promise::Kept, "an event has a delivery for each match",
          receipt.id.value);
    acknowledged_[receipt.id] = ask.expected[i];
  }
}

void Auditor::said(const delivery::TestFinished& output) {
  take_ask(output.ticket);
  const Known& delivery = known(output.delivery);
  check(delivery.attempts == 1 && !is_open(delivery.status), Promise::Durable, "a test is answered after it is logged",
        output.delivery.value);
}

void Auditor::put_in_force(const Webhook& webhook) {
  in_force_[webhook.id] = webhook;
  gone_.erase(webhook.id);
  const bool pushes = takes_deliveries(webhook.id);
  if (!webhook.fallback_url.empty() && pushes) return;
  for (const DeliveryId id : open_) {
    Known& delivery = known_.at(id);
    if (delivery.webhook != webhook.id) continue;
    delivery.given_up = delivery.given_up || !pushes;
    const bool stays = !delivery.fallback || delivery.holds_place || delivery.loaded;
    if (stays || !webhook.fallback_url.empty()) continue;
    delivery.fallback = false;
    marks_.hit("fallback taken away");
  }
}

void Auditor::said(const delivery::WebhookStored& output) {
  const Ask ask = take_ask(output.ticket);
  const WebhookId id = output.webhook->id;
  check(webhook_versions_[id] >= output.webhook->version, Promise::Durable, "a webhook is answered after it is stored",
        id.value);
  check(ask.saves.has_value(), Promise::Answered, "a webhook's change is answered by the webhook", id.value);
  const Webhook* before = in_force(id);
  check(output.webhook->version == (before ? before->version + 1 : 1), Promise::Catalog,
        "each change makes the next version", id.value);
  Webhook expected = *ask.saves;
  expected.id = id;
  expected.version = output.webhook->version;
  expected.created_at = output.webhook->created_at;
  expected.updated_at = output.webhook->updated_at;
  check(output.webhook->disabled_at.has_value() != output.webhook->enabled, Promise::Catalog,
        "it is known since when a webhook is disabled", id.value);
  expected.disabled_at = output.webhook->disabled_at;
  check(expected == *output.webhook, Promise::Catalog, "a webhook is what was asked for", id.value);
  if (before && before->secret != expected.secret) marks_.hit("secret rotated");
  check(!watched_.contains(id), Promise::Watch, "a change of a webhook ends its watch", id.value);
  put_in_force(expected);
}

void Auditor::said(const delivery::RecoveryStored& output) {
  const Ask ask = take_ask(output.ticket);
  const Recovery& recovery = output.recovery;
  const auto stored = store_.get_recovery(recovery.id);
  check(stored && (stored->state == recovery.state || recovery.state == Recovery::State::Running), Promise::Durable,
        "a recovery is answered after it is stored", recovery.id.value);
  if (recovery.state != Recovery::State::Running) return;
  recovers_skipped_[recovery.id] = ask.recovers_skipped;
  const bool of_all = recovery.events == kAllEventTypes && recovery.http_status == 0 && !recovery.outcome;
  if (recovery.kind != Recovery::Kind::Failed || !of_all) return;
  if (!scenario_.wall_is_true) return;  // it takes what was made before a time of the wall clock
  RunningRecovery& run = recoveries_[recovery.id];
  run.webhook = recovery.webhook;
  for (const auto& [id, delivery] : known_) {
    const bool failed = delivery.status == DeliveryStatus::Failed || delivery.status == DeliveryStatus::Canceled;
    if (delivery.reason == EndReason::Skipped && !recovery.skipped) continue;
    if (delivery.webhook == recovery.webhook && failed && !delivery.test) run.wanted[id] = delivery.opened;
  }
}

void Auditor::said(const delivery::Stored& output) {
  const Ask ask = take_ask(output.ticket);
  if (ask.deletes) {
    check(webhook_versions_[*ask.deletes] == 0, Promise::Durable, "a webhook's end is answered after it is stored",
          ask.deletes->value);
    check(!watched_.contains(*ask.deletes), Promise::Watch, "a webhook's end ends its watch", ask.deletes->value);
    in_force_.erase(*ask.deletes);
    gone_.erase(*ask.deletes);
  }
  check(!ask.saves_key || keys_.contains(*ask.saves_key), Promise::Durable, "a key is answered after it is stored");
  if (!ask.retried) return;
  Known& delivery = known(*ask.retried);
  hasten(delivery.webhook);
  delivery.not_before = MonotonicTime::min();
  const bool given_up = delivery.ended || delivery.status == DeliveryStatus::Canceled;  // in the meantime
  if (!*ask.retry_served && !given_up) delivery.retry_owed = true;
}

void Auditor::said(const delivery::Refused& output) {
  check(!take_ask(output.ticket).must_succeed, Promise::Answered,
        "what is asked for without a fault is done: " + std::string(name_of(output.reason)));
  marks_.hit("refused: " + std::string(name_of(output.reason)));
}

void Auditor::said(const delivery::WatchEnded& output) {
  check(watched_.erase(output.webhook) == 1, Promise::Watch, "only who watches is told, once", output.webhook.value);
  watch_due_.erase(output.webhook);
  marks_.hit("watch ended");
}

void Auditor::said(const delivery::Drained&, const delivery::Scheduler& core) const {
  check(in_flight_total_ == 0 && tests_running_ == 0 && core.all_stored(), Promise::Quiet,
        "a process that is drained has nothing under way and nothing to store");
}

// ---- the end -----------------------------------------------------------------------------------------------

void Auditor::finish(delivery::Scheduler& core, const Receivers& receivers) const {
  check(asks_.empty(), Promise::Answered, "every request is answered");
  for (const auto& [id, delivery] : known_) {
    check(!is_open(delivery.status), Promise::Ended, "every delivery ends", id.value);
    check(delivery.status != DeliveryStatus::Delivered || receivers.processed(id), Promise::Status,
          "what is marked delivered was received", id.value);
    check(!delivery.retry_owed, Promise::ByHand, "a confirmed retry is made", id.value);
  }
  check(core.gauges().open == 0 && core.in_memory() == 0 && core.gauges().in_flight == 0, Promise::Ended,
        "the core comes to rest");
  for (const auto& [id, webhooks] : acknowledged_) {
    const auto event = store_.get_event(id);
    check(event.has_value(), Promise::Kept, "an acknowledged event is kept", id.value);
    std::multiset<WebhookId> reached;
    for (const Delivery& delivery : event->deliveries) reached.insert(delivery.webhook);
    for (const WebhookId webhook : webhooks) {
      check(reached.contains(webhook), Promise::Kept, "no delivery is lost", id.value);
    }
    for (const WebhookId webhook : reached) {
      check(reached.count(webhook) == 1, Promise::Kept, "no delivery is doubled", id.value);
    }
  }
  const auto catalog = store_.load_catalog();
  check(catalog.running_recoveries.empty(), Promise::Ended, "every recovery ends");
  const auto shown = core.webhooks();
  check(std::ranges::equal(catalog.webhooks, shown, {}, {}, [](const WebhookPtr& w) -> const Webhook& { return *w; }),
        Promise::Catalog, "the store knows the webhooks as the core shows them");
  check(!core.next_deadline() && core.all_stored(), Promise::Quiet, "no timer and nothing unwritten is left");
}

}  // namespace limehook::sim
