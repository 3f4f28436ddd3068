#include "store/sqlite/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/limits.hpp"
#include "store/sqlite/audit_log.hpp"
#include "store/sqlite/catalog.hpp"
#include "store/sqlite/checkpointer.hpp"
#include "store/sqlite/delivery_state.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/indexer.hpp"
#include "store/sqlite/log_mark.hpp"
#include "store/sqlite/pruner.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sealed.hpp"
#include "store/sqlite/stats.hpp"
#include "store/sqlite/writer.hpp"

namespace limehook::store {

using namespace sqlite;

namespace {

constexpr int kExpiredKeysPerSlice = 256;
constexpr std::size_t kMinutesPerSlice = 1000;
constexpr auto kExpiryDelay = std::chrono::hours(1);  // late is harmless, early would accept an event twice
constexpr std::int64_t kBackgroundBytes = 4 << 20;

CheckpointLimits checkpoint_limits(Database& db, const SqliteOptions& options) {
  const std::int64_t page = std::max<std::int64_t>(512, db.number("PRAGMA page_size"));
  return {std::min(kBackgroundBytes, options.log_bytes / 4) / page + 1, options.log_bytes / page + 1};
}

void configure(Database& db, const SqliteOptions& options) {
  db.script("PRAGMA page_size=" + std::to_string(options.page_bytes));
  db.script("PRAGMA journal_mode=WAL");
  db.script("PRAGMA synchronous=FULL; PRAGMA cache_spill=OFF; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY");
  db.script("PRAGMA cache_size=-" + std::to_string(options.cache_bytes / 1024));
  db.script("PRAGMA journal_size_limit=" + std::to_string(options.log_bytes * 2));
  if (options.file_bytes_max > 0) {
    db.script("PRAGMA max_page_count=" + std::to_string(options.file_bytes_max / db.number("PRAGMA page_size")));
  }
}

// What is read of the log may not be on the disk: after a sync that failed, the kernel takes what it has given up for
// written (fsync(2)). Only what is written anew is in the next sync.
int write_again(sqlite3_file* log) {
  constexpr sqlite3_int64 kPartBytes = 64 * 1024;  // SQLite's Unix files take less than 128 KiB at a time
  std::vector<unsigned char> part(kPartBytes);
  sqlite3_int64 size = 0;
  int code = log->pMethods->xFileSize(log, &size);
  for (sqlite3_int64 at = 0; at < size && code == SQLITE_OK; at += kPartBytes) {
    const int bytes = static_cast<int>(std::min(kPartBytes, size - at));
    code = log->pMethods->xRead(log, part.data(), bytes, at);
    if (code == SQLITE_OK) code = log->pMethods->xWrite(log, part.data(), bytes, at);
  }
  return code == SQLITE_OK && size > 0 ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : code;
}

// A log that is found may have frames that were never synced, even some before others that were: after a sync that
// failed. They are read now, but a power loss would end the log there, and what is left of it would undo what had gone
// into the file. So it is first made sure on the disk; then all of it goes into the file before anything is built on
// it, and the log starts over.
void settle_log(Database& db, const LogMark& mark) {
  mark.write_moved();                      // what it knew of has been found
  constexpr int kWaitForReadersMs = 1000;  // of other processes, such as a backup
  sqlite3_busy_timeout(db.handle(), kWaitForReadersMs);
  sqlite3_file* const log = db.log_file();
  int code = log ? write_again(log) : SQLITE_OK;
  if (code == SQLITE_OK) {
    code = sqlite3_wal_checkpoint_v2(db.handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  }
  sqlite3_busy_timeout(db.handle(), kBusyTimeoutMs);
  const bool later = (code & 0xff) == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_IOERR_WRITE;
  if (code != SQLITE_OK && !later) throw SqliteError(code, std::string("SQLite: ") + sqlite3_errstr(code));
}

// Housekeeping may be lost in a crash and done again; only a torn file may not come of it. So its transactions wait
// for no sync: the next commit's covers them.
class WithoutSync {
 public:
  explicit WithoutSync(Database& db) : db_(db) { db_.script("PRAGMA synchronous=NORMAL"); }
  ~WithoutSync() { sqlite3_exec(db_.handle(), "PRAGMA synchronous=FULL", nullptr, nullptr, nullptr); }
  WithoutSync(const WithoutSync&) = delete;
  WithoutSync& operator=(const WithoutSync&) = delete;

 private:
  Database& db_;
};

// Of new events and deliveries.
std::int64_t lowest_id(const WriteBatch& batch) {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  for (const NewEvent& event : batch.events) {
    lowest = std::min(lowest, event.event.id.value);
    for (const Delivery& delivery : event.deliveries) lowest = std::min(lowest, delivery.id.value);
  }
  for (const Delivery& delivery : batch.deliveries) lowest = std::min(lowest, delivery.id.value);
  return lowest;
}

}  // namespace

struct SqliteStore::Parts {
  struct Locks {
    FileDescriptor directory;
    FileDescriptor database;
  };
  Parts(Locks locks_, std::unique_ptr<Database> db_, vault::Vault vault_, LogMark mark, const std::string& file,
        const SqliteOptions& options)
      : locks(std::move(locks_)),
        db(std::move(db_)),
        vault(std::move(vault_)),
        readers(file),
        undelivered(*db),
        writer(*db, undelivered, vault),
        indexer(*db, options.index_segment_rows),
        pruner(*db, undelivered),
        checkpointer(*db, file, std::move(mark), checkpoint_limits(*db, options)),
        files({file, file + "-wal"}),
        rows_examined_max(options.rows_examined_max) {}

  template <class Work>
  auto keep_house(Work work);
  bool expire_keys(WallTime now);

  Locks locks;  // released last
  std::unique_ptr<Database> db;
  const vault::Vault vault;
  ReaderPool readers;
  UndeliveredList undelivered;
  Writer writer;
  Indexer indexer;
  Pruner pruner;
  Checkpointer checkpointer;
  FilesInPlace files;
  std::size_t rows_examined_max;
};

std::expected<std::unique_ptr<SqliteStore>, std::string> SqliteStore::open(const SqliteOptions& options) {
  auto lock = lock_directory(options.directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string file = options.directory / kDatabaseName;
  if (std::string missing = missing_commits(options.directory); !missing.empty()) return std::unexpected(missing);
  if (auto created = create_private_file(file); !created) return std::unexpected(created.error());
  auto database_lock = lock_database(file);
  if (!database_lock) return std::unexpected(database_lock.error());
  try {
    auto db = std::make_unique<Database>(file, OpenMode::Existing);
    // Before anything is written to it.
    if (std::string problem = version_problem(*db, migrations().back().number); !problem.empty()) {
      return std::unexpected(file + ": " + problem);
    }
    const auto old_mark = LogMark::open_existing(options.directory);
    if (!old_mark) return std::unexpected(old_mark.error());
    configure(*db, options);
    settle_log(*db, *old_mark);
    if (auto migrated = migrate(*db, migrations()); !migrated) return std::unexpected(file + ": " + migrated.error());
    auto vault = open_vault(*db, options.directory, options.keys);
    if (!vault) return std::unexpected(vault.error());
    auto mark = LogMark::open(options.directory);
    if (!mark) return std::unexpected(mark.error());
    auto parts = std::make_unique<Parts>(Parts::Locks{std::move(*lock), std::move(*database_lock)}, std::move(db),
                                         std::move(*vault), std::move(*mark), file, options);
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
  } catch (const SqliteError& error) {
    return std::unexpected("cannot open the store " + file + ": " + error.what());
  }
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() = default;

CommitResult SqliteStore::commit(const WriteBatch& batch) {
  if (parts_->checkpointer.sync_failed()) {
    return {CommitStatus::Unknown, "a file could not be synced: the store must be opened anew", {}};
  }
  if (lowest_id(batch) <= parts_->indexer.sealed_through()) {
    return {CommitStatus::Failed, "an event or delivery has an id below those stored long before it", {}};
  }
  if (const std::string missing = parts_->files.missing(); !missing.empty()) {
    return {CommitStatus::Failed, missing + " was moved or deleted: what is written now would be lost", {}};
  }
  parts_->checkpointer.bound_log();
  try {
    parts_->indexer.prepare(batch);
  } catch (const SqliteError& error) {
    return {CommitStatus::Failed, error.what(), {}};
  }
  CommitResult result = parts_->writer.commit(batch);
  if (result.status != CommitStatus::Committed) return result;
  parts_->checkpointer.mark_commit();
  parts_->indexer.committed(batch, result.duplicates);
  for (const DeliveryUpdate& update : batch.updates) {
    if (!is_open(update.status)) parts_->pruner.closed(update.id);
  }
  return result;
}

// Throws what the port does.
template <class Work>
auto SqliteStore::Parts::keep_house(Work work) {
  try {
    const WithoutSync without_sync(*db);
    return work();
  } catch (const SqliteError& error) {
    checkpointer.note(error.code);
    throw StoreError(error.what());
  }
}

PruneResult SqliteStore::prune(WallTime older_than, std::size_t rows_max) {
  return parts_->keep_house([&] { return parts_->pruner.prune(older_than, rows_max); });
}

PruneResult SqliteStore::prune_audit(WallTime older_than, std::size_t rows_max) {
  return parts_->keep_house([&] { return sqlite::prune_audit(*parts_->db, older_than, rows_max); });
}

bool SqliteStore::maintain(WallTime now) {
  parts_->checkpointer.finish_log();
  return parts_->keep_house([&] {
    const bool expiring = parts_->expire_keys(now);
    const bool leaving = sqlite::remove_minutes(*parts_->db, now - limits::kStatsMinutesKept, kMinutesPerSlice) != 0;
    const bool pending = parts_->undelivered.work(now);
    return parts_->indexer.work() || expiring || leaving || pending;
  });
}

bool SqliteStore::Parts::expire_keys(WallTime now) {
  const std::int64_t bound = first_id_at(now - limits::kIdempotencyWindow - kExpiryDelay);
  std::vector<std::pair<std::int64_t, std::string>> expired;
  for (Rows rows = db->query("SELECT event,key FROM idempotency_log WHERE event<? ORDER BY event LIMIT ?", bound,
                             kExpiredKeysPerSlice);
       rows.next();) {
    expired.emplace_back(rows->integer(0), rows->text(1));
  }
  if (expired.empty()) return false;
  Transaction transaction(*db, Transaction::Kind::Write);
  for (const auto& [event, key] : expired) {
    // A later event may have taken the key over.
    db->run("DELETE FROM idempotency WHERE key=? AND event=?", Blob{key}, event);
    db->run("DELETE FROM idempotency_log WHERE event=? AND key=?", event, Blob{key});
  }
  transaction.commit();
  return expired.size() == kExpiredKeysPerSlice;
}

Catalog SqliteStore::load_catalog() const {
  return parts_->readers.read([&](Database& db) { return sqlite::load_catalog(db, parts_->vault); });
}

std::vector<OpenDelivery> SqliteStore::list_open(DeliveryId after, std::size_t limit) const {
  return parts_->readers.read([&](Database& db) {
    std::array lists{db.query("SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                              " FROM undelivered u CROSS JOIN deliveries d ON d.id=u.delivery WHERE u.status=0 "
                              "AND u.delivery>? ORDER BY u.delivery",
                              after),
                     db.query("SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                              " FROM undelivered u CROSS JOIN deliveries d ON d.id=u.delivery WHERE u.status=1 "
                              "AND u.delivery>? ORDER BY u.delivery",
                              after),
                     db.query("SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                              " FROM deliveries d WHERE d.id>max(?,(SELECT through FROM pending_index)) AND "
                              "substr(d.state,1,1) IN (x'00',x'80') ORDER BY d.id",
                              after)};
    std::vector<Rows*> rest;
    for (Rows& list : lists) {
      if (list.next()) rest.push_back(&list);
    }
    std::vector<OpenDelivery> open;
    while (!rest.empty() && open.size() < limit) {
      const auto first = std::ranges::min_element(rest, {}, [](Rows* list) { return (*list)->integer(0); });
      open.push_back(read_open_delivery(***first));
      if (!(*first)->next()) rest.erase(first);
    }
    return open;
  });
}

std::vector<Body> SqliteStore::load_bodies(std::span<const DeliveryId> ids) const {
  return parts_->readers.read([&](Database& db) {
    std::vector<Body> bodies;
    bodies.reserve(ids.size());
    for (const DeliveryId id : ids) {
      Rows rows = db.query(
          "SELECT coalesce(d.body,e.payload) FROM deliveries d CROSS JOIN events e ON e.id=d.event "
          "WHERE d.id=?",
          id);
      if (rows.next()) bodies.push_back({id, rows->text(0)});
    }
    return bodies;
  });
}

Page<DeliveryRow> SqliteStore::list_deliveries(const DeliveryQuery& query) const {
  auto tail = find_in_tail(parts_->indexer.tail(), query);
  return parts_->readers.read(
      [&](Database& db) { return sqlite::list_deliveries(db, query, std::move(tail), parts_->rows_examined_max); });
}

std::optional<DeliveryDetail> SqliteStore::get_delivery(DeliveryId id) const {
  return parts_->readers.read([&](Database& db) { return sqlite::get_delivery(db, id); });
}

Page<Event> SqliteStore::list_events(const EventQuery& query) const {
  auto tail = find_in_tail(parts_->indexer.tail(), query);
  return parts_->readers.read(
      [&](Database& db) { return sqlite::list_events(db, query, std::move(tail), parts_->rows_examined_max); });
}

EventsAfter SqliteStore::list_events_after(const EventsAfterQuery& query) const {
  return parts_->readers.read(
      [&](Database& db) { return sqlite::list_events_after(db, query, parts_->rows_examined_max); });
}

std::optional<EventDetail> SqliteStore::get_event(EventId id) const {
  return parts_->readers.read([&](Database& db) { return sqlite::get_event(db, id); });
}

RecoveryStep SqliteStore::next_recovery_step(const Recovery& recovery, std::size_t limit) const {
  return parts_->readers.read([&](Database& db) { return sqlite::next_recovery_step(db, recovery, limit); });
}

std::optional<Recovery> SqliteStore::get_recovery(RecoveryId id) const {
  return parts_->readers.read([&](Database& db) {
    Rows rows = db.query("SELECT " LIMEHOOK_RECOVERY_COLUMNS " FROM recoveries WHERE id=?", id);
    return rows.next() ? std::optional(read_recovery(*rows)) : std::nullopt;
  });
}

Page<Recovery> SqliteStore::list_recoveries(WebhookId webhook, std::int64_t before, std::size_t limit) const {
  return parts_->readers.read([&](Database& db) {
    Page<Recovery> page;
    for (Rows rows = db.query("SELECT " LIMEHOOK_RECOVERY_COLUMNS
                              " FROM recoveries WHERE webhook=?1 AND (?2=0 OR id<?2) ORDER BY id DESC LIMIT ?3",
                              webhook, before, limit + 1);
         rows.next();) {
      if (page.rows.size() == limit) page.next = page.rows.back().id.value;
      else page.rows.push_back(read_recovery(*rows));
    }
    return page;
  });
}

StatsSeries SqliteStore::list_stats(std::span<const WebhookId> webhooks, Duration width, WallTime since,
                                    WallTime until) const {
  return parts_->readers.read([&](Database& db) { return sqlite::list_stats(db, webhooks, width, since, until); });
}

Page<AuditEntry> SqliteStore::list_audit(const AuditQuery& query) const {
  return parts_->readers.read([&](Database& db) { return sqlite::list_audit(db, query, parts_->rows_examined_max); });
}

SizeInfo SqliteStore::size() const {
  return parts_->readers.read([](Database& db) {
    const std::int64_t page = db.number("PRAGMA page_size");
    const std::int64_t pages = db.number("PRAGMA page_count");
    const std::int64_t free_pages = db.number("PRAGMA freelist_count");
    return SizeInfo{static_cast<std::uint64_t>((pages - free_pages) * page), static_cast<std::uint64_t>(pages * page)};
  });
}

std::int64_t SqliteStore::checkpointer_cpu_us() const { return parts_->checkpointer.cpu_us(); }

}  // namespace limehook::store
