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

Answer<std::vector<delivery::EventReceipt>> Engine::submit_events(std::vector<EventDraft> events, bool of_teams_only) {
  const auto ticket = new_ticket();
  const auto count = events.size();
  auto output = co_await request(ticket, delivery::EventsSubmitted{ticket, std::move(events), of_teams_only});
  auto answer = unwrap<std::vector<delivery::EventReceipt>>(std::move(output), [](delivery::Output&& o) {
    return std::get<delivery::EventsAccepted>(std::move(o)).receipts;
  });
  if (!answer) {
    metrics_.events_refused.Increment(static_cast<double>(count));
    co_return answer;
  }
  const auto duplicates = std::ranges::count(*answer, true, &delivery::EventReceipt::duplicate);
  const auto conflicts = std::ranges::count(*answer, true, &delivery::EventReceipt::conflict);
  metrics_.events_duplicate.Increment(static_cast<double>(duplicates));
  metrics_.events_accepted.Increment(static_cast<double>(count) - static_cast<double>(duplicates + conflicts));
  co_return answer;
}

Answer<delivery::TestFinished> Engine::test_webhook(WebhookId webhook, EventDraft event) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::TestSubmitted{ticket, webhook, std::move(event)});
  co_return unwrap<delivery::TestFinished>(
      std::move(output), [](delivery::Output&& o) { return std::get<delivery::TestFinished>(std::move(o)); });
}

Answer<WebhookPtr> Engine::save_webhook(Webhook webhook, std::optional<AuditEntry> audit) {
  const auto ticket = new_ticket();
  auto output = co_await request(ticket, delivery::WebhookSubmitted{ticket, std::move(webhook), std::move(audit)});
  auto answer = unwrap<WebhookPtr>(std::move(output),
                                   [](delivery::Output&& o) { return std::get<delivery::WebhookStored>(o).webhook; });
  if (answer) webhook_index_.add((*answer)->id, (*answer)->team_id);
  co_return answer;
}

Answer<void> Engine::delete_webhook(WebhookId webhook, std::optional<int> version, std::optional<AuditEntry> audit) {
  const auto ticket = new_ticket();
  const auto team = team_of(webhook);
  const auto answer =
      unwrap_stored(co_await request(ticket, delivery::WebhookDeleted{ticket, webhook, std::move(audit), version}));
  if (answer) {
    webhook_index_.remove(webhook, team.value_or(""));
    deleted_teams_[webhook] = team.value_or("");
  }
  co_return answer;
}

std::optional<std::string> Engine::team_of(WebhookId id) const {
  if (const auto webhook = find_webhook(id)) return webhook->team_id;
  const auto deleted = deleted_teams_.find(id);
  return deleted == deleted_teams_.end() ? std::nullopt : std::optional(deleted->second);
}

Answer<void> Engine::change(std::string subject, std::vector<store::CatalogChange> changes) {
  if (!changing_.insert(subject).second) co_return std::unexpected(Refusal::Conflict);
  const auto ticket = new_ticket();
  const auto answer = unwrap_stored(co_await request(ticket, delivery::CatalogSubmitted{ticket, changes}));
  changing_.erase(subject);
  if (answer) {
    for (const store::CatalogChange& change : changes) directory_.apply(change);
  }
  co_return answer;
}

Answer<void> Engine::retry_delivery(const Delivery& delivery, EventType type) {
  const auto ticket = new_ticket();
  co_return unwrap_stored(
      co_await request(ticket, delivery::RetrySubmitted{ticket, store::open_delivery_of(delivery, type)}));
}

Answer<void> Engine::skip_delivery(DeliveryId delivery, Actor by) {
  const auto ticket = new_ticket();
  auto who = std::make_shared<const Actor>(std::move(by));
  co_return unwrap_stored(co_await request(ticket, delivery::SkipSubmitted{ticket, delivery, std::move(who)}));
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
