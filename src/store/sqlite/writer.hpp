#pragma once
// Applies batches. Prepared statements do all the work; nothing here is per row but the row itself, because this is
// the path of every event.

#include <boost/unordered/unordered_flat_map.hpp>

#include "store/sqlite/attempt_block.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/delivery_state.hpp"
#include "store/store.hpp"
#include "vault/vault.hpp"

namespace limehook::store::sqlite {

class Writer {
 public:
  Writer(Database& db, UndeliveredList& undelivered, const vault::Vault& vault);

  CommitResult commit(const WriteBatch& batch);

 private:
  void apply(const WriteBatch& batch, CommitResult& result);
  void put_webhook(const Webhook& webhook);
  void put_health(const WebhookHealth& health);
  void put_end(const WebhookEnd& end);
  void delete_webhook(const DeletedWebhook& deleted);
  // The event that `event` repeats, or nothing; then its key is taken.
  std::optional<DuplicateEvent> claim_key(std::size_t index, const NewEvent& event);
  void insert_event(const NewEvent& event);
  void insert_delivery(const Delivery& delivery, EventType type);
  void insert_redelivery(const Delivery& delivery);
  void apply_attempts(const WriteBatch& batch);
  void insert_attempt(const NewAttempt& attempt, DeliveryStates& states);
  void update_delivery(const DeliveryUpdate& update, DeliveryStates& states);
  void note_skip(const DeliveryUpdate& update, EndReason before);
  void store_block();
  void link_attempts_without_update(DeliveryStates& states);
  void put_recovery(const Recovery& recovery);

  Database& db_;
  UndeliveredList& undelivered_;
  const vault::Vault& vault_;
  std::int64_t next_block_;
  std::string block_;  // attempts of the batch that are not stored yet
  std::int64_t block_count_ = 0;
  boost::unordered_flat_map<DeliveryId, AttemptRef, std::hash<DeliveryId>>
      unlinked_attempts_;  // of the batch: newest attempt of each delivery
  std::string scratch_;
  bool unknown_ = false;  // a commit has ended so
};

}  // namespace limehook::store::sqlite
