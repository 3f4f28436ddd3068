#include "store/sqlite/checkpointer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

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

// 0: they cannot be told.
std::uint64_t log_salts(Database& db) {
  sqlite3_file* const log = db.log_file();
  std::array<unsigned char, 8> bytes{};
  if (!log || log->pMethods->xRead(log, bytes.data(), bytes.size(), 16) != SQLITE_OK) return 0;
  std::uint64_t salts = 0;
  for (const unsigned char byte : bytes) salts = salts << 8 | byte;
  return salts;
}

Progress move_frames(Database& db, const LogMark& mark) {
  Progress progress{};
  progress.code =
      sqlite3_wal_checkpoint_v2(db.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &progress.frames, &progress.moved);
  if (progress.code == SQLITE_OK && progress.moved == progress.frames) mark.write_moved();
  return progress;
}

}  // namespace

Checkpointer::Checkpointer(Database& writer, const std::string& file, LogMark mark, CheckpointLimits limits)
    : writer_(writer), database_(file, OpenMode::Existing), mark_(std::move(mark)), limits_(limits) {
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
  if (sync_failed()) writer_.leave_log_at_close();
  else mark_.write_moved();  // the last connection moves and removes the log
}

void Checkpointer::grew(std::int64_t frames) {
  const std::lock_guard lock(mutex_);
  if (frames <= frames_) {
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
    if (stop_ || sync_failed()) return;
    const std::int64_t generation = generation_;
    const std::int64_t moved_before = moved_;
    lock.unlock();
    std::unique_lock moving(moving_);
    const Progress progress = move_frames(database_, mark_);
    note(progress.code == SQLITE_OK ? sync_database() : progress.code);
    moving.unlock();
    cpu_us_.store(thread_cpu_us(), std::memory_order_relaxed);
    lock.lock();
    if (progress.code == SQLITE_OK && generation == generation_) moved_ = progress.moved;
    if (generation == generation_ && moved_ <= moved_before) {  // a long read holds the frames, or the disk fails
      wake_.wait_for(lock, kBlockedPause, [this] { return stop_; });
    }
  }
}

// A checkpoint that does not reach the end of the log leaves syncing to the one that does, which would then be long.
int Checkpointer::sync_database() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file && file->pMethods ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

void Checkpointer::note(int code) {
  if (code == SQLITE_IOERR_FSYNC) sync_failed_ = true;
}

void Checkpointer::mark_commit() {
  std::unique_lock lock(mutex_);
  const auto frames = static_cast<std::uint64_t>(frames_);
  lock.unlock();
  mark_.write({log_salts(writer_), frames});
}

bool Checkpointer::rest_may_be_moved() const {
  return waiting() <= std::max(limits_.background_frames, frames_ / kRestShare) ||
         frames_ >= limits_.log_frames * kOverdueFactor;
}

void Checkpointer::finish_log() {
  if (const std::unique_lock moving(moving_, std::try_to_lock); moving) move_rest();
}

void Checkpointer::move_rest() {
  if (sync_failed()) return;
  {
    const std::lock_guard lock(mutex_);
    if (frames_ < std::max(limits_.log_frames, retry_frames_) || waiting() == 0 || !rest_may_be_moved()) return;
  }
  const Progress progress = move_frames(writer_, mark_);
  note(progress.code);
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
  const std::lock_guard moving(moving_);
  move_rest();
}

}  // namespace limehook::store::sqlite
