#include "store/sqlite/delivery_state.hpp"

#include <limits>
#include <vector>

namespace limehook::store::sqlite {
namespace {

constexpr auto kListedAfter = std::chrono::seconds(2);
constexpr int kSliceRows = 4096;
// The first byte: the status, why it is over, and whether it goes to the fallback URL.
constexpr std::int64_t kStatusBits = 0x07;
constexpr int kReasonShift = 3;
constexpr std::int64_t kReasonBits = 0x0F;
constexpr std::int64_t kFallbackBit = 0x80;
static_assert(kDeliveryStatuses.size() - 1 <= kStatusBits && kEndReasonCount - 1 <= kReasonBits);
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

// Low byte first.
template <std::size_t Bytes>
char* put(char* to, std::int64_t value) {
  for (std::size_t i = 0; i < Bytes; ++i) to[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return to + Bytes;
}

template <std::size_t Bytes>
std::int64_t take(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(Bytes);
  return static_cast<std::int64_t>(value);
}

bool may_have_reason(DeliveryStatus status) {
  return status == DeliveryStatus::Failed || status == DeliveryStatus::Canceled;
}

}  // namespace

StateBytes encode(const DeliveryState& s) {
  StateBytes bytes;
  const auto reason = may_have_reason(s.status) ? s.reason : EndReason::None;
  char* to =
      put<1>(bytes.data(), static_cast<std::int64_t>(s.status) | static_cast<std::int64_t>(reason) << kReasonShift |
                               (s.fallback ? kFallbackBit : 0));
  to = put<1>(to, static_cast<std::int64_t>(s.last_outcome));
  to = put<2>(to, s.http_status);
  to = put<4>(to, s.attempts);
  to = put<4>(to, s.round_start);
  to = put<8>(to, s.next_attempt_at ? to_us(*s.next_attempt_at) : kNever);
  to = put<8>(to, to_us(s.updated_at));
  put<8>(to, s.last_attempt);
  return bytes;
}

std::optional<DeliveryState> decode_state(std::string_view bytes) {
  if (bytes.size() != std::tuple_size_v<StateBytes>) return std::nullopt;
  const auto first = take<1>(bytes);
  const auto status = static_cast<std::size_t>(first & kStatusBits);
  const auto reason = static_cast<std::size_t>(first >> kReasonShift & kReasonBits);
  const auto outcome = static_cast<std::size_t>(take<1>(bytes));
  if (status >= kDeliveryStatuses.size() || reason >= kEndReasonCount || outcome >= kAttemptOutcomeCount) {
    return std::nullopt;
  }
  DeliveryState s;
  s.status = static_cast<DeliveryStatus>(status);
  if (reason != 0 && !may_have_reason(s.status)) return std::nullopt;
  s.reason = static_cast<EndReason>(reason);
  s.fallback = (first & kFallbackBit) != 0;
  s.last_outcome = static_cast<AttemptOutcome>(outcome);
  s.http_status = static_cast<int>(take<2>(bytes));
  s.attempts = static_cast<int>(take<4>(bytes));
  s.round_start = static_cast<int>(take<4>(bytes));
  if (const auto next = take<8>(bytes); next != kNever) s.next_attempt_at = from_us(next);
  s.updated_at = from_us(take<8>(bytes));
  s.last_attempt = take<8>(bytes);
  return s;
}

DeliveryState state_from(std::string_view bytes) {
  if (auto state = decode_state(bytes)) return *state;
  throw SqliteError(SQLITE_CORRUPT, "the state of a delivery is damaged");
}

std::optional<DeliveryState> DeliveryStates::read(DeliveryId id) {
  StateBytes bytes;
  if (!cells_.seek(id.value)) return std::nullopt;
  cells_.read(bytes);
  return state_from(view_of(bytes));
}

UndeliveredList::UndeliveredList(Database& db) : db_(db), through_(db.number("SELECT through FROM pending_index")) {}

void UndeliveredList::add(DeliveryId id, DeliveryStatus status) {
  if (lists(id, status)) db_.run("INSERT INTO undelivered(status,delivery) VALUES(?,?)", status, id);
}

void UndeliveredList::remove(DeliveryId id, DeliveryStatus status) {
  if (lists(id, status)) db_.run("DELETE FROM undelivered WHERE status=? AND delivery=?", status, id);
}

void UndeliveredList::change(DeliveryId id, DeliveryStatus from, DeliveryStatus to) {
  if (from == to) return;
  remove(id, from);
  add(id, to);
}

bool UndeliveredList::work(WallTime now) {
  std::vector<DeliveryId> pending;
  std::int64_t through = through_;
  int rows = 0;
  for (Rows found = db_.query("SELECT id,state FROM deliveries WHERE id>? AND id<? ORDER BY id LIMIT ?", through_,
                              first_id_at(now - kListedAfter), kSliceRows);
       found.next(); ++rows) {
    through = found->integer(0);
    if (state_from(found->bytes(1)).status == DeliveryStatus::Pending) pending.push_back(DeliveryId{through});
  }
  if (rows == 0) return false;
  Transaction transaction(db_, Transaction::Kind::Write);
  for (const DeliveryId id : pending) {
    db_.run("INSERT INTO undelivered(status,delivery) VALUES(?,?)", DeliveryStatus::Pending, id);
  }
  db_.run("UPDATE pending_index SET through=?", through);
  transaction.commit();
  through_ = through;
  return rows == kSliceRows;
}

}  // namespace limehook::store::sqlite
