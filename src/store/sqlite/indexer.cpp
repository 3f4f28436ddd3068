#include "store/sqlite/indexer.hpp"

#include <algorithm>

#include "store/sqlite/segment_rows.hpp"
#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

void set_keys(EventKeys& keys, const NewEvent& event) {
  keys.id = event.event.id.value;
  keys.type = static_cast<int>(event.event.type);
  keys.team = hash_text(event.event.team_id);
  keys.terms.clear();
  for (const std::string& term : event.terms) keys.terms.push_back(term_key(term_code(term)));
}

}  // namespace

Indexer::Indexer(Database& db, std::size_t segment_rows)
    : db_(db), segment_rows_(segment_rows), tail_(indexed_through(db), segment_rows) {
  load_tail();
}

// In parts as they would be if this process had done all the commits.
void Indexer::load_tail() {
  for (std::int64_t done = tail_.sealed_through();;) {
    const std::int64_t last = db_.number(
        "SELECT max(id) FROM (SELECT id FROM events WHERE id>?1 UNION ALL SELECT id FROM deliveries WHERE id>?1 "
        "ORDER BY id LIMIT ?2)",
        done, segment_rows_);
    if (last == 0) return;
    tail_.append(entries_of_rows(db_, done + 1, last));
    done = last;
  }
}

void Indexer::prepare(const WriteBatch& batch) {
  redelivered_.clear();
  for (const Delivery& delivery : batch.deliveries) redelivered_.push_back(keys_of(batch, delivery.event));
}

std::optional<EventKeys> Indexer::keys_of(const WriteBatch& batch, EventId event) {
  if (auto stored = keys_of_event(db_, event)) return stored;
  const auto found = std::ranges::find(batch.events, event, [](const NewEvent& added) { return added.event.id; });
  if (found == batch.events.end()) return std::nullopt;
  EventKeys keys;
  set_keys(keys, *found);
  return keys;
}

void Indexer::committed(const WriteBatch& batch, std::span<const DuplicateEvent> duplicates) {
  added_.clear();
  EventKeys keys;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (!duplicates.empty() && duplicates.front().index == i) {
      duplicates = duplicates.subspan(1);
      continue;
    }
    set_keys(keys, batch.events[i]);
    added_.add_event(keys);
    for (const Delivery& delivery : batch.events[i].deliveries) {
      added_.add_delivery(delivery.id.value, delivery.webhook, keys);
    }
  }
  for (std::size_t i = 0; i < batch.deliveries.size(); ++i) {
    if (!redelivered_[i]) continue;
    const Delivery& delivery = batch.deliveries[i];
    added_.add_delivery(delivery.id.value, delivery.webhook, *redelivered_[i]);
  }
  if (added_.rows > 0) tail_.append(added_);
}

// A segment that a crash left half written has no row in log_segments and is written again under the same number.
bool Indexer::work() {
  if (!tail_.has_full_part()) return false;
  Transaction transaction(db_, Transaction::Kind::Write);
  if (next_kind_ == 0) {
    segment_ = tail_.first_segment();
    segment_.number = db_.number("SELECT max(number) FROM log_segments") + 1;
    drop_segment(db_, segment_.number);
  }
  const auto kind = static_cast<LogKind>(next_kind_);
  write_entries(db_, segment_, kind, tail_.first_entries(kind));
  const bool last = next_kind_ + 1 == kLogKindCount;
  if (last) {
    db_.run(
        "INSERT INTO log_segments(number,first_id,last_id,bucket_bits,event_types,delivery_types) "
        "VALUES(?,?,?,?,?,?)",
        segment_.number, segment_.first_id, segment_.last_id, segment_.bucket_bits, segment_.event_types,
        segment_.delivery_types);
  }
  transaction.commit();
  next_kind_ = last ? 0 : next_kind_ + 1;
  if (last) tail_.drop_first();
  return tail_.has_full_part();
}

}  // namespace limehook::store::sqlite
