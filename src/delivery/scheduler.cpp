#include "delivery/scheduler.hpp"

#include <algorithm>
#include <numeric>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "model/payload_shape.hpp"

namespace limehook::delivery {
namespace {

constexpr int kTestsShare = 8;          // tests together have this part of the node's places
constexpr std::size_t kRowBytes = 200;  // rough cost of a row beside its texts

Actor actor_of(const std::optional<AuditEntry>& audit) { return audit ? audit->actor() : Actor{}; }

}  // namespace

Scheduler::Scheduler(SchedulerOptions options, std::int64_t last_id)
    : options_(std::move(options)),
      ids_(last_id),
      queue_(options_.queue),
      journal_(options_.journal_bytes_max, options_.gather) {}

// ---- loading -----------------------------------------------------------------------------------------------

void Scheduler::load_webhook(Webhook webhook) {
  const auto shared = std::make_shared<const Webhook>(std::move(webhook));
  apply_webhook(shared);
}

void Scheduler::load_delivery(Now now, const store::OpenDelivery& delivery) {
  tick(now);
  const WebhookSlot* slot = queue_.find_webhook(delivery.webhook);
  const bool wanted = slot && slot->webhook->pushes() && !delivery.test;
  const MonotonicTime due = due_of(delivery);
  const bool later = due > now_.mono && wanted && slot->webhook->ordered == Ordering::None;
  if (wanted && (later ? may_wait_in_store(*slot, due) : stays_in_store(*slot))) {
    leave_in_store(delivery.webhook, delivery.id, due);
  } else {
    open_delivery(delivery);
  }
}

void Scheduler::open_delivery(const store::OpenDelivery& delivery, bool cancel_it) {
  WebhookSlot* slot = queue_.find_webhook(delivery.webhook);
  const bool orphan = slot == nullptr;
  if (orphan) {  // its webhook was deleted and the process ended before this delivery was canceled
    auto ghost = std::make_shared<Webhook>();
    ghost->id = delivery.webhook;
    ghost->enabled = false;
    slot = &queue_.put_webhook(std::move(ghost), Duration(0));
  }
  OpenEntry& entry = queue_.add(delivery.id, {.event = delivery.event,
                                              .slot = slot,
                                              .attempts = delivery.attempts,
                                              .round_start = delivery.round_start,
                                              .order_key = delivery.order_key,
                                              .type = delivery.type,
                                              .body_type = delivery.body_type,
                                              .last_outcome = delivery.last_outcome,
                                              .http_status = static_cast<std::int16_t>(delivery.http_status),
                                              .fallback = delivery.fallback && !slot->webhook->fallback_url.empty(),
                                              .test = delivery.test,
                                              .reopened = ended_again_.knows(delivery.id)});
  if (orphan) queue_.delete_webhook(delivery.webhook);
  // Whoever asked for a test is gone with the process that was to answer.
  const MonotonicTime due = due_of(delivery);
  if (cancel_it || orphan || !slot->webhook->pushes() || delivery.test) cancel(delivery.id, entry);
  else if (due > now_.mono) queue_.wait(delivery.id, entry, due);
  else queue_.make_ready(delivery.id, entry);
}

void Scheduler::load_recovery(const Recovery& recovery) {
  recovering_.insert(recovery.webhook);
  recoveries_[recovery.id].recovery = recovery;
}

// ---- driving -----------------------------------------------------------------------------------------------

void Scheduler::handle(Now now, Input input) {
  tick(now);
  std::visit([this](auto&& value) { on(std::move(value)); }, std::move(input));
}

void Scheduler::tick(Now now) {
  now_ = now;
  queue_.fire_due(now.mono);
  give_up_held();
  send_late_mails();
}

std::optional<Output> Scheduler::poll_output() {
  if (outputs_.empty()) {
    cancel_some();
    if (!draining_ && journal_.can_log(now_.mono)) {
      dispatch();
      ask_recovery_steps();
      ask_open();
    }
    if (auto batch = journal_.take(now_.mono)) outputs_.push_back(PersistBatch{std::move(*batch)});
    if (draining_ && !drained_ && queue_.in_flight() == 0 && journal_.idle()) {
      drained_ = true;
      outputs_.push_back(Drained{});
    }
  }
  if (outputs_.empty()) return std::nullopt;
  std::optional<Output> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

std::optional<MonotonicTime> Scheduler::next_deadline() {
  auto next = queue_.next_due();
  const auto sooner = [&](std::optional<MonotonicTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  sooner(journal_.next_deadline(now_.mono));
  if (!open_asked_ && !backlog_.empty() && !draining_ && journal_.can_log(now_.mono)) {
    if (look_wanted_ || sweeping_) sooner(look_at_);
    else if (due_look_at_ != MonotonicTime::max()) sooner(std::max(look_at_, due_look_at_));
  }
  if (!late_mails_.empty()) sooner(late_mail_at_);
  for (const auto& [id, run] : recoveries_) {
    if (!run.busy && run.not_before > now_.mono) sooner(run.not_before);
  }
  return next;
}

WebhookPtr Scheduler::find_webhook(WebhookId id) const {
  const WebhookSlot* slot = queue_.find_webhook(id);
  return slot ? slot->webhook : nullptr;
}

WebhookPtr Scheduler::webhook_of_attempt(DeliveryId delivery) const {
  const OpenEntry* entry = queue_.find(delivery);
  return entry && entry->state == DeliveryState::Running ? entry->slot->webhook : nullptr;
}

int Scheduler::open_deliveries(WebhookId id) const {
  const WebhookSlot* slot = queue_.find_webhook(id);
  return (slot ? slot->open : 0) + static_cast<int>(backlog_.count(id));
}

std::optional<WebhookView> Scheduler::view(WebhookId id) const {
  const WebhookSlot* slot = queue_.find_webhook(id);
  if (!slot) return std::nullopt;
  const auto wall = [this](MonotonicTime at) { return now_.wall + (at - now_.mono); };
  const Breaker& breaker = slot->main.breaker;
  WebhookView view{.breaker = breaker.state(),
                   .failures_in_a_row = breaker.failures_in_a_row(),
                   .failing_since = slot->failing_since,
                   .backlog = open_deliveries(id)};
  if (view.breaker == BreakerState::Open) view.next_probe_at = wall(breaker.probe_at());
  if (!slot->main.lanes) return view;
  const auto waits = [this](DeliveryId first) { return queue_.find(first)->state == DeliveryState::Waiting; };
  if (const auto first = slot->main.lanes->oldest_block(waits)) {
    view.blocked_by = {*first, wall(queue_.find(*first)->due)};
  }
  return view;
}

Duration Scheduler::hold_max_of(const Webhook& webhook) const {
  const auto schedule = schedule_of(webhook);
  return std::accumulate(schedule.begin(), schedule.end(), Duration(0));
}

std::span<const Duration> Scheduler::schedule_of(const Webhook& webhook) const {
  return webhook.retry_schedule ? *webhook.retry_schedule : options_.retry_schedule;
}

void Scheduler::start(DeliveryId id, const OpenEntry& entry) {
  const WebhookPtr& webhook = entry.slot->webhook;
  const bool fallback = entry.fallback && !webhook->fallback_url.empty();  // it may have been taken away since
  outputs_.push_back(
      StartAttempt{id, entry.attempts + 1, entry.type, entry.test, fallback, entry.body_type, webhook, entry.body});
}

void Scheduler::dispatch() {
  std::vector<DeliveryId> without_body;
  while (const auto id = queue_.start_next()) {
    const OpenEntry& entry = *queue_.find(*id);
    if (entry.state == DeliveryState::Loading) without_body.push_back(*id);
    else start(*id, entry);
  }
  if (!without_body.empty()) outputs_.push_back(BodiesWanted{std::move(without_body)});
}

// ---- requests ----------------------------------------------------------------------------------------------

bool Scheduler::refused(Ticket ticket) {
  std::optional<Refusal> reason = draining_ ? Refusal::Draining : journal_.refusal(now_.mono);
  if (reason) refuse(ticket, *reason);
  return reason.has_value();
}

Delivery Scheduler::new_delivery(const Event& event, const Webhook& webhook, std::uint32_t order_key) {
  Delivery delivery;
  delivery.id = DeliveryId{ids_.next(now_.wall)};
  delivery.event = event.id;
  delivery.webhook = webhook.id;
  delivery.status = DeliveryStatus::Pending;
  delivery.test = event.test;
  delivery.order_key = order_key;
  delivery.updated_at = now_.wall;
  // Shaped now and kept: the body must be the same on every attempt, whatever becomes of the webhook.
  ShapedPayload shaped = shape_payload(webhook.payload, event);
  delivery.body = std::move(shaped.body);
  delivery.body_type = shaped.body_type;
  delivery.note = std::move(shaped.note);
  return delivery;
}

void Scheduler::add_event(Work& work, EventDraft&& draft, std::span<const WebhookPtr> targets, bool test) {
  store::NewEvent added;
  added.event.id = EventId{ids_.next(now_.wall)};
  added.event.type = draft.type;
  added.event.team_id = std::move(draft.team_id);
  added.event.received_at = now_.wall;
  added.event.test = test;
  added.event.payload = std::move(draft.payload);
  added.terms = std::move(draft.terms);
  added.idempotency_key = std::move(draft.idempotency_key);
  added.fingerprint = std::move(draft.fingerprint);
  store::WriteBatch& batch = work.batch;
  added.deliveries.reserve(targets.size());
  for (const WebhookPtr& webhook : targets) {
    added.deliveries.push_back(new_delivery(added.event, *webhook, draft.order_key));
    batch.bytes += kRowBytes + (added.deliveries.back().body ? added.deliveries.back().body->size() : 0);
  }
  batch.bytes += kRowBytes + added.event.payload.size();
  batch.events.push_back(std::move(added));
}

void Scheduler::on(EventsSubmitted&& input) {
  if (refused(input.ticket)) return;
  Work& work = journal_.requests();
  work.effects.push_back(AcceptEvents{input.ticket, work.batch.events.size(), input.events.size()});
  for (EventDraft& draft : input.events) {
    matched_.clear();
    routing_.match(draft, matched_);
    add_event(work, std::move(draft), matched_, false);
    if (!input.of_teams_only) continue;
    const auto of_team = [](const WebhookPtr& webhook) { return !webhook->team_id.empty(); };
    work.batch.events.back().deliveries_told = static_cast<int>(std::ranges::count_if(matched_, of_team));
  }
}

bool Scheduler::has_room_for_test(const std::string& team) const {
  const int all_max = std::max(2, options_.queue.in_flight_max / kTestsShare);
  const int team_max = std::min(limits::kTestsPerTeamMax, all_max / 2);
  const auto of_team = std::ranges::count(testing_, team, [](const auto& test) { return test.second; });
  return static_cast<int>(testing_.size()) < all_max && of_team < team_max;
}

void Scheduler::on(TestSubmitted&& input) {
  const WebhookPtr webhook = find_webhook(input.webhook);
  if (!webhook) return refuse(input.ticket, Refusal::NotFound);
  if (refused(input.ticket)) return;
  if (!has_room_for_test(webhook->team_id)) return refuse(input.ticket, Refusal::TestsUnderWay);
  testing_[input.ticket] = webhook->team_id;
  Work& work = journal_.requests();
  work.effects.push_back(AcceptTest{input.ticket, work.batch.events.size()});
  add_event(work, std::move(input.event), {&webhook, 1}, true);
}

void Scheduler::on(WebhookSubmitted&& input) {
  if (refused(input.ticket)) return;
  Webhook& webhook = input.webhook;
  bool ends = false;
  if (webhook.id) {
    const WebhookPtr current = find_webhook(webhook.id);
    if (!current) return refuse(input.ticket, Refusal::NotFound);
    if (current->version != webhook.version || saving_.contains(webhook.id)) {
      return refuse(input.ticket, Refusal::Conflict);
    }
    ends = current->pushes() && !webhook.pushes();
    ++webhook.version;
  } else {
    webhook.id = WebhookId{ids_.next(now_.wall)};
    webhook.version = 1;
    webhook.created_at = now_.wall;
  }
  webhook.updated_at = now_.wall;
  if (webhook.enabled) webhook.disabled_at.reset();
  else if (!webhook.disabled_at) webhook.disabled_at = now_.wall;
  saving_.insert(webhook.id);
  Work& work = journal_.requests();
  if (ends) work.batch.webhook_ends.push_back({webhook.id, now_.wall, actor_of(input.audit), {}});
  work.batch.webhooks.push_back(webhook);
  work.batch.bytes += kRowBytes;
  if (input.audit) {
    input.audit->target = webhook.id.str();
    work.batch.catalog.emplace_back(std::move(*input.audit));
  }
  work.effects.push_back(ApplyWebhook{input.ticket, std::make_shared<const Webhook>(std::move(webhook))});
}

void Scheduler::on(WebhookDeleted&& input) {
  const WebhookPtr current = find_webhook(input.webhook);
  if (!current) return refuse(input.ticket, Refusal::NotFound);
  if (refused(input.ticket)) return;
  if (saving_.contains(input.webhook) || input.version.value_or(current->version) != current->version) {
    return refuse(input.ticket, Refusal::Conflict);
  }
  saving_.insert(input.webhook);
  Work& work = journal_.requests();
  work.batch.deleted_webhooks.push_back({input.webhook, now_.wall});
  if (current->pushes()) work.batch.webhook_ends.push_back({input.webhook, now_.wall, actor_of(input.audit), {}});
  if (input.audit) work.batch.catalog.emplace_back(std::move(*input.audit));
  work.effects.push_back(ApplyDelete{input.ticket, input.webhook});
}

void Scheduler::on(CatalogSubmitted&& input) {
  if (input.ticket != 0 && refused(input.ticket)) return;
  Work& work = input.ticket != 0 ? journal_.requests() : journal_.facts();
  std::ranges::move(input.changes, std::back_inserter(work.batch.catalog));
  if (input.ticket != 0) work.effects.push_back(Answer{input.ticket});
}

void Scheduler::on(RecoverySubmitted&& input) {
  const WebhookPtr webhook = find_webhook(input.recovery.webhook);
  if (!webhook) return refuse(input.ticket, Refusal::NotFound);
  if (!webhook->pushes()) return refuse(input.ticket, Refusal::Disabled);
  if (recovering_.contains(webhook->id)) return refuse(input.ticket, Refusal::RecoveryRunning);
  if (refused(input.ticket)) return;
  recovering_.insert(webhook->id);
  queue_.find_webhook(webhook->id)->main.breaker.hasten(now_.mono);  // somebody says that it works again
  Recovery& recovery = input.recovery;
  recovery.id = RecoveryId{ids_.next(now_.wall)};
  recovery.state = Recovery::State::Running;
  recovery.created_at = recovery.updated_at = now_.wall;
  Work& work = journal_.requests();
  work.batch.recoveries.push_back(recovery);
  work.effects.push_back(AnswerRecovery{input.ticket, recovery});
}

void Scheduler::on(RecoveryCanceled&& input) {
  const auto found = recoveries_.find(input.recovery);
  if (found == recoveries_.end()) return refuse(input.ticket, Refusal::NotFound);
  if (refused(input.ticket)) return;
  Recovery recovery = found->second.recovery;
  recovery.state = Recovery::State::Canceled;
  recovery.updated_at = now_.wall;
  recovering_.erase(recovery.webhook);
  recoveries_.erase(found);
  journal_.facts().batch.recoveries.push_back(recovery);
  journal_.facts().effects.push_back(AnswerRecovery{input.ticket, recovery});
}

void Scheduler::on(DrainRequested&&) {
  draining_ = true;
  for (const auto& [delivery, requests] : fetches_) {
    for (const FetchFor& request : requests) {
      std::visit([this](const auto& asked) { refuse(asked.ticket, Refusal::Draining); }, request);
    }
  }
  fetches_.clear();
}

}  // namespace limehook::delivery
