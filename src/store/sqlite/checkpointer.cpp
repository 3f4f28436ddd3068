#include "store/sqlite/checkpointer.hpp"

#include <algorithm>
#include <chrono>

namespace limehook::store::sqlite {
namespace {

constexpr int kRestShare = 8;      // a rest below this share of the log is short, however long the log
constexpr int kBoundFactor = 4;    // of log_frames: from here on commits take care of the log
constexpr int kOverdueFactor = 8;  // of log_frames: from here on a rest is moved however long it is
constexpr auto kBlockedPause = std::chrono::milliseconds(50);

std::int64_t thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
}

struct Progress {
  int code;
  int frames;
  int moved;
};

Progress move_frames(Database& db) {
  Progress progress{};
  progress.code =
      sqlite3_wal_checkpoint_v2(db.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &progress.frames, &progress.moved);
  return progress;
}

}  // namespace

Checkpointer::Checkpointer(Database& writer, const std::string& file, CheckpointLimits limits)
    : writer_(writer), database_(file, OpenMode::Existing), limits_(limits) {
  database_.script("PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=FULL; PRAGMA cache_size=-256");
  // The first read attaches the connection to the log.
  database_.number("SELECT count(*) FROM sqlite_schema");
  sqlite3_wal_hook(
      writer.handle(),
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<Checkpointer*>(self)->grew(frames);
        return SQLITE_OK;
      },
      this);
  thread_ = std::thread([this] { loop(); });
}

Checkpointer::~Checkpointer() {
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::grew(std::int64_t frames) {
  const std::lock_guard lock(mutex_);
  if (frames < frames_) {
    ++generation_;
    moved_ = retry_frames_ = 0;
  }
  frames_ = frames;
  if (waiting() >= limits_.background_frames) wake_.notify_one();
}

void Checkpointer::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stop_ || waiting() >= limits_.background_frames; });
    if (stop_) return;
    const std::int64_t generation = generation_;
    const std::int64_t moved_before = moved_;
    lock.unlock();
    const Progress progress = move_frames(database_);
    if (progress.code == SQLITE_OK) sync_database();
    cpu_us_.store(thread_cpu_us(), std::memory_order_relaxed);
    lock.lock();
    if (progress.code == SQLITE_OK && generation == generation_) moved_ = progress.moved;
    if (generation == generation_ && moved_ <= moved_before) {  // a long read holds the frames, or the disk fails
      wake_.wait_for(lock, kBlockedPause, [this] { return stop_; });
    }
  }
}

// A checkpoint that does not reach the end of the log leaves syncing to the one that does, which would then be long.
void Checkpointer::sync_database() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file && file->pMethods) file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

bool Checkpointer::rest_may_be_moved() const {
  return waiting() <= std::max(limits_.background_frames, frames_ / kRestShare) ||
         frames_ >= limits_.log_frames * kOverdueFactor;
}

void Checkpointer::finish_log() {
  {
    const std::lock_guard lock(mutex_);
    if (frames_ < std::max(limits_.log_frames, retry_frames_) || waiting() == 0 || !rest_may_be_moved()) return;
  }
  const Progress progress = move_frames(writer_);
  const std::lock_guard lock(mutex_);
  if (progress.code == SQLITE_OK) moved_ = progress.moved;
  if (progress.code != SQLITE_OK || progress.moved < progress.frames) {
    retry_frames_ = frames_ + limits_.background_frames / 4;
  }
}

void Checkpointer::bound_log() {
  {
    const std::lock_guard lock(mutex_);
    if (frames_ < limits_.log_frames * kBoundFactor) return;
  }
  finish_log();
}

}  // namespace limehook::store::sqlite
