#include "store/sqlite/pruner.hpp"

#include <algorithm>
#include <utility>

#include "store/sqlite/log_index.hpp"
#include "store/sqlite/stats.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr auto kPassInterval = std::chrono::hours(1);
constexpr std::size_t kRevisitMax = 100'000;

}  // namespace

void Pruner::closed(DeliveryId delivery) {
  // What does not fit is found by the next pass.
  if (delivery.value <= deliveries_passed_ && revisit_.size() < kRevisitMax) revisit_.push_back(delivery);
}

PruneResult Pruner::prune(WallTime older_than, std::size_t rows_max) {
  rows_max_ = rows_max;
  removed_ = visited_ = 0;
  removed_attempts_.clear();
  start_pass(older_than);
  const std::int64_t bound = first_id_at(older_than);
  // What was visited counts only if it is committed; a failure starts over.
  const WallTime pass = std::exchange(pass_started_at_, WallTime::min());
  Transaction transaction(db_, Transaction::Kind::Write);
  prune_revisited(bound);
  const bool done =
      prune_events(bound) && prune_segments(bound) && prune_stats(older_than) && prune_minutes(older_than);
  remove_blocks();
  prune_webhooks(older_than);
  transaction.commit();
  pass_started_at_ = pass;
  return {removed_, done};
}

void Pruner::start_pass(WallTime older_than) {
  if (pass_started_at_ != WallTime::min() && older_than < pass_started_at_ + kPassInterval) return;
  pass_started_at_ = older_than;
  passed_ = deliveries_passed_ = segment_passed_ = stats_webhook_ = 0;
}

void Pruner::prune_revisited(std::int64_t bound) {
  while (!revisit_.empty() && has_room()) {
    const DeliveryId delivery = revisit_.back();
    revisit_.pop_back();
    ++visited_;
    std::optional<OldEvent> event;
    {
      Rows rows = db_.query(
          "SELECT e.id,e.first_delivery,e.last_delivery FROM deliveries d CROSS JOIN events e ON "
          "e.id=d.event WHERE d.id=?",
          delivery);
      if (rows.next()) event = OldEvent{EventId{rows->integer(0)}, rows->integer(1), rows->integer(2)};
    }
    if (event && event->id.value < bound) remove_if_closed(*event);
  }
}

bool Pruner::prune_events(std::int64_t bound) {
  while (has_room()) {
    std::optional<OldEvent> event;
    {
      Rows rows = db_.query(
          "SELECT id,first_delivery,last_delivery FROM events WHERE id>? AND id<? ORDER BY id LIMIT 1", passed_, bound);
      if (rows.next()) event = OldEvent{EventId{rows->integer(0)}, rows->integer(1), rows->integer(2)};
    }
    if (!event) return true;
    passed_ = event->id.value;
    deliveries_passed_ = std::max(deliveries_passed_, event->last_delivery);
    ++visited_;
    remove_if_closed(*event);
  }
  return false;
}

void Pruner::remove_if_closed(const OldEvent& event) {
  if (const auto deliveries = closed_deliveries(event)) remove(event, *deliveries);
}

std::optional<std::vector<Pruner::OldDelivery>> Pruner::closed_deliveries(const OldEvent& event) {
  std::vector<OldDelivery> out;
  const auto take = [&](Rows rows) {
    while (rows.next()) {
      const DeliveryState state = state_from(rows->bytes(1));
      if (is_open(state.status)) return false;
      out.push_back({DeliveryId{rows->integer(0)}, state.status, state.reason, state.last_attempt, state.attempts});
    }
    return true;
  };
  if (!take(db_.query("SELECT id,state FROM deliveries WHERE id>=? AND id<=? AND event=?", event.first_delivery,
                      event.last_delivery, event.id)) ||
      !take(db_.query("SELECT d.id,d.state FROM redeliveries r CROSS JOIN deliveries d ON "
                      "d.id=r.delivery WHERE r.event=?",
                      event.id))) {
    return std::nullopt;
  }
  return out;
}

void Pruner::remove(const OldEvent& event, const std::vector<OldDelivery>& deliveries) {
  for (const OldDelivery& delivery : deliveries) {
    remove_attempts(delivery);
    undelivered_.remove(delivery.id, delivery.status);
    db_.run("DELETE FROM deliveries WHERE id=?", delivery.id);
    if (delivery.reason == EndReason::Skipped) db_.run("DELETE FROM skips WHERE delivery=?", delivery.id);
  }
  db_.run("DELETE FROM redeliveries WHERE event=?", event.id);
  db_.run("DELETE FROM events WHERE id=?", event.id);
  removed_ += deliveries.size() + 1;
}

void Pruner::remove_attempts(const OldDelivery& delivery) {
  removed_ += static_cast<std::size_t>(delivery.attempts);
  AttemptRef attempt = delivery.last_attempt;
  if (delivery.attempts > 1) {
    for (AttemptReader reader(db_); const auto stored = reader.read(attempt); attempt = stored->previous) {
      ++removed_attempts_[block_of(attempt)];
    }
  } else if (attempt != 0) {
    ++removed_attempts_[block_of(attempt)];
  }
}

void Pruner::remove_blocks() {
  for (const auto& [block, count] : removed_attempts_) {
    const std::int64_t removed = count + db_.number("SELECT attempt_count FROM pruned_attempts WHERE block=?", block);
    if (removed < db_.number("SELECT attempt_count FROM attempt_blocks WHERE id=?", block)) {
      db_.run("INSERT OR REPLACE INTO pruned_attempts(block,attempt_count) VALUES(?,?)", block, removed);
    } else {
      db_.run("DELETE FROM attempt_blocks WHERE id=?", block);
      db_.run("DELETE FROM pruned_attempts WHERE block=?", block);
    }
  }
}

// Segments go whole, when the rows they name are gone.
bool Pruner::prune_segments(std::int64_t bound) {
  while (has_room()) {
    std::optional<LogSegment> segment;
    {
      Rows rows = db_.query(
          "SELECT number,first_id,last_id,bucket_bits,event_types,delivery_types FROM log_segments "
          "WHERE number>? AND last_id<? ORDER BY number LIMIT 1",
          segment_passed_, bound);
      if (rows.next()) segment = read_segment(*rows);
    }
    if (!segment) return true;
    segment_passed_ = segment->number;
    ++visited_;
    const bool in_use = db_.number(
                            "SELECT EXISTS(SELECT 1 FROM events WHERE id>=?1 AND id<=?2) OR "
                            "EXISTS(SELECT 1 FROM deliveries WHERE id>=?1 AND id<=?2)",
                            segment->first_id, segment->last_id) != 0;
    if (!in_use) removed_ += drop_segment(db_, segment->number);
  }
  return false;
}

// Few enough to go at once.
void Pruner::prune_webhooks(WallTime older_than) {
  const std::int64_t oldest_event = db_.number("SELECT min(id) FROM events");
  const WallTime bound = oldest_event == 0 ? older_than : std::min(older_than, id_time(oldest_event));
  db_.run("DELETE FROM webhook_versions WHERE webhook IN (SELECT id FROM webhooks WHERE deleted_at<?)", bound);
  removed_ += static_cast<std::size_t>(db_.changes());
  db_.run("DELETE FROM webhook_ends WHERE webhook IN (SELECT id FROM webhooks WHERE deleted_at<?)", bound);
  db_.run("DELETE FROM webhooks WHERE deleted_at<?", bound);
  removed_ += static_cast<std::size_t>(db_.changes());
}

bool Pruner::prune_stats(WallTime older_than) {
  while (stats_webhook_ >= 0) {
    if (!has_room()) return false;
    {
      Rows rows = db_.query("SELECT webhook FROM stats WHERE webhook>=? ORDER BY webhook LIMIT 1", stats_webhook_);
      if (!rows.next()) {
        stats_webhook_ = -1;
        break;
      }
      stats_webhook_ = rows->integer(0);
    }
    ++visited_;
    const std::size_t room = rows_max_ - std::min(rows_max_, removed_ + visited_) + 1;
    db_.run(
        "DELETE FROM stats WHERE webhook=?1 AND start IN "
        "(SELECT start FROM stats WHERE webhook=?1 AND start<?2 ORDER BY start LIMIT ?3)",
        WebhookId{stats_webhook_}, older_than, room);
    const auto count = static_cast<std::size_t>(db_.changes());
    removed_ += count;
    if (count < room) ++stats_webhook_;
  }
  return true;
}

bool Pruner::prune_minutes(WallTime older_than) {
  if (!has_room()) return false;
  const std::size_t room = rows_max_ - removed_ - visited_;
  const std::size_t count = remove_minutes(db_, older_than, room);
  removed_ += count;
  return count < room;
}

}  // namespace limehook::store::sqlite
