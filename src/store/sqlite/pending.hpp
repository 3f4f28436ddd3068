#pragma once
// How pending deliveries are found without paying for an index entry each.
//
// Most deliveries are pending for some milliseconds only. So a new one gets no entry in deliveries_not_delivered; the
// newest rows are walked instead. Those that are pending for longer are given a stored status of their own, which the
// index has: up to pending_index.through all have it, above it none.

#include "model/delivery.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

inline constexpr int kStoredPendingIndexed = 5;  // deliveries.status; other values are those of DeliveryStatus

inline DeliveryStatus status_from(int stored) {
  return stored == kStoredPendingIndexed ? DeliveryStatus::Pending : static_cast<DeliveryStatus>(stored);
}

// Lives on the writer's thread.
class PendingIndexer {
 public:
  explicit PendingIndexer(Database& db);

  // What deliveries.status must be.
  int stored_status(DeliveryId id, DeliveryStatus status) const {
    return status == DeliveryStatus::Pending && id.value <= through_ ? kStoredPendingIndexed : static_cast<int>(status);
  }
  // One slice. Answers whether more is waiting.
  bool work(WallTime now);

 private:
  Database& db_;
  std::int64_t through_;
};

}  // namespace limehook::store::sqlite
