#pragma once
// Counts over time (spec, section 5: stats).

#include <array>
#include <cstdint>
#include <map>

#include "base/ids.hpp"

namespace limehook {

// Counts attempt durations on a logarithmic scale: bucket i holds durations below 2^i milliseconds and not below
// 2^(i-1); the last holds all longer ones.
struct LatencyHistogram {
  static constexpr std::size_t kBuckets = 18;
  std::array<std::uint32_t, kBuckets> counts{};
  void add(Duration d);
  void merge(const LatencyHistogram& other);
  // The quantile in milliseconds, interpolated within its bucket; 0 when empty.
  double quantile_ms(double q) const;
};

struct StatsCounts {
  std::uint32_t attempts = 0;
  std::uint32_t attempts_failed = 0;
  std::uint32_t delivered = 0;  // deliveries that ended well
  std::uint32_t failed = 0;     // deliveries that ended badly
  LatencyHistogram latency;     // of acknowledged attempts
  void merge(const StatsCounts& other);
};

// A webhook has buckets of a minute, which are kept for limits::kStatsMinutesKept, and of an hour; the installation as
// a whole (no webhook) has buckets of a minute.
struct StatsBucket {
  WebhookId webhook;
  Duration width{};
  WallTime start{};  // a multiple of the width
  StatsCounts counts;
};

// What buckets of one width hold, by their start; those that hold nothing are left out.
using StatsSeries = std::map<WallTime, StatsCounts>;

// Where the bucket begins that `at` falls into.
WallTime bucket_start(WallTime at, Duration width);

}  // namespace limehook
