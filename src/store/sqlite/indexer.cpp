#include "store/sqlite/indexer.hpp"

#include <algorithm>

#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kSliceRows = 2048;

}  // namespace

Indexer::Indexer(Database& db, std::size_t segment_rows)
    : db_(db), segment_rows_(segment_rows), indexed_through_(sqlite::indexed_through(db)) {
  count_unindexed_rows();
}

// Finds where segments would have ended if this process had done all the commits.
void Indexer::count_unindexed_rows() {
  Rows rows = db_.query(
      "SELECT id FROM (SELECT id FROM events WHERE id>?1 UNION ALL SELECT id FROM deliveries WHERE id>?1) ORDER BY id",
      indexed_through_);
  while (rows.next()) committed(1, rows->integer(0));
}

void Indexer::committed(std::size_t rows, std::int64_t last_id) {
  rows_since_mark_ += rows;
  if (rows_since_mark_ < segment_rows_) return;
  rows_since_mark_ = 0;
  marks_.push_back(last_id);
}

bool Indexer::work() {
  if (stage_ == Stage::Idle) {
    if (marks_.empty()) return false;
    begin_segment();
  }
  switch (stage_) {
    case Stage::Idle:
      break;
    case Stage::Events:
      read_events();
      break;
    case Stage::Deliveries:
      read_deliveries();
      break;
    case Stage::Writing:
      write_next_kind();
      break;
  }
  return stage_ != Stage::Idle || !marks_.empty();
}

void Indexer::begin_segment() {
  segment_ = {};
  segment_.number = db_.number("SELECT max(number) FROM log_segments") + 1;
  segment_.first_id = indexed_through_ + 1;
  segment_.last_id = marks_.front();
  events_.clear();
  terms_.clear();
  for (auto& list : entries_) list.clear();
  position_ = indexed_through_;
  next_kind_ = 0;
  stage_ = Stage::Events;
}

Indexer::EventKeys Indexer::keys_from(const Statement& row, int column) {
  const std::string_view terms = row.bytes(column + 1);
  const EventKeys keys{row.integer(0), hash_text(row.bytes(column)), static_cast<std::uint32_t>(terms_.size()),
                       static_cast<std::uint32_t>(term_count(terms))};
  for (std::size_t i = 0; i < term_count(terms); ++i) terms_.push_back(term_key(term_at(terms, i)));
  return keys;
}

void Indexer::read_events() {
  int count = 0;
  Rows rows = db_.query("SELECT id,team,terms,type FROM events WHERE id>? AND id<=? ORDER BY id LIMIT ?", position_,
                        segment_.last_id, kSliceRows);
  std::int64_t last = position_;
  for (; rows.next(); ++count) {
    const EventKeys keys = keys_from(*rows, 1);
    last = keys.id;
    segment_.event_types |= 1U << rows->small(3);
    entries(LogKind::EventTeam).push_back({keys.team, keys.id});
    for (std::uint32_t i = 0; i < keys.term_count; ++i) {
      entries(LogKind::EventTerm).push_back({terms_[keys.first_term + i], keys.id});
    }
    events_.push_back(keys);
  }
  position_ = last;
  if (count == kSliceRows) return;
  position_ = indexed_through_;
  stage_ = Stage::Deliveries;
}

Indexer::EventKeys Indexer::keys_of_event(std::int64_t event) {
  const auto found = std::ranges::lower_bound(events_, event, {}, &EventKeys::id);
  if (found != events_.end() && found->id == event) return *found;
  Rows rows = db_.query("SELECT id,team,terms FROM events WHERE id=?", event);
  return rows.next() ? keys_from(*rows, 1) : EventKeys{};
}

void Indexer::read_deliveries() {
  int count = 0;
  Rows rows = db_.query("SELECT id,event,webhook,type FROM deliveries WHERE id>? AND id<=? ORDER BY id LIMIT ?",
                        position_, segment_.last_id, kSliceRows);
  std::int64_t last = position_;
  for (; rows.next(); ++count) {
    last = rows->integer(0);
    segment_.delivery_types |= 1U << rows->small(3);
    entries(LogKind::DeliveryWebhook).push_back({hash_number(rows->integer(2)), last});
    const EventKeys keys = keys_of_event(rows->integer(1));
    entries(LogKind::DeliveryTeam).push_back({keys.team, last});
    for (std::uint32_t i = 0; i < keys.term_count; ++i) {
      entries(LogKind::DeliveryTerm).push_back({terms_[keys.first_term + i], last});
    }
  }
  position_ = last;
  if (count == kSliceRows) return;
  stage_ = Stage::Writing;
  std::size_t most = 0;
  for (const auto& list : entries_) most = std::max(most, list.size());
  segment_.bucket_bits = bucket_bits_for(most);
}

// A segment that a crash left half written has no row in log_segments and is written again under the same number.
void Indexer::write_next_kind() {
  Transaction transaction(db_, Transaction::Kind::Write);
  if (next_kind_ == 0) drop_segment(db_, segment_.number);
  const auto kind = static_cast<LogKind>(next_kind_);
  write_entries(db_, segment_, kind, entries(kind));
  const bool last = next_kind_ + 1 == kLogKindCount;
  if (last) {
    db_.run(
        "INSERT INTO log_segments(number,first_id,last_id,bucket_bits,event_types,delivery_types) "
        "VALUES(?,?,?,?,?,?)",
        segment_.number, segment_.first_id, segment_.last_id, segment_.bucket_bits, segment_.event_types,
        segment_.delivery_types);
  }
  transaction.commit();
  ++next_kind_;
  if (!last) return;
  indexed_through_ = segment_.last_id;
  marks_.pop_front();
  stage_ = Stage::Idle;
}

}  // namespace limehook::store::sqlite
