#include "store/sqlite/writer.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/limits.hpp"
#include "store/idempotency.hpp"
#include "store/sqlite/catalog.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

std::string header_names(const Webhook& webhook) {
  std::string out;
  for (const Header& header : webhook.headers) out += header.name + '\n';
  return out;
}

// Writes that the kernel refused before it did anything.
enum class Refusal : std::uint8_t { None, NoRoom, ReadOnly };

// Of the last write to the log that failed.
int log_error(Database& db) {
  int error = 0;
  if (sqlite3_file* const log = db.log_file()) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

// SQLite knows a full disk; a used-up quota and a limit of the file's size are I/O errors to it.
Refusal refusal_of(Database& db, const SqliteError& error) {
  if ((error.code & 0xff) == SQLITE_FULL) return Refusal::NoRoom;
  if (error.code != SQLITE_IOERR_WRITE) return Refusal::None;
  switch (log_error(db)) {
    case EDQUOT:
    case EFBIG:
      return Refusal::NoRoom;
    case EROFS:
      return Refusal::ReadOnly;
    default:
      return Refusal::None;
  }
}

}  // namespace

Writer::Writer(Database& db, UndeliveredList& undelivered, const vault::Vault& vault)
    : db_(db),
      undelivered_(undelivered),
      vault_(vault),
      next_block_(db.number("SELECT max(id) FROM attempt_blocks") + 1) {}

CommitResult Writer::commit(const WriteBatch& batch) {
  CommitResult result;
  if (unknown_) {
    result.status = CommitStatus::Unknown;
    result.error = "an earlier commit ended in doubt: the store must be opened anew";
    return result;
  }
  bool committing = false;
  try {
    Transaction transaction(db_, Transaction::Kind::Write);
    apply(batch, result);
    committing = true;
    transaction.commit();
    result.status = CommitStatus::Committed;
  } catch (const SqliteError& error) {
    // Writes that are refused for want of room stop before the log's last, deciding frame. Other errors at this point
    // may have come after that frame, and recovery of the log would then find it.
    const Refusal refusal = refusal_of(db_, error);
    unknown_ = committing && refusal == Refusal::None;
    result.status = refusal == Refusal::NoRoom ? CommitStatus::Full
                    : unknown_                 ? CommitStatus::Unknown
                                               : CommitStatus::Failed;
    result.error = error.what();
    if (error.code == SQLITE_IOERR_WRITE) result.error += ": " + std::generic_category().message(log_error(db_));
    result.duplicates.clear();
  }
  return result;
}

void Writer::apply(const WriteBatch& batch, CommitResult& result) {
  unlinked_attempts_.clear();
  block_.clear();
  block_count_ = 0;
  for (const Webhook& webhook : batch.webhooks) put_webhook(webhook);
  for (const WebhookHealth& health : batch.healths) put_health(health);
  for (const DeletedWebhook& deleted : batch.deleted_webhooks) delete_webhook(deleted);
  for (const WebhookEnd& end : batch.webhook_ends) put_end(end);
  for (const CatalogChange& change : batch.catalog) sqlite::apply(db_, vault_, change);
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (auto duplicate = claim_key(i, batch.events[i])) {
      result.duplicates.push_back(*duplicate);
    } else {
      insert_event(batch.events[i]);
    }
  }
  for (const Delivery& delivery : batch.deliveries) insert_redelivery(delivery);
  apply_attempts(batch);
  for (const Recovery& recovery : batch.recoveries) put_recovery(recovery);
}

void Writer::put_webhook(const Webhook& webhook) {
  const std::string config = webhook_config(webhook);
  const std::string secrets = webhook_secrets(webhook, vault_);
  db_.run(
      "INSERT INTO webhooks(id,version,created_at,updated_at,team,config,secrets) VALUES(?,?,?,?,?,?,?) "
      "ON CONFLICT(id) DO UPDATE SET version=excluded.version,created_at=excluded.created_at,"
      "updated_at=excluded.updated_at,team=excluded.team,config=excluded.config,secrets=excluded.secrets",
      webhook.id, webhook.version, webhook.created_at, webhook.updated_at, std::string_view(webhook.team_id),
      std::string_view(config), Blob{secrets});
  const std::string names = header_names(webhook);
  db_.run(
      "INSERT OR REPLACE INTO webhook_versions(webhook,version,url,fallback_url,signature_header,header_names) "
      "VALUES(?,?,?,?,?,?)",
      webhook.id, webhook.version, std::string_view(webhook.url), std::string_view(webhook.fallback_url),
      std::string_view(webhook.signature_header), std::string_view(names));
}

void Writer::put_health(const WebhookHealth& health) {
  if (health.is_well()) return db_.run("DELETE FROM webhook_health WHERE webhook=?", health.webhook);
  db_.run("INSERT OR REPLACE INTO webhook_health(" LIMEHOOK_HEALTH_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?)",
          health.webhook, health.failing_since, health.noticed, health.main.failures_in_a_row, health.main.opened_at,
          health.main.probe_at, health.main.pause.count(), health.fallback.failures_in_a_row, health.fallback.opened_at,
          health.fallback.probe_at, health.fallback.pause.count());
}

void Writer::put_end(const WebhookEnd& end) {
  db_.run("INSERT OR REPLACE INTO webhook_ends(webhook,at,actor_kind,actor,actor_name,because) VALUES(?,?,?,?,?,?)",
          end.webhook, end.at, end.by.kind, std::string_view(end.by.id), std::string_view(end.by.name),
          std::string_view(end.because));
}

void Writer::delete_webhook(const DeletedWebhook& deleted) {
  // The log needs to know that it was there; its secrets are nobody's business now.
  db_.run("UPDATE webhooks SET deleted_at=?,config='',secrets='' WHERE id=? AND deleted_at IS NULL", deleted.at,
          deleted.id);
  put_health({.webhook = deleted.id});
}

std::optional<DuplicateEvent> Writer::claim_key(std::size_t index, const NewEvent& event) {
  if (event.idempotency_key.empty()) return std::nullopt;
  const std::string key = stored_key(event.event.team_id, event.idempotency_key);
  const Blob key_blob{key};
  {
    Rows rows = db_.query("SELECT event,deliveries,created_at,fingerprint FROM idempotency WHERE key=?", key_blob);
    if (rows.next() && event.event.received_at < rows->time(2) + limits::kIdempotencyWindow) {
      return DuplicateEvent{index, EventId{rows->integer(0)}, rows->small(1),
                            is_other(rows->bytes(3), event.fingerprint)};
    }
  }
  db_.run("INSERT OR REPLACE INTO idempotency(key,event,deliveries,created_at,fingerprint) VALUES(?,?,?,?,?)", key_blob,
          event.event.id, event.told(), event.event.received_at, Blob{event.fingerprint});
  db_.run("INSERT INTO idempotency_log(event,key) VALUES(?,?)", event.event.id, key_blob);
  return std::nullopt;
}

void Writer::insert_event(const NewEvent& event) {
  scratch_.clear();
  append_terms(scratch_, event.terms);
  const auto& deliveries = event.deliveries;
  db_.run(
      "INSERT INTO events(id,type,test,received_at,first_delivery,last_delivery,delivery_count,team,terms,payload) "
      "VALUES(?,?,?,?,?,?,?,?,?,?)",
      event.event.id, event.event.type, event.event.test, event.event.received_at,
      deliveries.empty() ? DeliveryId{} : deliveries.front().id,
      deliveries.empty() ? DeliveryId{} : deliveries.back().id, deliveries.size(),
      std::string_view(event.event.team_id), Blob{scratch_}, std::string_view(event.event.payload));
  for (const Delivery& delivery : deliveries) insert_delivery(delivery, event.event.type);
}

void Writer::insert_delivery(const Delivery& d, EventType type) {
  const auto view = [](const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
  };
  const auto body = view(d.body);
  const auto note = view(d.note);
  const StateBytes state = encode({.status = d.status,
                                   .last_outcome = d.last_outcome,
                                   .http_status = d.http_status,
                                   .attempts = d.attempts,
                                   .round_start = d.round_start,
                                   .next_attempt_at = d.next_attempt_at,
                                   .fallback = d.fallback,
                                   .updated_at = d.updated_at});
  db_.run(
      "INSERT INTO deliveries(id,event,webhook,type,test,body_type,order_key,state,body,note) "
      "VALUES(?,?,?,?,?,?,?,?,?,?)",
      d.id, d.event, d.webhook, type, d.test, d.body_type, d.order_key, Blob{view_of(state)}, body, note);
  undelivered_.add(d.id, d.status);
}

void Writer::insert_redelivery(const Delivery& delivery) {
  std::optional<EventType> type;
  {
    Rows rows = db_.query("SELECT type FROM events WHERE id=?", delivery.event);
    if (rows.next()) type = static_cast<EventType>(rows->small(0));
  }
  // The event may have been pruned since the recovery read it.
  if (!type) return;
  insert_delivery(delivery, *type);
  db_.run("INSERT INTO redeliveries(event,delivery) VALUES(?,?)", delivery.event, delivery.id);
}

void Writer::apply_attempts(const WriteBatch& batch) {
  DeliveryStates states(db_);
  for (const NewAttempt& attempt : batch.attempts) insert_attempt(attempt, states);
  store_block();
  for (const DeliveryUpdate& update : batch.updates) update_delivery(update, states);
  link_attempts_without_update(states);
}

void Writer::insert_attempt(const NewAttempt& added, DeliveryStates& states) {
  AttemptRef previous = 0;
  if (added.attempt.number > 1) {
    if (const auto found = unlinked_attempts_.find(added.delivery); found != unlinked_attempts_.end()) {
      previous = found->second;
    } else if (const auto state = states.read(added.delivery)) {
      previous = state->last_attempt;
    }
  }
  if (block_.size() >= kAttemptBlockBytes) store_block();
  unlinked_attempts_[added.delivery] = attempt_ref(next_block_, block_.size());
  append_attempt(block_, added.delivery, previous, added.attempt);
  ++block_count_;
}

void Writer::store_block() {
  if (block_count_ == 0) return;
  db_.run("INSERT INTO attempt_blocks(id,attempt_count,attempts) VALUES(?,?,?)", next_block_, block_count_,
          Blob{block_});
  ++next_block_;
  block_.clear();
  block_count_ = 0;
}

void Writer::update_delivery(const DeliveryUpdate& u, DeliveryStates& states) {
  const auto old = states.read(u.id);
  if (!old) return;
  DeliveryState state{.status = u.status,
                      .last_outcome = u.last_outcome,
                      .http_status = u.http_status,
                      .attempts = u.attempts,
                      .round_start = u.round_start,
                      .next_attempt_at = u.next_attempt_at,
                      .fallback = u.fallback,
                      .reason = u.reason,
                      .updated_at = u.updated_at,
                      .last_attempt = old->last_attempt};
  if (const auto found = unlinked_attempts_.find(u.id); found != unlinked_attempts_.end()) {
    state.last_attempt = found->second;
    unlinked_attempts_.erase(found);
  }
  states.write(state);
  undelivered_.change(u.id, old->status, u.status);
  note_skip(u, old->reason);
}

void Writer::note_skip(const DeliveryUpdate& u, EndReason before) {
  if (u.reason == EndReason::Skipped && u.by) {
    db_.run("INSERT OR REPLACE INTO skips(delivery,actor_kind,actor,actor_name) VALUES(?,?,?,?)", u.id, u.by->kind,
            std::string_view(u.by->id), std::string_view(u.by->name));
  } else if (before == EndReason::Skipped) {
    db_.run("DELETE FROM skips WHERE delivery=?", u.id);
  }
}

void Writer::link_attempts_without_update(DeliveryStates& states) {
  for (const auto& [delivery, attempt] : unlinked_attempts_) {
    auto state = states.read(delivery);
    if (!state) continue;
    state->last_attempt = attempt;
    states.write(*state);
  }
}

void Writer::put_recovery(const Recovery& r) {
  db_.run("INSERT OR REPLACE INTO recoveries(" LIMEHOOK_RECOVERY_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
          r.id, r.webhook, r.kind, r.state, r.since, r.until, r.events.to_ulong(), std::string_view(r.term),
          r.http_status, r.outcome, r.position, r.examined, r.redelivered, r.created_at, r.updated_at, r.skipped);
}

}  // namespace limehook::store::sqlite
