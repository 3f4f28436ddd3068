#pragma once
// The values that cross the storage port: what a batch is made of and what the scheduler gets back. Plain values, so
// that the delivery core can make and read them without knowing any store.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "model/api_key.hpp"
#include "model/audit.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/number.hpp"
#include "model/recovery.hpp"
#include "model/session.hpp"
#include "model/stats.hpp"
#include "model/team.hpp"
#include "model/user.hpp"
#include "model/webhook.hpp"

namespace limehook::store {

// An accepted event with the deliveries its fan-out made. `deliveries` are all for this event and have ascending
// ids.
struct NewEvent {
  Event event;
  std::vector<std::string> terms;  // what the log's search finds it by
  std::string idempotency_key;     // empty: none; unique within the event's team (idempotency.hpp)
  std::string fingerprint;         // of the payload; empty: whatever comes with the key is the same
  std::vector<Delivery> deliveries;
  std::optional<int> deliveries_told;  // how many of them whoever sent it may know of; nothing: all

  int told() const { return deliveries_told.value_or(static_cast<int>(deliveries.size())); }
};

// The state a delivery takes on; fields as in Delivery. Its webhook is for whoever follows what is stored; stores know
// it.
struct DeliveryUpdate {
  DeliveryId id;
  WebhookId webhook;
  DeliveryStatus status{};
  int attempts = 0;
  int round_start = 0;
  std::optional<WallTime> next_attempt_at;
  int http_status = 0;
  AttemptOutcome last_outcome{};
  bool fallback = false;
  WallTime updated_at{};
  EndReason reason{};
  std::shared_ptr<const Actor> by;  // who skipped it; stored with Skipped only
};

struct NewAttempt {
  DeliveryId delivery;
  Attempt attempt;
};

// How one URL of a webhook fares.
struct TargetHealth {
  int failures_in_a_row = 0;
  std::optional<WallTime> opened_at;  // since when the circuit breaker is open; nothing: it is closed
  WallTime probe_at{};                // while it is open: the next probe
  Duration pause{};                   // likewise: how long the pause is that ends then
  bool operator==(const TargetHealth&) const = default;
};

// What must be remembered of how a webhook fares.
struct WebhookHealth {
  WebhookId webhook;
  std::optional<WallTime> failing_since;  // since when it fails without one success; nothing: it works
  bool noticed = false;                   // webhook.failing was sent, so webhook.recovered is due when it works again
  TargetHealth main;                      // its URL
  TargetHealth fallback;                  // its fallback URL
  bool operator==(const WebhookHealth&) const = default;

  bool is_well() const { return !failing_since && !noticed && main == TargetHealth{} && fallback == TargetHealth{}; }
};

struct DeletedWebhook {
  WebhookId id;
  WallTime at{};
};

// From then on nothing is sent to a webhook, and what waited for it is canceled: `by` is who deleted it, disabled it or
// switched it to polling.
struct WebhookEnd {
  WebhookId webhook;
  WallTime at{};
  Actor by;
  std::string because;  // Limehook's words, where it disabled the webhook
};

template <class Id>
struct Removed {
  Id id;
};
struct RemovedTeam {
  std::string id;
};

// A change of what is small and what delivering does not depend on. A value is new or replaces the one with its id,
// whole; a use changes nothing but the time of the last one; a bucket is added to what it holds; audit entries are
// kept.
using CatalogChange =
    std::variant<ApiKey, Removed<KeyId>, KeyUse, Number, Removed<NumberId>, Team, RemovedTeam, User, Removed<UserId>,
                 Session, Removed<SessionId>, SessionUse, Link, Removed<LinkId>, AuditEntry, StatsBucket>;

// One transaction. New events and deliveries have larger ids than all that were committed before: the log, recoveries
// and whoever follows the log rely on it. The parts are applied in the order of the members; within a part in order.
struct WriteBatch {
  std::vector<Webhook> webhooks;  // new ones and changed ones, whole; every version's URL is kept for the log
  std::vector<WebhookHealth> healths;
  std::vector<DeletedWebhook> deleted_webhooks;
  std::vector<WebhookEnd> webhook_ends;
  std::vector<CatalogChange> catalog;
  std::vector<NewEvent> events;
  std::vector<Delivery> deliveries;  // of events stored earlier (recovery)
  std::vector<NewAttempt> attempts;
  std::vector<DeliveryUpdate> updates;
  std::vector<Recovery> recoveries;  // new ones and changed ones, whole

  std::size_t bytes = 0;  // rough size of what is in here, kept by whoever fills it
  bool empty() const;
};
// References to all parts of a batch, in order.
constexpr auto parts_of(auto& batch) {
  return std::tie(batch.webhooks, batch.healths, batch.deleted_webhooks, batch.webhook_ends, batch.catalog,
                  batch.events, batch.deliveries, batch.attempts, batch.updates, batch.recoveries);
}

// An event that was not stored, because its idempotency key was used within the window.
struct DuplicateEvent {
  std::size_t index;  // into WriteBatch::events
  EventId original;
  int deliveries;              // how many the original was answered with
  bool other_payload = false;  // both have a fingerprint, and they differ
};

enum class CommitStatus : std::uint8_t {
  Committed,  // durable
  Full,       // no room; nothing was applied
  Failed,     // nothing was applied; trying again may help
  Unknown,    // it may or may not have been applied: only opening the store anew can tell
};

struct CommitResult {
  CommitStatus status{};
  std::string error;
  std::vector<DuplicateEvent> duplicates;
};

// What the scheduler keeps of an open delivery.
struct OpenDelivery {
  DeliveryId id;
  EventId event;
  WebhookId webhook;
  EventType type{};
  DeliveryStatus status{};
  bool test = false;
  int attempts = 0;
  int round_start = 0;
  std::optional<WallTime> next_attempt_at;
  int http_status = 0;            // of the last attempt, as in Delivery
  AttemptOutcome last_outcome{};  // likewise
  bool fallback = false;
  std::uint32_t order_key = 0;
  BodyType body_type{};
  EndReason reason{};
  WallTime updated_at{};  // when all of this was decided
};
// `type` is its event's.
OpenDelivery open_delivery_of(const Delivery& delivery, EventType type);

struct Body {
  DeliveryId delivery;
  std::string body;  // the delivery's own, or else the event's payload
};

// One step of a recovery, in ascending order of ids above `after`.
struct RecoveryStep {
  std::vector<OpenDelivery> deliveries;  // closed ones to open again
  std::vector<Event> events;             // events without a delivery to the webhook; the caller matches them
  std::int64_t position = 0;             // pass as `after` to go on
  std::size_t examined = 0;
  bool done = false;
};

}  // namespace limehook::store
