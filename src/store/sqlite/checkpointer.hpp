#pragma once
// Moves what has been committed from the write-ahead log into the database file. The log can start over only when it
// has been moved whole, and under steady load there is always something new at its end; but a commit must not wait
// until megabytes are moved and synced. So a thread of its own moves and syncs most of it while commits go on, and
// the writer then moves the short rest between two commits.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>

#include "store/sqlite/database.hpp"
#include "store/sqlite/log_mark.hpp"

namespace limehook::store::sqlite {

struct CheckpointLimits {
  std::int64_t background_frames;  // the thread starts when so many frames have not been moved
  std::int64_t log_frames;         // the log shall start over when it holds so many
};

class Checkpointer {
 public:
  // Watches the log through `writer`, which must outlive this.
  Checkpointer(Database& writer, const std::string& file, LogMark mark, CheckpointLimits limits);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // On the writer's thread, outside transactions: moves the rest if it is short and the log is long.
  void finish_log();
  // Like finish_log, for when nobody called that: only if the log is several times too long.
  void bound_log();
  // The commit that has just ended on this thread is durable: keeps the mark.
  void mark_commit();

  // Somebody's work on the store has ended with this result.
  void note(int code);
  // What could not be synced may be lost though it is read back (fsync(2)), and only the log still has it: the log must
  // stay as it is. From then on nothing is moved, also not when the store is closed; a store that is opened anew moves
  // the log from its beginning. Any thread.
  bool sync_failed() const { return sync_failed_.load(); }

  // CPU time the thread has used.
  std::int64_t cpu_us() const { return cpu_us_.load(std::memory_order_relaxed); }

 private:
  void grew(std::int64_t frames);
  void loop();
  void move_rest();
  int sync_database();
  std::int64_t waiting() const { return frames_ - moved_; }
  bool rest_may_be_moved() const;

  Database& writer_;
  Database database_;  // the thread's
  LogMark mark_;
  CheckpointLimits limits_;
  std::mutex moving_;  // held from moving to syncing: the log may not start over before a failure to sync is known
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::int64_t frames_ = 0;        // in the log
  std::int64_t moved_ = 0;         // of these, from the log's beginning
  std::int64_t generation_ = 0;    // counts how often the log started over
  std::int64_t retry_frames_ = 0;  // a reader stood in the way: no use before the log has this length
  std::atomic<bool> sync_failed_ = false;
  std::atomic<std::int64_t> cpu_us_ = 0;
  std::thread thread_;
};

}  // namespace limehook::store::sqlite
