#pragma once
// The one thread that writes to the store: commits batches as they come, and between them keeps house in short
// slices (indexing the log, retention), so that no commit waits long for housekeeping.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/settled_clock.hpp"
#include "store/store.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::runtime {

struct Retention {
  Duration age{};           // 0: for ever
  std::uint64_t bytes = 0;  // 0: no limit
  Duration audit_age{};     // of the audit log; 0: for ever
};

class StoreWriter {
 public:
  // `done` gets each batch back with its result, on the writer's thread.
  using Done = std::function<void(store::WriteBatch, store::CommitResult)>;
  StoreWriter(store::Store& store, Retention retention, telemetry::Metrics& metrics, Done done);
  ~StoreWriter();  // stop()

  // At most one batch may be on its way. Any thread.
  void commit(store::WriteBatch batch);
  // Finishes the batch that is on its way, then ends the thread.
  void stop();

 private:
  void run();
  void commit_now(store::WriteBatch batch);
  // By which things get old. Tells of a clock that was set.
  WallTime house_time(Now now);
  // One slice of housekeeping; answers whether more is waiting.
  bool keep_house();
  bool prune(WallTime now);

  store::Store& store_;
  const Retention retention_;
  telemetry::Metrics& metrics_;
  const Done done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<store::WriteBatch> waiting_;
  bool stopping_ = false;
  MonotonicTime next_house_{};  // the writer's thread only, as all below
  MonotonicTime next_prune_{};
  SettledClock house_clock_;
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace limehook::runtime
