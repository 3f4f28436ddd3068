#include "model/stats.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace limehook {

void LatencyHistogram::add(Duration d) {
  const auto ms = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::milliseconds>(d).count());
  const auto bucket = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(ms)));
  ++counts[std::min(bucket, kBuckets - 1)];
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts[i] += other.counts[i];
}

double LatencyHistogram::quantile_ms(double q) const {
  std::uint64_t total = 0;
  for (const auto count : counts) total += count;
  if (total == 0) return 0;
  const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(total);
  double below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const auto count = static_cast<double>(counts[i]);
    if (count > 0 && below + count >= rank) {
      const double low = i == 0 ? 0.0 : static_cast<double>(1ULL << (i - 1));
      const double high = static_cast<double>(1ULL << i);
      return low + (high - low) * std::max(0.0, rank - below) / count;
    }
    below += count;
  }
  return static_cast<double>(1ULL << (kBuckets - 1));
}

void StatsCounts::merge(const StatsCounts& other) {
  attempts += other.attempts;
  attempts_failed += other.attempts_failed;
  delivered += other.delivered;
  failed += other.failed;
  latency.merge(other.latency);
}

WallTime bucket_start(WallTime at, Duration width) {
  return WallTime(Duration(at.time_since_epoch().count() / width.count() * width.count()));
}

}  // namespace limehook
