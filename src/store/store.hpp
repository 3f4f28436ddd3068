#pragma once
// The storage port: what Limehook asks of a database. Two kinds of implementation are meant to fit: one embedded
// in this process (store/sqlite) and one shared by many nodes (docs/adr/0002-store-port.md). store/memory is the
// reference: tests compare the others with it.
//
// The database is a journal. All writes come from one thread as batches that are applied whole or not at all; the
// schedule of what is due lives in memory and is rebuilt from the open deliveries at start. All calls block; the
// runtime keeps them off the event loop. Reads may come from any thread, also while a batch is written, and see
// whole batches only.

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/records.hpp"

namespace limehook::store {

// A page may be shorter than its limit, or empty, and still not be the last: a call examines at most
// limits::kRowsExaminedMax rows (so that a rare property does not make it walk the whole log), and a page of events or
// audit entries ends before the one that would take its payloads, or what was changed, beyond limits::kPageBytesMax,
// unless it is the first. Only `next` says whether the list goes on.
template <class Row>
struct Page {
  std::vector<Row> rows;
  std::int64_t next = 0;  // pass as `before` to go on; 0: this page is the last
};

// Newest first, ids below `before` only. Every filter that is set must hold.
struct DeliveryQuery {
  std::optional<std::string> team_id;  // of the event
  std::optional<WebhookId> webhook;
  std::optional<DeliveryStatus> status;
  std::optional<EventType> type;
  std::optional<WallTime> since;  // delivery made (its id says when) at or after, to the millisecond
  std::optional<WallTime> until;  // delivery made before
  std::string term;               // exact number, call id or message id; a number also without its '+'
  std::int64_t before = 0;        // 0: from the newest
  std::size_t limit = limits::kPageDefault;
};

struct DeliveryRow {
  Delivery delivery;  // without body
  EventType type{};
  std::string team_id;
  std::vector<std::string> terms;  // search_terms() of the event's payload
};

struct EventQuery {
  std::optional<std::string> team_id;
  std::optional<EventType> type;
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  std::string term;
  std::int64_t before = 0;
  std::size_t limit = limits::kPageDefault;
};

// Oldest first, ids above `after` only, without tests. Every filter must hold.
struct EventsAfterQuery {
  std::optional<std::string> team_id;
  EventTypeSet types;
  std::int64_t after = 0;
  std::size_t limit = limits::kPageDefault;
};

struct EventsAfter {
  std::vector<Event> events;
  std::int64_t position = 0;  // pass as `after` to go on: everything up to this id has been examined
  bool done = false;          // nothing newer is stored
};

struct AuditQuery {
  std::optional<std::string> team_id;
  std::string action;    // empty: any; "webhook." stands for all that begin with it
  std::string actor_id;  // empty: anybody
  std::string target;    // empty: anything
  std::optional<WallTime> since;
  std::optional<WallTime> until;
  std::int64_t before = 0;
  std::size_t limit = limits::kPageDefault;
};

// Where the attempts of one webhook version went.
struct WebhookTarget {
  int version = 0;
  std::string url;
  std::string fallback_url;
  std::string signature_header;  // empty: the default
  std::vector<std::string> header_names;
};

struct DeliveryDetail {
  Delivery delivery;
  Event event;
  std::vector<Attempt> attempts;       // by number; the newest limits::kAttemptsShownMax
  std::vector<WebhookTarget> targets;  // of the versions that the attempts name
};

struct EventDetail {
  Event event;
  std::vector<Delivery> deliveries;  // by id, without bodies
};

// Everything but the journal itself: small, read whole at start.
struct Catalog {
  std::vector<Webhook> webhooks;                                    // not deleted
  std::vector<std::pair<WebhookId, std::string>> deleted_webhooks;  // with their team: their log stays visible to it
  std::vector<WebhookHealth> healths;                               // of those that are failing
  std::vector<ApiKey> keys;
  std::vector<Number> numbers;
  std::vector<Team> teams;
  std::vector<User> users;
  std::vector<Session> sessions;
  std::vector<Link> links;
  std::vector<Recovery> running_recoveries;
  std::int64_t last_id = 0;  // the largest id in use, of any kind
  std::string cursor_key;    // secret bytes that seal the cursors of lists; the store's own for good
};

struct SizeInfo {
  std::uint64_t bytes_used = 0;  // of live data
  std::uint64_t bytes_file = 0;
};

struct PruneResult {
  std::size_t rows = 0;
  bool done = true;  // nothing more to remove under these bounds
};

class Store {
 public:
  virtual ~Store() = default;

  // -- one thread only, the writer's; none of these overlap --
  virtual CommitResult commit(const WriteBatch& batch) = 0;
  // Removes whole events accepted before `older_than`, oldest first, with their closed deliveries and attempts, at
  // most about `rows_max` rows, so that a call stays short. Events with open deliveries stay. Statistics
  // from before then go too, and webhooks deleted before then, once no event is left from before their deletion: as
  // long as the log has something of theirs, it can say whose it is. Throws StoreError; nothing of the call is then
  // applied.
  virtual PruneResult prune(WallTime older_than, std::size_t rows_max) = 0;
  // Removes audit entries from before `older_than`, at most `rows_max`. Throws StoreError.
  virtual PruneResult prune_audit(WallTime older_than, std::size_t rows_max) = 0;
  // Housekeeping that must not hold up commits (idempotency keys past their window go here, and webhooks' minutes of
  // statistics past limits::kStatsMinutesKept): a short slice of it. Answers whether more is waiting. Throws
  // StoreError; to be tried again later.
  virtual bool maintain(WallTime now) = 0;

  // -- any thread --
  virtual Catalog load_catalog() const = 0;
  // The open deliveries with ids above `after` in ascending order; fewer than `limit` when there are no more.
  virtual std::vector<OpenDelivery> list_open(DeliveryId after, std::size_t limit) const = 0;
  // Bodies of the given deliveries in any order; those that no longer exist are left out.
  virtual std::vector<Body> load_bodies(std::span<const DeliveryId> ids) const = 0;
  virtual Page<DeliveryRow> list_deliveries(const DeliveryQuery& query) const = 0;
  virtual std::optional<DeliveryDetail> get_delivery(DeliveryId id) const = 0;
  virtual Page<Event> list_events(const EventQuery& query) const = 0;
  // Bounded as a page of list_events(); only `done` says whether there is more. Ids grow from batch to batch, so that
  // going on from `position` misses nothing, whatever is committed meanwhile.
  virtual EventsAfter list_events_after(const EventsAfterQuery& query) const = 0;
  virtual std::optional<EventDetail> get_event(EventId id) const = 0;
  // Examines at most `limit` deliveries or events, and ends before the event that would take the payloads in it beyond
  // limits::kPageBytesMax, unless it is the first. Only `done` says whether the recovery goes on.
  virtual RecoveryStep next_recovery_step(const Recovery& recovery, std::size_t limit) const = 0;
  virtual std::optional<Recovery> get_recovery(RecoveryId id) const = 0;
  // Newest first, ids below `before` only; 0: from the newest.
  virtual Page<Recovery> list_recoveries(WebhookId webhook, std::int64_t before, std::size_t limit) const = 0;
  // The buckets of `width` that start from `since` on and before `until`, of the webhooks taken together. No webhooks:
  // those of the installation as a whole, and `width` is a minute.
  virtual StatsSeries list_stats(std::span<const WebhookId> webhooks, Duration width, WallTime since,
                                 WallTime until) const = 0;
  virtual Page<AuditEntry> list_audit(const AuditQuery& query) const = 0;
  virtual SizeInfo size() const = 0;
};

// Failed reads (a broken disk, a corrupted file) throw this; the text is for the operator.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace limehook::store
