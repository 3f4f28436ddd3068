#include "store/sqlite/segment_rows.hpp"

#include <algorithm>

#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kSliceRows = 2048;

}  // namespace

void SegmentRows::begin(std::int64_t first_id, std::int64_t last_id) {
  first_id_ = first_id;
  last_id_ = last_id;
  position_ = first_id - 1;
  events_done_ = false;
  events_.clear();
  terms_.clear();
  for (auto& list : entries_) list.clear();
  event_types_ = delivery_types_ = 0;
}

bool SegmentRows::read() {
  if (events_done_) return read_deliveries();
  if (!read_events()) {
    position_ = first_id_ - 1;
    events_done_ = true;
  }
  return true;
}

std::size_t SegmentRows::entries_max() const {
  std::size_t most = 0;
  for (const auto& list : entries_) most = std::max(most, list.size());
  return most;
}

SegmentRows::EventKeys SegmentRows::keys_from(const Statement& row, int column) {
  const std::string_view terms = row.bytes(column + 1);
  const EventKeys keys{row.integer(0), hash_text(row.bytes(column)), static_cast<std::uint32_t>(terms_.size()),
                       static_cast<std::uint32_t>(term_count(terms))};
  for (std::size_t i = 0; i < term_count(terms); ++i) terms_.push_back(term_key(term_at(terms, i)));
  return keys;
}

bool SegmentRows::read_events() {
  int count = 0;
  Rows rows = db_.query("SELECT id,team,terms,type FROM events WHERE id>? AND id<=? ORDER BY id LIMIT ?", position_,
                        last_id_, kSliceRows);
  for (; rows.next(); ++count) {
    const EventKeys keys = keys_from(*rows, 1);
    position_ = keys.id;
    event_types_ |= 1U << rows->small(3);
    entries(LogKind::EventTeam).push_back({keys.team, keys.id});
    for (std::uint32_t i = 0; i < keys.term_count; ++i) {
      entries(LogKind::EventTerm).push_back({terms_[keys.first_term + i], keys.id});
    }
    events_.push_back(keys);
  }
  return count == kSliceRows;
}

SegmentRows::EventKeys SegmentRows::keys_of_event(std::int64_t event) {
  const auto found = std::ranges::lower_bound(events_, event, {}, &EventKeys::id);
  if (found != events_.end() && found->id == event) return *found;
  Rows rows = db_.query("SELECT id,team,terms FROM events WHERE id=?", event);
  return rows.next() ? keys_from(*rows, 1) : EventKeys{};
}

bool SegmentRows::read_deliveries() {
  int count = 0;
  Rows rows = db_.query("SELECT id,event,webhook,type FROM deliveries WHERE id>? AND id<=? ORDER BY id LIMIT ?",
                        position_, last_id_, kSliceRows);
  for (; rows.next(); ++count) {
    position_ = rows->integer(0);
    delivery_types_ |= 1U << rows->small(3);
    entries(LogKind::DeliveryWebhook).push_back({hash_number(rows->integer(2)), position_});
    const EventKeys keys = keys_of_event(rows->integer(1));
    entries(LogKind::DeliveryTeam).push_back({keys.team, position_});
    for (std::uint32_t i = 0; i < keys.term_count; ++i) {
      entries(LogKind::DeliveryTerm).push_back({terms_[keys.first_term + i], position_});
    }
  }
  return count == kSliceRows;
}

}  // namespace limehook::store::sqlite
