#pragma once
// The reference implementation of the port: plain maps and linear scans, so that it can be seen to be right. Tests
// compare other stores with it and simulations run on it; nothing outlives it.

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "store/store.hpp"

namespace limehook::store {

class MemoryStore : public Store {
 public:
  // `rows_examined_max`: for one page of a list.
  explicit MemoryStore(std::size_t rows_examined_max = limits::kRowsExaminedMax)
      : rows_examined_max_(rows_examined_max) {}

  CommitResult commit(const WriteBatch& batch) override;
  PruneResult prune(WallTime older_than, std::size_t rows_max) override;
  PruneResult prune_audit(WallTime older_than, std::size_t rows_max) override;
  bool maintain(WallTime now) override;

  Catalog load_catalog() const override;
  std::vector<OpenDelivery> list_open(DeliveryId after, std::size_t limit) const override;
  std::vector<Body> load_bodies(std::span<const DeliveryId> ids) const override;
  Page<DeliveryRow> list_deliveries(const DeliveryQuery& query) const override;
  std::optional<DeliveryDetail> get_delivery(DeliveryId id) const override;
  Page<Event> list_events(const EventQuery& query) const override;
  EventsAfter list_events_after(const EventsAfterQuery& query) const override;
  std::optional<EventDetail> get_event(EventId id) const override;
  RecoveryStep next_recovery_step(const Recovery& recovery, std::size_t limit) const override;
  std::optional<Recovery> get_recovery(RecoveryId id) const override;
  Page<Recovery> list_recoveries(WebhookId webhook, std::int64_t before, std::size_t limit) const override;
  StatsSeries list_stats(std::span<const WebhookId> webhooks, Duration width, WallTime since,
                         WallTime until) const override;
  Page<AuditEntry> list_audit(const AuditQuery& query) const override;
  SizeInfo size() const override;

 private:
  struct StoredEvent {
    Event event;
    std::vector<std::string> terms;
    std::vector<DeliveryId> deliveries;
  };
  struct StoredDelivery {
    Delivery delivery;
    EventType type{};
    std::vector<Attempt> attempts;
  };
  struct UsedKey {
    EventId event;
    int deliveries = 0;
    WallTime created_at{};
    std::string fingerprint;
  };
  struct Applier;
  template <class Rows, class Row>
  void put(Rows& rows, const Row& row);
  void apply(const CatalogChange& change);
  void put_webhook(const Webhook& webhook);
  void delete_webhook(const DeletedWebhook& deleted);
  std::optional<DuplicateEvent> claim_key(std::size_t index, const NewEvent& event);
  void put_event(const NewEvent& event);
  void put_delivery(const Delivery& delivery);
  void update_delivery(const DeliveryUpdate& update);
  Delivery shown(const Delivery& delivery) const;  // without body, with who ended it
  bool has_open_delivery(const StoredEvent& event) const;
  bool has_delivery_to(const StoredEvent& event, WebhookId webhook) const;
  bool passes(const Recovery& recovery, const StoredDelivery& stored) const;
  RecoveryStep failed_step(const Recovery& recovery, std::size_t limit) const;
  RecoveryStep missing_step(const Recovery& recovery, std::size_t limit) const;

  const std::size_t rows_examined_max_;
  mutable std::mutex mutex_;
  std::map<WebhookId, Webhook> webhooks_;
  std::map<WebhookId, std::pair<std::string, WallTime>> deleted_webhooks_;  // team, when
  std::map<std::pair<WebhookId, int>, WebhookTarget> targets_;
  std::map<WebhookId, WebhookHealth> healths_;  // of those that are failing
  std::map<WebhookId, std::map<WallTime, WebhookEnd>> ends_;
  std::map<KeyId, ApiKey> keys_;
  std::map<NumberId, Number> numbers_;
  std::map<std::string, Team> teams_;
  std::map<UserId, User> users_;
  std::map<SessionId, Session> sessions_;
  std::map<LinkId, Link> links_;
  std::map<AuditId, AuditEntry> audits_;
  std::map<EventId, StoredEvent> events_;
  std::map<DeliveryId, StoredDelivery> deliveries_;
  std::map<std::pair<std::string, std::string>, UsedKey> used_keys_;  // by team and key
  std::map<RecoveryId, Recovery> recoveries_;
  std::map<std::tuple<WebhookId, Duration, WallTime>, StatsCounts> stats_;  // by webhook, width and start
  std::int64_t last_id_ = 0;
};

}  // namespace limehook::store
