#pragma once
// The part of a delivery that changes: the column deliveries.state. It is bytes of a fixed size that are overwritten
// where they are, which costs a quarter of an UPDATE, and each delivery pays for it at least once.
//
// What is to be found by its status is listed in the table `undelivered` (status, delivery): what is being retried, has
// failed or was canceled, and what is pending for more than a moment. Most deliveries are pending for milliseconds, so
// the newest pending ones are not listed but walked: those with ids above pending_index.through.

#include <array>
#include <optional>
#include <string_view>

#include "model/delivery.hpp"
#include "store/sqlite/attempt_block.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

struct DeliveryState {
  DeliveryStatus status{};
  AttemptOutcome last_outcome{};
  int http_status = 0;
  int attempts = 0;
  int round_start = 0;
  std::optional<WallTime> next_attempt_at;
  bool fallback = false;
  EndReason reason{};
  WallTime updated_at{};
  AttemptRef last_attempt = 0;
};

using StateBytes = std::array<char, 36>;
StateBytes encode(const DeliveryState& state);
inline std::string_view view_of(const StateBytes& bytes) { return {bytes.data(), bytes.size()}; }
// Nothing when the bytes are none.
std::optional<DeliveryState> decode_state(std::string_view bytes);
// Throws SqliteError for damaged bytes.
DeliveryState state_from(std::string_view bytes);

// The states of deliveries, for one transaction. One thread.
class DeliveryStates {
 public:
  explicit DeliveryStates(Database& db) : cells_(db, "deliveries", "state") {}
  // Nothing when there is no such delivery.
  std::optional<DeliveryState> read(DeliveryId id);
  // Of the delivery that was read last.
  void write(const DeliveryState& state) { cells_.write(view_of(encode(state))); }

 private:
  Cells cells_;
};

// Keeps `undelivered`. Lives on the writer's thread.
class UndeliveredList {
 public:
  explicit UndeliveredList(Database& db);

  bool lists(DeliveryId id, DeliveryStatus status) const {
    if (status == DeliveryStatus::Pending) return id.value <= through_;
    return status != DeliveryStatus::Delivered;
  }
  void add(DeliveryId id, DeliveryStatus status);
  void remove(DeliveryId id, DeliveryStatus status);
  void change(DeliveryId id, DeliveryStatus from, DeliveryStatus to);
  // Lists some of those that are pending for long. Answers whether more is waiting.
  bool work(WallTime now);

 private:
  Database& db_;
  std::int64_t through_;
};

}  // namespace limehook::store::sqlite
