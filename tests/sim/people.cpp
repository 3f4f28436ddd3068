#include "sim/people.hpp"

#include <numeric>

#include "base/limits.hpp"

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
  do_deed(draw_deed());
}

Deed People::draw_deed() {
  const auto& deeds = w_.scenario.deeds;
  std::uint64_t dice = prng_.below(std::accumulate(deeds.begin(), deeds.end(), std::uint64_t{0}));
  std::size_t deed = 0;
  for (; dice >= deeds[deed]; ++deed) dice -= deeds[deed];
  return static_cast<Deed>(deed);
}

void People::do_deed(Deed deed) {
  switch (deed) {
    case Deed::SendEvents:
      return send_events();
    case Deed::CreateWebhook:
      return create_webhook();
    case Deed::ChangeWebhook:
      return change_webhook();
    case Deed::DeleteWebhook:
      return delete_webhook();
    case Deed::TestWebhook:
      return test_webhook();
    case Deed::WatchWebhook:
      return watch_webhook();
    case Deed::RetryDelivery:
      return retry_delivery();
    case Deed::SkipDelivery:
      return skip_delivery();
    case Deed::StartRecovery:
      return start_recovery();
    case Deed::CancelRecovery:
      return cancel_recovery();
    case Deed::SaveKey:
      return save_key();
    case Deed::SaveStatistics:
      return save_statistics();
  }
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
  Auditor& auditor = w_.auditor;
  w_.trace.add("ask",
               {static_cast<std::int64_t>(last_ticket_), static_cast<std::int64_t>(delivery::Input(input).index())});
  if constexpr (std::is_same_v<Input, delivery::EventsSubmitted>) {
    auditor.submitted(input, *process_.core());
  } else if constexpr (std::is_same_v<Input, delivery::RetrySubmitted>) {
    w_.trace.add("retry", {input.delivery.id.value, input.delivery.attempts});
    auditor.retry_asked(last_ticket_, input.delivery.id);
  } else if constexpr (std::is_same_v<Input, delivery::SkipSubmitted>) {
    auditor.skip_asked(last_ticket_, input.delivery);
  } else if constexpr (std::is_same_v<Input, delivery::WebhookSubmitted>) {
    auditor.save_asked(last_ticket_, input.webhook);
  } else if constexpr (std::is_same_v<Input, delivery::WebhookDeleted>) {
    auditor.delete_asked(last_ticket_, input.webhook);
  } else if constexpr (std::is_same_v<Input, delivery::CatalogSubmitted>) {
    auditor.key_asked(last_ticket_, std::get<ApiKey>(input.changes.front()).id);
  } else if constexpr (std::is_same_v<Input, delivery::RecoverySubmitted>) {
    auditor.recovery_asked(last_ticket_, input.recovery);
  } else {
    auditor.asked(last_ticket_);
  }
  process_.handle(std::move(input));
}

WebhookPtr People::some_webhook() {
  const auto webhooks = process_.core()->webhooks();
  return webhooks.empty() ? nullptr : webhooks[prng_.below(webhooks.size())];
}

// ---- events ------------------------------------------------------------------------------------------------

std::string People::draw_team() {
  const auto number =
      prng_.chance(w_.scenario.hot_team) ? 0 : prng_.below(static_cast<std::uint64_t>(w_.scenario.teams));
  return "team_" + std::to_string(number);
}

EventDraft People::draft() {
  EventDraft event = samples_[prng_.below(samples_.size())];
  event.payload.back() = ',';
  event.order_key = static_cast<std::uint32_t>(prng_.below(4));
  event.payload += "\"n\":" + std::to_string(++last_event_);
  if (prng_.chance(w_.scenario.large_body)) {
    event.payload += ",\"pad\":\"" + std::string(limits::kEventBytesMax - event.payload.size() - 20, 'x') + "\"";
    w_.marks.hit("large body");
  }
  event.payload += "}";
  event.team_id = prng_.chance(0.1) ? "" : draw_team();
  if (prng_.chance(0.3)) {
    event.idempotency_key = std::to_string(prng_.below(10));
    event.fingerprint = std::to_string(prng_.below(2));
  }
  return event;
}

void People::send_events() {
  const std::uint64_t count = prng_.chance(0.1) ? w_.scenario.burst_max : 1 + prng_.below(3);
  delivery::EventsSubmitted input;
  for (std::uint64_t i = 0; i < count; ++i) input.events.push_back(draft());
  submit(std::move(input));
}

void People::send_probe() {
  submit(delivery::EventsSubmitted{.events = {draft()}});
  w_.auditor.must_succeed(last_ticket_);
}

// ---- webhooks ----------------------------------------------------------------------------------------------

void People::vary_secret(Webhook& webhook) {
  auto& old = webhook.previous_secrets;
  const std::string secret = std::exchange(webhook.secret, "whsec_" + std::to_string(prng_.next()));
  old.insert(old.begin(), {secret, w_.timeline.now().wall + limits::kSecretOverlap});
  old.resize(std::min(old.size(), limits::kPreviousSecretsMax));
}

void People::vary_target(Webhook& webhook) {
  webhook.url = prng_.chance(0.5) ? "https://example.com/" : "https://example.com/" + std::to_string(prng_.below(3));
  // What waits in the store only keeps that it was to go to the fallback, if there is one again later.
  const bool may_take_away = webhook.fallback_url.empty() || !w_.scenario.memory_is_short();
  const bool without = prng_.chance(0.5) && may_take_away;
  webhook.fallback_url = without ? "" : "https://example.net/" + std::to_string(prng_.below(2));
  webhook.mode = prng_.chance(0.1) ? WebhookMode::Poll : WebhookMode::Push;
}

void People::vary(Webhook& webhook) {
  webhook.max_concurrency = pick(prng_, {1, 1, 2, 8, 100});
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
  webhook.numbers.clear();
  if (prng_.chance(0.1)) webhook.numbers = samples_[prng_.below(samples_.size())].numbers;
  if (prng_.chance(0.2)) vary_secret(webhook);
  if (prng_.chance(webhook.fallback_url.empty() ? 0.2 : 0.6)) vary_target(webhook);
}

void People::create_webhook() {
  if (process_.core()->webhooks().size() >= w_.scenario.webhooks_max) return;
  Webhook webhook;
  webhook.name = "CRM";
  webhook.url = "https://example.com/";
  webhook.fallback_url = prng_.chance(0.2) ? "https://example.net/" : "";
  vary(webhook);
  if (prng_.chance(0.8)) webhook.team_id = draw_team();
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

void People::watch_webhook() {
  const WebhookPtr webhook = some_webhook();
  if (!webhook) return;
  if (prng_.chance(0.8)) process_.watch(webhook->id);
  else process_.unwatch(webhook->id);
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
  static const auto kAnna = std::make_shared<const Actor>(Actor{ActorKind::User, "usr_1", "anna@example.com"});
  submit(delivery::SkipSubmitted{.delivery = ids[ids.size() - 1 - prng_.below(range)], .by = kAnna});
}

void People::start_recovery() {
  const WebhookPtr webhook = some_webhook();
  if (!webhook) return;
  Recovery recovery;
  recovery.webhook = webhook->id;
  recovery.kind = pick(prng_, {Recovery::Kind::Failed, Recovery::Kind::Missing});
  recovery.until = w_.timeline.now().wall + 48h;  // the wall clock may have been ahead
  if (prng_.chance(0.1)) recovery.outcome = AttemptOutcome::Timeout;
  if (prng_.chance(0.1)) recovery.events = EventTypeSet(prng_.next());
  recovery.skipped = prng_.chance(0.2);
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

// As the runtime's statistics do: a fact that nobody waits for.
void People::save_statistics() { process_.handle(delivery::CatalogSubmitted{0, {StatsBucket{}}}); }

}  // namespace limehook::sim
