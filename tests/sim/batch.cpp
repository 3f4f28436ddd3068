#include "sim/batch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <thread>

namespace limehook::sim {
namespace {

constexpr std::uint64_t kRepeatEach = 20;
constexpr std::size_t kBrokenMax = 10;

class Runner {
 public:
  Runner(std::uint64_t first, std::uint64_t count, RunOptions options)
      : first_(first), count_(count), options_(options) {}

  void work() {
    for (std::uint64_t i = next_++; i < count_; i = next_++) {
      const std::uint64_t seed = first_ + i;
      Outcome outcome = run(seed, options_);
      const bool repeat = seed % kRepeatEach == 0;
      const bool same = !repeat || run(seed, options_).trace_hash == outcome.trace_hash;
      add(seed, outcome, repeat, same);
    }
  }
  Batch take() {
    std::ranges::sort(batch_.broken, {}, &Broken::seed);
    return std::move(batch_);
  }

 private:
  void add(std::uint64_t seed, const Outcome& outcome, bool repeat, bool same) {
    const std::lock_guard lock(mutex_);
    ++batch_.seeds;
    batch_.repeated += repeat;
    batch_.steps += outcome.steps;
    batch_.simulated += outcome.simulated;
    batch_.marks.merge(outcome.marks);
    if (outcome.broken) batch_.broken.push_back({seed, *outcome.broken, outcome.violation});
    if (!same) batch_.broken.push_back({seed, Promise::Restart, "a seed's run is not the same twice"});
    if (batch_.broken.size() >= kBrokenMax) next_ = count_;
  }

  const std::uint64_t first_;
  const std::uint64_t count_;
  const RunOptions options_;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  Batch batch_;
};

}  // namespace

Batch run_batch(std::uint64_t first, std::uint64_t count, int threads, RunOptions options) {
  Runner runner(first, count, options);
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { runner.work(); });
  runner.work();
  others.clear();
  return runner.take();
}

std::optional<std::uint64_t> seed_named(std::string_view text) {
  constexpr std::size_t kCommitDigits = 40;
  const bool commit = text.size() == kCommitDigits;
  std::uint64_t seed = 0;
  const std::size_t part = commit ? 10 : text.size();
  for (std::size_t at = 0; at < text.size(); at += part) {
    std::uint64_t value = 0;
    const char* const end = text.data() + at + part;
    const auto [read, error] = std::from_chars(text.data() + at, end, value, commit ? 16 : 10);
    if (error != std::errc() || read != end) return std::nullopt;
    seed = commit ? Prng(seed ^ value).next() >> 8 : value;  // so that the seeds after it can be counted, too
  }
  return text.empty() ? std::nullopt : std::optional(seed);
}

std::optional<std::uint64_t> seed_of_commit(const std::string& folder) {
  FILE* const git = popen(("git -C '" + folder + "' rev-parse HEAD 2>/dev/null").c_str(), "r");
  if (!git) return std::nullopt;
  std::array<char, 41> name{};
  const std::size_t size = std::fread(name.data(), 1, name.size() - 1, git);
  pclose(git);
  return seed_named({name.data(), size});
}

std::span<const std::string_view> required_marks() {
  static constexpr auto kMarks = std::to_array<std::string_view>({
      "absurd retry after",
      "address_refused",
      "applied, not told",
      "bad_response",
      "body load failed",
      "body loaded",
      "canceled while running",
      "connect_failed",
      "connection_lost",
      "crash",
      "crash at AttemptObserved",
      "crash at BodiesWanted",
      "crash at EventsAccepted",
      "crash at HeldTooLong",
      "crash at MailDue",
      "crash at Notice",
      "crash at OpenWanted",
      "crash at PersistBatch",
      "crash at RecoveryStepWanted",
      "crash at RecoveryStored",
      "crash at Refused",
      "crash at StartAttempt",
      "crash at Stored",
      "crash at TestFinished",
      "crash at WatchEnded",
      "crash at WebhookStored",
      "delivery.exhausted",
      "disabled after long failure",
      "drained",
      "drained too slowly",
      "duplicate",
      "fallback",
      "fallback taken away",
      "gone",
      "held too long",
      "in order",
      "internal",
      "large answer",
      "large body",
      "mail",
      "missing delivery made",
      "name_not_resolved",
      "oauth_failed",
      "open breaker compared",
      "orphan loaded",
      "paced",
      "patrol",
      "probe",
      "rebuilt and compared",
      "received twice",
      "recovery done",
      "recovery resumed",
      "recovery step failed",
      "refused: busy",
      "refused: conflict",
      "refused: disabled",
      "refused: draining",
      "refused: ended",
      "refused: not found",
      "refused: recovery running",
      "refused: store failed",
      "refused: store full",
      "reset after processing",
      "retry after",
      "retry while closing",
      "secret rotated",
      "skipped one recovered",
      "sweep",
      "sweep failed",
      "timeout",
      "tls_failed",
      "unknown, applied",
      "unknown, not applied",
      "wall clock is wrong",
      "wall clock stepped",
      "watch ended",
      "webhook.disabled",
      "webhook.failing",
      "webhook.recovered",
  });
  return kMarks;
}

}  // namespace limehook::sim
