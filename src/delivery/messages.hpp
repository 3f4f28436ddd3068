#pragma once
// What goes into the scheduler and what comes out of it. A ticket is the caller's name for one request; the answer
// carries it back.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/webhook.hpp"
#include "store/records.hpp"

namespace limehook::delivery {

using Ticket = std::uint64_t;
using BodyPtr = std::shared_ptr<const std::string>;

// ---- inputs ------------------------------------------------------------------------------------------------

// Events that are accepted all or none. Answered by EventsAccepted or Refused.
struct EventsSubmitted {
  Ticket ticket;
  std::vector<EventDraft> events;
  bool of_teams_only = false;  // the answer counts no deliveries to webhooks that are for every team
};
// Sends one event to one webhook now, past filters and limits, without retries. Answered by TestFinished or Refused.
struct TestSubmitted {
  Ticket ticket;
  WebhookId webhook;
  EventDraft event;
};
// Creates a webhook (no id) or replaces the one whose `version` this change was made from. Id, version and times are
// set here. Answered by WebhookStored or Refused.
struct WebhookSubmitted {
  Ticket ticket;
  Webhook webhook;
  std::optional<AuditEntry> audit;  // stored with it; the target's id is set here
};
// Answered by Stored or Refused.
struct WebhookDeleted {
  Ticket ticket;
  WebhookId webhook;
  std::optional<AuditEntry> audit;  // stored with it
  std::optional<int> version{};     // that the webhook must still have; nothing: any
};
// Writes that the scheduler does not interpret. Answered by Stored or Refused; ticket 0 wants no answer and is tried
// again until it is stored.
struct CatalogSubmitted {
  Ticket ticket;
  std::vector<store::CatalogChange> changes;
};
// Attempts a delivery again, now; `delivery` is what the store knows of it. Answered by Stored or Refused.
struct RetrySubmitted {
  Ticket ticket;
  store::OpenDelivery delivery;
};
// Gives an open delivery up; what waits behind it goes on. Answered by Stored or Refused, if an attempt is under way
// after its end.
struct SkipSubmitted {
  Ticket ticket;
  DeliveryId delivery;
  std::shared_ptr<const Actor> by{};
};
// Starts a bulk redelivery. Id and times are set here. Answered by RecoveryStored or Refused.
struct RecoverySubmitted {
  Ticket ticket;
  Recovery recovery;
};
struct RecoveryCanceled {
  Ticket ticket;
  RecoveryId recovery;
};
// Answers RecoveryStepWanted; nothing: the read failed and is asked for again.
struct RecoveryStepLoaded {
  RecoveryId recovery;
  std::optional<store::RecoveryStep> step;
};
struct AttemptFinished {
  DeliveryId delivery;
  Attempt attempt;
  std::optional<Duration> retry_after;
};
// Answers BodiesWanted. Deliveries of `wanted` that `bodies` lacks are gone from the store (`failed` unset), or the
// read failed and is asked for again.
struct BodiesLoaded {
  std::vector<DeliveryId> wanted;
  std::vector<store::Body> bodies;
  bool failed = false;
};
// Answers OpenWanted with the store's open deliveries above `after`, ascending by id: as many as were wanted, unless
// there are no more. Nothing: the read failed.
struct OpenLoaded {
  std::optional<std::vector<store::OpenDelivery>> deliveries;
};
// Answers PersistBatch, with the batch itself. Never CommitStatus::Unknown: only a restart can tell what happened.
struct BatchFinished {
  store::WriteBatch batch;
  store::CommitResult result;
};
// Refuse new work, let what runs finish, then say Drained.
struct DrainRequested {};

using Input = std::variant<EventsSubmitted, TestSubmitted, WebhookSubmitted, WebhookDeleted, CatalogSubmitted,
                           RetrySubmitted, SkipSubmitted, RecoverySubmitted, RecoveryCanceled, RecoveryStepLoaded,
                           AttemptFinished, BodiesLoaded, OpenLoaded, BatchFinished, DrainRequested>;

// ---- outputs -----------------------------------------------------------------------------------------------

// Commit this; at most one is outstanding.
struct PersistBatch {
  store::WriteBatch batch;
};
struct StartAttempt {
  DeliveryId delivery;
  int number;
  EventType type;
  bool test;
  bool fallback;  // to the webhook's fallback URL
  BodyType body_type;
  WebhookPtr webhook;
  BodyPtr body;
};
struct BodiesWanted {
  std::vector<DeliveryId> deliveries;
};
// At most one is outstanding.
struct OpenWanted {
  DeliveryId after;
  std::size_t limit;
};
struct RecoveryStepWanted {
  Recovery recovery;
};
struct EventReceipt {
  EventId id;
  int deliveries;
  bool duplicate;         // the same key came with the same payload before: this is that event
  bool conflict = false;  // the key belongs to this event, whose payload is another one: nothing was stored
};
struct EventsAccepted {
  Ticket ticket;
  std::vector<EventReceipt> receipts;  // in the order of the submission
};
struct TestFinished {
  Ticket ticket;
  DeliveryId delivery;
  Attempt attempt;
};
struct WebhookStored {
  Ticket ticket;
  WebhookPtr webhook;
};
struct RecoveryStored {
  Ticket ticket;
  Recovery recovery;
};
struct Stored {
  Ticket ticket;
};
enum class Refusal : std::uint8_t {
  StoreFull,        // nothing was stored; there is no room
  StoreFailed,      // nothing was stored; trying again may help
  Busy,             // more is waiting to be stored than the limits allow
  Draining,         // shutting down
  NotFound,         // the webhook or recovery does not exist
  Disabled,         // the webhook is disabled: nothing is sent to it
  Conflict,         // the webhook or delivery has changed since it was read
  Ended,            // the delivery is not open
  RecoveryRunning,  // the webhook has one already
  TestsUnderWay,    // as many tests as the webhook's team, or all teams together, may have at once
};
struct Refused {
  Ticket ticket;
  Refusal reason;
};
// For people and metrics, after an attempt: what happened and what follows. Not durable yet.
struct AttemptObserved {
  DeliveryId delivery;
  EventId event;
  EventType type;
  bool test;
  WebhookPtr webhook;
  Attempt attempt;  // without response head and body
  DeliveryStatus status;
  std::optional<Duration> retry_in;
};
// A delivery was held back by a breaker for too long: it failed without a further attempt, or goes to the fallback URL.
struct HeldTooLong {
  DeliveryId delivery;
  WebhookPtr webhook;
  DeliveryStatus status;
};
// For the process log: an operational event happened to a webhook. The event itself is stored and sent like any other.
struct Notice {
  EventType type;  // an operational one
  WebhookPtr webhook;
  std::string reason;
};
// Somebody is to be told of it by e-mail: at most once per webhook and hour.
struct MailDue {
  EventType type;
  WebhookPtr webhook;
  std::string reason;
};
// A webhook that is watched takes an event that is durable now, or was changed or deleted. It is watched no longer.
struct WatchEnded {
  WebhookId webhook;
};
struct Drained {};

using Output = std::variant<PersistBatch, StartAttempt, BodiesWanted, OpenWanted, RecoveryStepWanted, EventsAccepted,
                            TestFinished, WebhookStored, RecoveryStored, Stored, Refused, AttemptObserved, HeldTooLong,
                            Notice, MailDue, WatchEnded, Drained>;

}  // namespace limehook::delivery
