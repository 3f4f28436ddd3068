// The stored and shown words of small enumerations, and the statistics' arithmetic.

#include <gtest/gtest.h>

#include <set>

#include "model/api_key.hpp"
#include "model/delivery.hpp"
#include "model/stats.hpp"

namespace limehook {
namespace {

using namespace std::chrono_literals;

TEST(Roles, HaveTheirWords) {
  // Goal: the words of the spec lead to the roles and back.
  for (const auto& [role, name] : std::initializer_list<std::pair<Role, std::string_view>>{
           {Role::Admin, "admin"}, {Role::Manage, "manage"}, {Role::Ingest, "ingest"}, {Role::Read, "read"}}) {
    EXPECT_EQ(name_of(role), name);
    EXPECT_EQ(role_named(name), role);
  }
  EXPECT_EQ(role_named("root"), std::nullopt);
  EXPECT_EQ(role_named(""), std::nullopt);
}

TEST(DeliveryStatuses, HaveTheirWords) {
  // Goal: the table is in the order of the enumerators; only work that is left is open.
  for (std::size_t i = 0; i < kDeliveryStatuses.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kDeliveryStatuses[i].status), i);
    EXPECT_EQ(delivery_status_named(kDeliveryStatuses[i].name), kDeliveryStatuses[i].status);
  }
  EXPECT_EQ(delivery_status_named("Pending"), std::nullopt);
  EXPECT_TRUE(is_open(DeliveryStatus::Pending) && is_open(DeliveryStatus::Retrying));
  EXPECT_FALSE(is_open(DeliveryStatus::Delivered) || is_open(DeliveryStatus::Failed) ||
               is_open(DeliveryStatus::Canceled));
}

TEST(AttemptOutcomes, HaveTheirWords) {
  // Goal: every outcome has a word of its own.
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kAttemptOutcomeCount; ++i) names.insert(name_of(static_cast<AttemptOutcome>(i)));
  EXPECT_EQ(names.size(), kAttemptOutcomeCount);
  EXPECT_EQ(name_of(AttemptOutcome::Response), "response");
  EXPECT_EQ(name_of(AttemptOutcome::Timeout), "timeout");
  EXPECT_EQ(name_of(AttemptOutcome::Internal), "internal");
}

TEST(Attempt, IsAcknowledgedByAny2xxResponse) {
  // Goal: the spec's rule, section 4.
  const auto acknowledged = [](AttemptOutcome outcome, int status) {
    Attempt attempt;
    attempt.outcome = outcome;
    attempt.http_status = status;
    return attempt.acknowledged();
  };
  for (const int status : {200, 202, 204, 299}) EXPECT_TRUE(acknowledged(AttemptOutcome::Response, status)) << status;
  for (const int status : {0, 100, 199, 300, 301, 404, 410, 500}) {
    EXPECT_FALSE(acknowledged(AttemptOutcome::Response, status)) << status;
  }
  EXPECT_FALSE(acknowledged(AttemptOutcome::Timeout, 0));
}

TEST(LatencyHistogram, PutsDurationsIntoTheirBuckets) {
  // Goal: bucket i holds [2^(i-1), 2^i) milliseconds, the last everything longer.
  struct Case {
    Duration duration;
    std::size_t bucket;
  };
  for (const auto& [duration, bucket] : std::initializer_list<Case>{
           {0us, 0},
           {999us, 0},
           {1ms, 1},
           {1999us, 1},
           {2ms, 2},
           {3999us, 2},
           {4ms, 3},
           {65'535ms, 16},
           {65'536ms, 17},
           {1h, 17},
           {-5ms, 0},
       }) {
    LatencyHistogram histogram;
    histogram.add(duration);
    EXPECT_EQ(histogram.counts[bucket], 1u) << duration.count();
  }
}

TEST(LatencyHistogram, AnswersQuantiles) {
  // Goal: quantiles lie in the right bucket, grow with q, and interpolate within it.
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile_ms(0.5), 0);
  for (int i = 0; i < 90; ++i) histogram.add(10ms);
  for (int i = 0; i < 10; ++i) histogram.add(1000ms);
  EXPECT_DOUBLE_EQ(histogram.quantile_ms(0), 8);
  EXPECT_DOUBLE_EQ(histogram.quantile_ms(0.45), 12);
  EXPECT_DOUBLE_EQ(histogram.quantile_ms(0.9), 16);
  EXPECT_DOUBLE_EQ(histogram.quantile_ms(0.95), 768);
  EXPECT_DOUBLE_EQ(histogram.quantile_ms(1), 1024);
}

TEST(StatsCounts, Add) {
  // Goal: merging adds every count.
  StatsCounts sum{1, 2, 3, 4, {}};
  StatsCounts other{10, 20, 30, 40, {}};
  sum.latency.add(1ms);
  other.latency.add(1ms);
  other.latency.add(1h);
  sum.merge(other);
  EXPECT_EQ(sum.attempts, 11u);
  EXPECT_EQ(sum.attempts_failed, 22u);
  EXPECT_EQ(sum.delivered, 33u);
  EXPECT_EQ(sum.failed, 44u);
  EXPECT_EQ(sum.latency.counts[1], 2u);
  EXPECT_EQ(sum.latency.counts[17], 1u);
}

}  // namespace
}  // namespace limehook
