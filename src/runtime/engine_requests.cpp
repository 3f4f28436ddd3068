// What the API asks of the engine: each request goes into the core, and its answer comes back.

#include "runtime/engine.hpp"

#include <algorithm>

namespace limehook::runtime {
namespace {

template <class T>
std::expected<T, Refusal> unwrap(delivery::Output&& output, auto&& take) {
  if (const auto* refused = std::get_if<delivery::Refused>(&output)) return std::unexpected(refused->reason);
  return take(std::move(output));
}

std::expected<void, Refusal> unwrap_stored(const delivery::Output& output) {
  if (const auto* refused = std::get_if<delivery::Refused>(&output)) return std::unexpected(refused->reason);
  return {};
}

}  // namespace

Answer<std::vector<delivery::EventReceipt>> Engine::submit_events(std::vector<EventDraft> events, std::string scope) {
  const auto ticket = new_ticket();
  const auto count = events.size();
  auto output = co_await request(ticket, delivery::EventsSubmitted{ticket, std::move(events), std::move(scope)});
  auto answer = unwrap<std::vector<delivery::EventReceipt>>(std::move(output), [](delivery::Output&& o) {
    return std::get<delivery::EventsAccepted>(std::move(o)).receipts;
  });
  if (!answer) {
    metrics_.events_refused.Increment(static_cast<double>(count));
    co_return answer;
  }
  const auto duplicates = std::ranges::count(*answer, true, &delivery::EventReceipt::duplicate);
  metrics_.events_duplicate.Increment(static_cast<double>(duplicates));
  metrics_.events_accepted.Increment(static_cast<double>(count) - static_cast<double>(duplicates));
  co_return answer;
}

Answer<delivery::TestFinished> Engine::test_webhook(WebhookId webhook, EventDraft event) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::TestSubmitted{ticket, webhook, std::move(event)});
  co_return unwrap<delivery::TestFinished>(
      std::move(output), [](delivery::Output&& o) { return std::get<delivery::TestFinished>(std::move(o)); });
}

Answer<WebhookPtr> Engine::save_webhook(Webhook webhook) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::WebhookSubmitted{ticket, std::move(webhook)});
  co_return unwrap<WebhookPtr>(std::move(output),
                               [](delivery::Output&& o) { return std::get<delivery::WebhookStored>(o).webhook; });
}

Answer<void> Engine::delete_webhook(WebhookId webhook) {
  const auto ticket = new_ticket();
  const auto team = team_of(webhook);
  const auto answer = unwrap_stored(co_await request(ticket, delivery::WebhookDeleted{ticket, webhook}));
  if (answer) deleted_teams_[webhook] = team.value_or("");
  co_return answer;
}

std::optional<std::string> Engine::team_of(WebhookId id) const {
  if (const auto webhook = find_webhook(id)) return webhook->team_id;
  const auto deleted = deleted_teams_.find(id);
  return deleted == deleted_teams_.end() ? std::nullopt : std::optional(deleted->second);
}

Answer<void> Engine::save_key(ApiKey key) {
  const auto ticket = new_ticket();
  store::WriteBatch batch;
  batch.keys.push_back(key);
  const auto answer = unwrap_stored(co_await request(ticket, delivery::CatalogSubmitted{ticket, std::move(batch)}));
  if (answer) keys_.push_back(std::move(key));
  co_return answer;
}

Answer<void> Engine::delete_key(KeyId key) {
  const auto ticket = new_ticket();
  store::WriteBatch batch;
  batch.deleted_keys.push_back(key);
  const auto answer = unwrap_stored(co_await request(ticket, delivery::CatalogSubmitted{ticket, std::move(batch)}));
  if (answer) std::erase_if(keys_, [&](const ApiKey& k) { return k.id == key; });
  co_return answer;
}

// One change of a number at a time, so that no two requests create the same one.
Answer<void> Engine::store_number_change(std::string number, store::WriteBatch batch) {
  if (!saving_numbers_.insert(number).second) co_return std::unexpected(Refusal::Conflict);
  const auto ticket = new_ticket();
  const auto answer = unwrap_stored(co_await request(ticket, delivery::CatalogSubmitted{ticket, std::move(batch)}));
  saving_numbers_.erase(number);
  co_return answer;
}

Answer<void> Engine::save_number(Number number) {
  const Number* same = numbers_.find(number.number);
  if (same && same->id != number.id) co_return std::unexpected(Refusal::Conflict);
  store::WriteBatch batch;
  batch.numbers.push_back(number);
  const auto answer = co_await store_number_change(number.number, std::move(batch));
  if (answer) numbers_.put(std::move(number));
  co_return answer;
}

Answer<void> Engine::delete_number(NumberId id) {
  const Number* number = numbers_.find(id);
  if (!number) co_return std::unexpected(Refusal::NotFound);
  store::WriteBatch batch;
  batch.deleted_numbers.push_back(id);
  const auto answer = co_await store_number_change(number->number, std::move(batch));
  if (answer) numbers_.remove(id);
  co_return answer;
}

Answer<void> Engine::retry_delivery(const Delivery& delivery, EventType type) {
  const auto ticket = new_ticket();
  store::OpenDelivery row{.id = delivery.id,
                          .event = delivery.event,
                          .webhook = delivery.webhook,
                          .type = type,
                          .status = delivery.status,
                          .test = delivery.test,
                          .attempts = delivery.attempts,
                          .round_start = delivery.round_start,
                          .next_attempt_at = delivery.next_attempt_at,
                          .http_status = delivery.http_status,
                          .last_outcome = delivery.last_outcome,
                          .fallback = delivery.fallback,
                          .order_key = delivery.order_key,
                          .body_type = delivery.body_type};
  co_return unwrap_stored(co_await request(ticket, delivery::RetrySubmitted{ticket, row}));
}

Answer<void> Engine::skip_delivery(DeliveryId delivery) {
  const auto ticket = new_ticket();
  co_return unwrap_stored(co_await request(ticket, delivery::SkipSubmitted{ticket, delivery}));
}

Answer<Recovery> Engine::start_recovery(Recovery recovery) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::RecoverySubmitted{ticket, recovery});
  co_return unwrap<Recovery>(std::move(output),
                             [](delivery::Output&& o) { return std::get<delivery::RecoveryStored>(o).recovery; });
}

Answer<Recovery> Engine::cancel_recovery(RecoveryId recovery) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::RecoveryCanceled{ticket, recovery});
  co_return unwrap<Recovery>(std::move(output),
                             [](delivery::Output&& o) { return std::get<delivery::RecoveryStored>(o).recovery; });
}

}  // namespace limehook::runtime
