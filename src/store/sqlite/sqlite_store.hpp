#pragma once
// The embedded store: one SQLite file in the data folder, one writing connection, a pool of reading ones.
// docs/data_model.md describes the tables. The folder belongs to one server at a time; `check` and `backup` may look
// at it from other processes.

#include <expected>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "store/store.hpp"
#include "vault/key_file.hpp"
#include "vault/vault.hpp"

namespace limehook::store {

struct SqliteOptions {
  std::filesystem::path directory;
  // Where the keys are that secrets are sealed with. Where it names none they are in the folder's own file
  // (vault::kKeyFileName), which is made with a new key when it is missing and nothing is sealed.
  vault::KeySource keys;
  int page_bytes = 16 * 1024;                                // of a new file
  std::size_t index_segment_rows = 128 * 1024;               // events and deliveries in one segment of the log index
  std::size_t rows_examined_max = limits::kRowsExaminedMax;  // for one page of a list
  std::int64_t log_bytes = 32 << 20;                         // the write-ahead log starts over at about this size
  std::int64_t cache_bytes = 24 << 20;                       // of the writing connection
  std::int64_t file_bytes_max = 0;                           // 0: as large as the disk allows
};

class SqliteStore final : public Store {
 public:
  // Makes the folder and the file if need be. The error is one sentence for the operator: the folder is in use, the
  // file is of a newer version, its secrets cannot be opened with these keys, the disk says no.
  static std::expected<std::unique_ptr<SqliteStore>, std::string> open(const SqliteOptions& options);
  ~SqliteStore() override;

  CommitResult commit(const WriteBatch& batch) override;
  PruneResult prune(WallTime older_than, std::size_t rows_max) override;
  PruneResult prune_audit(WallTime older_than, std::size_t rows_max) override;
  bool maintain(WallTime now) override;

  Catalog load_catalog() const override;
  std::vector<OpenDelivery> list_open(DeliveryId after, std::size_t limit) const override;
  std::vector<Body> load_bodies(std::span<const DeliveryId> ids) const override;
  Page<DeliveryRow> list_deliveries(const DeliveryQuery& query) const override;
  std::optional<DeliveryDetail> get_delivery(DeliveryId id) const override;
  Page<Event> list_events(const EventQuery& query) const override;
  EventsAfter list_events_after(const EventsAfterQuery& query) const override;
  std::optional<EventDetail> get_event(EventId id) const override;
  RecoveryStep next_recovery_step(const Recovery& recovery, std::size_t limit) const override;
  std::optional<Recovery> get_recovery(RecoveryId id) const override;
  Page<Recovery> list_recoveries(WebhookId webhook, std::int64_t before, std::size_t limit) const override;
  StatsSeries list_stats(std::span<const WebhookId> webhooks, Duration width, WallTime since,
                         WallTime until) const override;
  Page<AuditEntry> list_audit(const AuditQuery& query) const override;
  SizeInfo size() const override;

  // CPU time of the thread that moves the write-ahead log into the file.
  std::int64_t checkpointer_cpu_us() const;

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What is wrong with the store in `directory`; empty: nothing. Reads all of it, also while a server works with it.
// Whether secrets can be opened is told with a vault only (null: without).
std::vector<std::string> check_sqlite_store(const std::filesystem::path& directory,
                                            const vault::Vault* vault = nullptr);

// Copies the store in `directory`, as it is at one moment, to the new file `file`, also while a server works with it.
// The copy is a whole store: as limehook.db in an otherwise empty folder it can be opened, with the keys that the store
// has now; they are not in it. Never overwrites.
std::expected<void, std::string> backup_sqlite_store(const std::filesystem::path& directory,
                                                     const std::filesystem::path& file);

}  // namespace limehook::store
