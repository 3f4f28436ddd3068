#include "store/sqlite/segment_rows.hpp"

#include <algorithm>

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
  entries_.clear();
}

bool SegmentRows::read() {
  if (events_done_) return read_deliveries();
  if (!read_events()) {
    position_ = first_id_ - 1;
    events_done_ = true;
  }
  return true;
}

bool SegmentRows::read_events() {
  int count = 0;
  Rows rows = db_.query("SELECT id,type,team,terms FROM events WHERE id>? AND id<=? ORDER BY id LIMIT ?", position_,
                        last_id_, kSliceRows);
  for (; rows.next(); ++count) {
    events_.push_back(read_event_keys(*rows));
    entries_.add_event(events_.back());
    position_ = events_.back().id;
  }
  return count == kSliceRows;
}

const EventKeys& SegmentRows::keys_of_event(std::int64_t event) {
  const auto found = std::ranges::lower_bound(events_, event, {}, &EventKeys::id);
  if (found != events_.end() && found->id == event) return *found;
  Rows rows = db_.query("SELECT id,type,team,terms FROM events WHERE id=?", event);
  older_event_ = rows.next() ? read_event_keys(*rows) : EventKeys{};
  return older_event_;
}

bool SegmentRows::read_deliveries() {
  int count = 0;
  Rows rows = db_.query("SELECT id,event,webhook FROM deliveries WHERE id>? AND id<=? ORDER BY id LIMIT ?", position_,
                        last_id_, kSliceRows);
  for (; rows.next(); ++count) {
    position_ = rows->integer(0);
    entries_.add_delivery(position_, WebhookId{rows->integer(2)}, keys_of_event(rows->integer(1)));
  }
  return count == kSliceRows;
}

}  // namespace limehook::store::sqlite
