#pragma once
// Removes what is too old, oldest first, in short transactions. Events are visited in the order of their ids and a
// place is kept between calls, so that events which must stay are not looked at again and again; a fresh pass from
// the beginning starts once an hour. Lives on the writer's thread.

#include <map>
#include <vector>

#include "store/sqlite/delivery_state.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

class Pruner {
 public:
  Pruner(Database& db, UndeliveredList& undelivered) : db_(db), undelivered_(undelivered) {}

  PruneResult prune(WallTime older_than, std::size_t rows_max);
  // A delivery has reached its end: if its event was passed over because of it, it is visited again.
  void closed(DeliveryId delivery);

 private:
  struct OldEvent {
    EventId id;
    std::int64_t first_delivery;
    std::int64_t last_delivery;
  };
  struct OldDelivery {
    DeliveryId id;
    DeliveryStatus status;
    EndReason reason;
    AttemptRef last_attempt;
    int attempts;
  };
  bool has_room() const { return removed_ + visited_ < rows_max_; }
  void start_pass(WallTime older_than);
  void prune_revisited(std::int64_t bound);
  bool prune_events(std::int64_t bound);
  bool prune_segments(std::int64_t bound);
  void prune_webhooks(WallTime older_than);
  bool prune_stats(WallTime older_than);
  bool prune_minutes(WallTime older_than);
  // Its deliveries; nothing when one of them is open.
  std::optional<std::vector<OldDelivery>> closed_deliveries(const OldEvent& event);
  void remove_if_closed(const OldEvent& event);
  void remove(const OldEvent& event, const std::vector<OldDelivery>& deliveries);
  void remove_attempts(const OldDelivery& delivery);
  // Blocks go whole, when nobody needs an attempt in them.
  void remove_blocks();

  Database& db_;
  UndeliveredList& undelivered_;
  std::size_t rows_max_ = 0;
  std::size_t removed_ = 0;  // of this call, as is visited_
  std::size_t visited_ = 0;
  WallTime pass_started_at_ = WallTime::min();
  std::int64_t passed_ = 0;                                // events up to this id have been visited in this pass
  std::int64_t deliveries_passed_ = 0;                     // their deliveries have ids up to this one
  std::int64_t segment_passed_ = 0;                        // number of the last segment that was visited
  std::int64_t stats_webhook_ = 0;                         // next one to visit; negative: all done
  std::map<std::int64_t, std::int64_t> removed_attempts_;  // of this call: by block
  std::vector<DeliveryId> revisit_;
};

}  // namespace limehook::store::sqlite
