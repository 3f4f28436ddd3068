#pragma once
// Rows as values. Each k…Columns list is what the function of the same name reads, from `column` on.

#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/recovery.hpp"
#include "model/webhook.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "vault/vault.hpp"

namespace limehook::store::sqlite {

#define LIMEHOOK_EVENT_COLUMNS "e.id,e.type,e.test,e.received_at,e.team,e.payload"
inline constexpr int kEventColumnCount = 6;
Event read_event(const Statement& row, int column = 0);

#define LIMEHOOK_DELIVERY_COLUMNS "d.id,d.event,d.webhook,d.test,d.body_type,d.order_key,d.state"
inline constexpr int kDeliveryColumnCount = 7;
Delivery read_delivery(const Statement& row, int column = 0);  // without body, note and who ended it
// Adds who gave up what was given up.
void read_who_ended(Database& db, Delivery& delivery);

#define LIMEHOOK_OPEN_DELIVERY_COLUMNS "d.id,d.event,d.webhook,d.type,d.test,d.body_type,d.order_key,d.state"
OpenDelivery read_open_delivery(const Statement& row);

#define LIMEHOOK_WEBHOOK_COLUMNS "id,version,created_at,updated_at,config,secrets"
// Throws StoreError when the secrets cannot be opened.
Webhook read_webhook(const Statement& row, const vault::Vault& vault);
std::string webhook_config(const Webhook& webhook);
std::string webhook_secrets(const Webhook& webhook, const vault::Vault& vault);  // sealed

#define LIMEHOOK_HEALTH_COLUMNS                                                                           \
  "webhook,failing_since,noticed,failures,opened_at,probe_at,pause,fallback_failures,fallback_opened_at," \
  "fallback_probe_at,fallback_pause"
WebhookHealth read_health(const Statement& row);

#define LIMEHOOK_RECOVERY_COLUMNS                                                                               \
  "id,webhook,kind,state,since,until,events,term,http_status,outcome,position,examined,redelivered,created_at," \
  "updated_at,skipped"
Recovery read_recovery(const Statement& row);

}  // namespace limehook::store::sqlite
