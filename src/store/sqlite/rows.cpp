#include "store/sqlite/rows.hpp"

#include <boost/json.hpp>

#include "model/webhook_json.hpp"
#include "store/sqlite/delivery_state.hpp"
#include "store/sqlite/sealed.hpp"

namespace limehook::store::sqlite {
namespace {

// What a Delivery and an OpenDelivery both have of it.
void take_state(auto& delivery, const DeliveryState& state) {
  delivery.status = state.status;
  delivery.attempts = state.attempts;
  delivery.round_start = state.round_start;
  delivery.next_attempt_at = state.next_attempt_at;
  delivery.http_status = state.http_status;
  delivery.last_outcome = state.last_outcome;
  delivery.fallback = state.fallback;
  delivery.reason = state.reason;
  delivery.updated_at = state.updated_at;
}

}  // namespace

Event read_event(const Statement& row, int column) {
  Event event;
  event.id = EventId{row.integer(column)};
  event.type = static_cast<EventType>(row.small(column + 1));
  event.test = row.small(column + 2) != 0;
  event.received_at = row.time(column + 3);
  event.team_id = row.text(column + 4);
  event.payload = row.text(column + 5);
  return event;
}

Delivery read_delivery(const Statement& row, int column) {
  Delivery delivery;
  delivery.id = DeliveryId{row.integer(column)};
  delivery.event = EventId{row.integer(column + 1)};
  delivery.webhook = WebhookId{row.integer(column + 2)};
  delivery.test = row.small(column + 3) != 0;
  delivery.body_type = static_cast<BodyType>(row.small(column + 4));
  delivery.order_key = static_cast<std::uint32_t>(row.integer(column + 5));
  take_state(delivery, state_from(row.bytes(column + 6)));
  return delivery;
}

namespace {

std::shared_ptr<const Actor> read_actor(const Statement& row) {
  if (row.small(0) == static_cast<int>(ActorKind::Nobody)) return nullptr;
  return std::make_shared<const Actor>(Actor{static_cast<ActorKind>(row.small(0)), row.text(1), row.text(2)});
}

}  // namespace

// What gave the webhook up before the delivery was; the first of all, should the clock have been set back in between.
void read_who_ended(Database& db, Delivery& delivery) {
  switch (delivery.reason) {
    case EndReason::Skipped: {
      Rows rows = db.query("SELECT actor_kind,actor,actor_name FROM skips WHERE delivery=?", delivery.id);
      if (rows.next()) delivery.ended_by = read_actor(*rows);
      return;
    }
    case EndReason::WebhookDeleted:
    case EndReason::WebhookDisabled:
    case EndReason::WebhookPolled: {
      Rows rows = db.query(
          "SELECT actor_kind,actor,actor_name,because FROM webhook_ends WHERE webhook=?1 AND at=coalesce("
          "(SELECT max(at) FROM webhook_ends WHERE webhook=?1 AND at<=?2),"
          "(SELECT min(at) FROM webhook_ends WHERE webhook=?1))",
          delivery.webhook, delivery.updated_at);
      if (!rows.next()) return;
      delivery.ended_by = read_actor(*rows);
      delivery.ended_because = rows->text(3);
      return;
    }
    default:
      return;
  }
}

OpenDelivery read_open_delivery(const Statement& row) {
  OpenDelivery open;
  open.id = DeliveryId{row.integer(0)};
  open.event = EventId{row.integer(1)};
  open.webhook = WebhookId{row.integer(2)};
  open.type = static_cast<EventType>(row.small(3));
  open.test = row.small(4) != 0;
  open.body_type = static_cast<BodyType>(row.small(5));
  open.order_key = static_cast<std::uint32_t>(row.integer(6));
  take_state(open, state_from(row.bytes(7)));
  return open;
}

Webhook read_webhook(const Statement& row, const vault::Vault& vault) {
  Webhook webhook = webhook_from_stored_json(row.bytes(4));
  webhook.id = WebhookId{row.integer(0)};
  webhook.version = row.small(1);
  // The JSON form has milliseconds.
  webhook.created_at = row.time(2);
  webhook.updated_at = row.time(3);
  const std::string secrets = open_secrets(vault, webhook.id.str(), row.bytes(5));
  take_stored_secrets(webhook, boost::json::parse(secrets).as_object());
  return webhook;
}

std::string webhook_config(const Webhook& webhook) { return webhook_to_stored_json(webhook); }

std::string webhook_secrets(const Webhook& webhook, const vault::Vault& vault) {
  return seal_secrets(vault, webhook.id.str(), boost::json::serialize(webhook_secrets_to_json(webhook)));
}

WebhookHealth read_health(const Statement& row) {
  const auto read_target = [&](int column) {
    return TargetHealth{.failures_in_a_row = row.small(column),
                        .opened_at = row.optional_time(column + 1),
                        .probe_at = row.time(column + 2),
                        .pause = Duration(row.integer(column + 3))};
  };
  return {.webhook = WebhookId{row.integer(0)},
          .failing_since = row.optional_time(1),
          .noticed = row.small(2) != 0,
          .main = read_target(3),
          .fallback = read_target(7)};
}

Recovery read_recovery(const Statement& row) {
  Recovery recovery;
  recovery.id = RecoveryId{row.integer(0)};
  recovery.webhook = WebhookId{row.integer(1)};
  recovery.kind = static_cast<Recovery::Kind>(row.small(2));
  recovery.state = static_cast<Recovery::State>(row.small(3));
  recovery.since = row.time(4);
  recovery.until = row.time(5);
  recovery.events = static_cast<unsigned long long>(row.integer(6));
  recovery.term = row.text(7);
  recovery.http_status = row.small(8);
  if (!row.is_null(9)) recovery.outcome = static_cast<AttemptOutcome>(row.small(9));
  recovery.position = row.integer(10);
  recovery.examined = row.integer(11);
  recovery.redelivered = row.integer(12);
  recovery.created_at = row.time(13);
  recovery.updated_at = row.time(14);
  recovery.skipped = row.small(15) != 0;
  return recovery;
}

}  // namespace limehook::store::sqlite
