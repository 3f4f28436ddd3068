#include "runtime/store_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>

#include "base/assert.hpp"
#include "runtime/clocks.hpp"

namespace limehook::runtime {
namespace {

constexpr auto kHouseInterval = std::chrono::milliseconds(500);  // when nothing is waiting
constexpr auto kHouseGap = std::chrono::milliseconds(5);         // between slices when more is
constexpr Duration kPruneIntervalMin = std::chrono::seconds(1);
constexpr Duration kPruneIntervalMax = std::chrono::minutes(1);
constexpr std::size_t kPruneRows = 2000;
constexpr std::size_t kPruneRowsBySize = 200;  // rows may be large: the size is looked at again after few

// Often enough that rows outlive their age by a tenth at most.
Duration prune_interval(Duration age) {
  return age.count() == 0 ? kPruneIntervalMax : std::clamp(age / 10, kPruneIntervalMin, kPruneIntervalMax);
}

}  // namespace

StoreWriter::StoreWriter(store::Store& store, Retention retention, telemetry::Metrics& metrics, Done done)
    : store_(store), retention_(retention), metrics_(metrics), done_(std::move(done)), thread_([this] { run(); }) {}

StoreWriter::~StoreWriter() { stop(); }

void StoreWriter::commit(store::WriteBatch batch) {
  {
    const std::lock_guard lock(mutex_);
    LIMEHOOK_ASSERT(!waiting_);
    waiting_ = std::move(batch);
  }
  changed_.notify_one();
}

void StoreWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StoreWriter::run() {
  while (true) {
    std::optional<store::WriteBatch> batch;
    {
      std::unique_lock lock(mutex_);
      const auto until = std::chrono::steady_clock::time_point(next_house_.time_since_epoch());
      changed_.wait_until(lock, until, [this] { return waiting_ || stopping_; });
      if (!waiting_ && stopping_) return;
      batch.swap(waiting_);
    }
    if (batch) commit_now(std::move(*batch));
    if (const auto mono = now().mono; mono >= next_house_) {
      const bool more = keep_house();
      next_house_ = now().mono + (more ? kHouseGap : kHouseInterval);
    }
  }
}

void StoreWriter::commit_now(store::WriteBatch batch) {
  const auto begin = now().mono;
  store::CommitResult result = store_.commit(batch);
  metrics_.commit_duration.Observe(telemetry::seconds(now().mono - begin));
  if (result.status == store::CommitStatus::Unknown) {
    spdlog::critical("The store cannot tell whether a commit is on disk: {}. Ending; the next start will read what is.",
                     result.error);
    std::_Exit(70);
  }
  const bool committed = result.status == store::CommitStatus::Committed;
  if (!committed) {
    metrics_.commit_failures.Increment();
    spdlog::error("The store refused a commit: {}", result.error);
  } else if (failing_) {
    spdlog::info("The store takes commits again.");
  }
  failing_ = !committed;
  if (committed) {
    // Nobody needs these any more; the main thread, which gets the batch back, has better things to do than free them.
    batch.attempts.clear();
    batch.updates.clear();
  }
  done_(std::move(batch), std::move(result));
}

WallTime StoreWriter::house_time(Now now) {
  const WallTime wall = house_clock_.at(now);
  if (const auto step = house_clock_.take_step()) {
    metrics_.clock_steps.Increment();
    const bool forward = step->count() > 0;
    spdlog::warn("The system's clock was set {} by {}.{}", forward ? "forward" : "back",
                 format_duration(std::chrono::round<std::chrono::seconds>(forward ? *step : -*step)),
                 forward ? " Nothing is removed for its age by the new time for an hour." : "");
  }
  return wall;
}

bool StoreWriter::keep_house() {
  const Now at = now();
  const auto mono = at.mono;
  const WallTime wall = house_time(at);
  try {
    bool more = store_.maintain(wall);
    if (mono >= next_prune_) {
      if (prune(wall)) more = true;
      else next_prune_ = mono + prune_interval(retention_.age);
    }
    return more;
  } catch (const store::StoreError& error) {
    spdlog::error("Housekeeping of the store failed: {}", error.what());
    return false;
  }
}

bool StoreWriter::prune(WallTime wall) {
  const auto used = store_.size().bytes_used;
  metrics_.store_bytes.Set(static_cast<double>(used));
  bool more = false;
  if (retention_.age.count() > 0) more = !store_.prune(wall - retention_.age, kPruneRows).done;
  if (retention_.bytes > 0 && used > retention_.bytes) more = !store_.prune(wall, kPruneRowsBySize).done || more;
  if (retention_.audit_age.count() > 0) {
    more = !store_.prune_audit(wall - retention_.audit_age, kPruneRows).done || more;
  }
  return more;
}

}  // namespace limehook::runtime
