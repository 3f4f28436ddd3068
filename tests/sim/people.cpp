#include "sim/people.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;

People::People(World world, Process& process, Prng prng) : w_(world), process_(process), prng_(prng) {
  for (const EventTypeInfo& type : event_types())
    if (!is_operational(type.type)) samples_.push_back(*parse_event(type.sample));
}

void People::act_until(MonotonicTime end) {
  end_ = end;
  w_.timeline.after(between(prng_, 0us, w_.scenario.pause_max), [this] {
    if (w_.timeline.now().mono > end_) return;
    if (process_.core()) act();
    act_until(end_);
  });
}

void People::act() {
  if (prng_.chance(w_.scenario.wall_step)) {
    w_.marks.hit("wall clock stepped");
    w_.timeline.step_wall(between(prng_, -24h, 24h));
  }
  if (prng_.chance(w_.scenario.drain)) process_.drain();
  const auto dice = prng_.below(100);
  if (dice < 50) send_events();
  else if (dice < 60) create_webhook();
  else if (dice < 74) change_webhook();
  else if (dice < 77) delete_webhook();
  else if (dice < 81) test_webhook();
  else if (dice < 90) retry_delivery();
  else if (dice < 92) skip_delivery();
  else if (dice < 96) start_recovery();
  else if (dice < 98) cancel_recovery();
  else save_key();
}

void People::soon(Timeline::Action action) {
  w_.timeline.after(between(prng_, 0us, pick<Duration>(prng_, {1ms, 1ms, 5s})),
                    [this, life = process_.life(), action = std::move(action)] {
                      if (process_.core() && process_.life() == life) action();
                    });
}

template <class Input>
void People::submit(Input input) {
  input.ticket = ++last_ticket_;
  w_.trace.add("ask",
               {static_cast<std::int64_t>(last_ticket_), static_cast<std::int64_t>(delivery::Input(input).index())});
  if constexpr (std::is_same_v<Input, delivery::EventsSubmitted>) {
    w_.auditor.submitted(input, process_.core()->webhooks());
  } else if constexpr (std::is_same_v<Input, delivery::RetrySubmitted>) {
    w_.trace.add("retry", {input.delivery.id.value, input.delivery.attempts});
    w_.auditor.retry_asked(last_ticket_, input.delivery.id);
  } else if constexpr (std::is_same_v<Input, delivery::SkipSubmitted>) {
    w_.auditor.skip_asked(last_ticket_, input.delivery);
  } else {
    w_.auditor.asked(last_ticket_);
  }
  process_.handle(std::move(input));
}

WebhookPtr People::some_webhook() {
  const auto webhooks = process_.core()->webhooks();
  return webhooks.empty() ? nullptr : webhooks[prng_.below(webhooks.size())];
}

// ---- events ------------------------------------------------------------------------------------------------

EventDraft People::draft() {
  EventDraft event = samples_[prng_.below(samples_.size())];
  event.payload.back() = ',';
  event.order_key = static_cast<std::uint32_t>(prng_.below(4));
  event.payload += "\"n\":" + std::to_string(++last_event_) + "}";
  event.team_id =
      prng_.chance(0.1) ? "" : "team_" + std::to_string(prng_.below(static_cast<std::uint64_t>(w_.scenario.teams)));
  if (prng_.chance(0.3)) event.idempotency_key = std::to_string(prng_.below(10));
  return event;
}

void People::send_events() {
  const std::uint64_t count = prng_.chance(0.1) ? 20 : 1 + prng_.below(3);
  delivery::EventsSubmitted input{.idempotency_scope = pick(prng_, {"", "key_a"})};
  for (std::uint64_t i = 0; i < count; ++i) input.events.push_back(draft());
  submit(std::move(input));
}

void People::send_probe() {
  submit(delivery::EventsSubmitted{.events = {draft()}});
  w_.auditor.must_succeed(last_ticket_);
}

// ---- webhooks ----------------------------------------------------------------------------------------------

void People::vary(Webhook& webhook) {
  webhook.max_concurrency = pick(prng_, {1, 1, 2, 8});
  webhook.enabled = prng_.chance(0.8);
  if (webhook.enabled) webhook.disabled_reason.clear();
  webhook.retry_schedule.reset();
  if (prng_.chance(0.3))
    webhook.retry_schedule = std::vector<Duration>{between(prng_, 1s, 5s), between(prng_, 1s, 300s)};
  webhook.events = prng_.chance(0.5) ? kPhoneEventTypes : EventTypeSet(prng_.next());
  webhook.payload = {};
  if (prng_.chance(0.2)) webhook.payload.content = PayloadFields{{"n", "number"}};
  webhook.rate_limit.reset();
  if (prng_.chance(0.2)) webhook.rate_limit = pick(prng_, {0.1, 2.0, 50.0});
  webhook.ordered = pick(prng_, {Ordering::None, Ordering::None, Ordering::Webhook, Ordering::Call});
  if (prng_.chance(0.2)) webhook.events |= ~kPhoneEventTypes;
  webhook.timeout = pick<Duration>(prng_, {1s, 15s, 60s});
}

void People::create_webhook() {
  constexpr std::size_t kEnough = 12;
  if (process_.core()->webhooks().size() >= kEnough) return;
  Webhook webhook;
  webhook.name = "CRM";
  webhook.url = "https://example.com/";
  webhook.fallback_url = prng_.chance(0.2) ? "https://example.com/second" : "";
  vary(webhook);
  if (prng_.chance(0.8))
    webhook.team_id = "team_" + std::to_string(prng_.below(static_cast<std::uint64_t>(w_.scenario.teams)));
  submit(delivery::WebhookSubmitted{.webhook = std::move(webhook)});
}

void People::change_webhook() {
  const WebhookPtr webhook = some_webhook();
  if (!webhook) return;
  Webhook changed = *webhook;
  vary(changed);
  soon([this, changed] { submit(delivery::WebhookSubmitted{.webhook = changed}); });
}

void People::delete_webhook() {
  if (const WebhookPtr webhook = some_webhook()) submit(delivery::WebhookDeleted{.webhook = webhook->id});
}

void People::test_webhook() {
  if (const WebhookPtr webhook = some_webhook()) {
    EventDraft event = draft();
    event.team_id = webhook->team_id;
    event.idempotency_key.clear();
    submit(delivery::TestSubmitted{.webhook = webhook->id, .event = std::move(event)});
  }
}

// ---- deliveries and recoveries -----------------------------------------------------------------------------

void People::retry_delivery() {
  const auto& ids = w_.auditor.deliveries();
  if (ids.empty()) return;
  // The newest ones are the most likely to be on their way.
  const std::size_t range = prng_.chance(0.5) ? std::min<std::size_t>(ids.size(), 5) : ids.size();
  const auto detail = w_.store.get_delivery(ids[ids.size() - 1 - prng_.below(range)]);
  if (detail->delivery.test) return;
  const auto row = store::open_delivery_of(detail->delivery, detail->event.type);
  soon([this, row] { submit(delivery::RetrySubmitted{.delivery = row}); });
}

void People::skip_delivery() {
  const auto& ids = w_.auditor.deliveries();
  if (ids.empty()) return;
  const std::size_t range = std::min<std::size_t>(ids.size(), 20);
  submit(delivery::SkipSubmitted{.delivery = ids[ids.size() - 1 - prng_.below(range)]});
}

void People::start_recovery() {
  const WebhookPtr webhook = some_webhook();
  if (!webhook) return;
  Recovery recovery;
  recovery.webhook = webhook->id;
  recovery.kind = pick(prng_, {Recovery::Kind::Failed, Recovery::Kind::Missing});
  recovery.until = w_.timeline.now().wall + 48h;  // the wall clock may have been ahead
  submit(delivery::RecoverySubmitted{.recovery = recovery});
}

void People::cancel_recovery() {
  const auto running = w_.store.load_catalog().running_recoveries;
  if (running.empty()) return;
  submit(delivery::RecoveryCanceled{.recovery = running[prng_.below(running.size())].id});
}

void People::save_key() {
  ApiKey key;
  key.id = KeyId{w_.timeline.since_start().count() + 1};
  submit(delivery::CatalogSubmitted{.changes = {key}});
}

}  // namespace limehook::sim
