// What is counted of attempts, and into which buckets.

#include "runtime/stats_recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace limehook::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const WallTime kTen = from_us(1'738'231'200'000'000);  // 2025-01-30T10:00:00Z
const WebhookId kOne{1};
const WebhookId kTwo{2};

delivery::AttemptObserved observed(WebhookId webhook, WallTime at, DeliveryStatus status) {
  auto target = std::make_shared<Webhook>();
  target->id = webhook;
  delivery::AttemptObserved attempt{.webhook = std::move(target), .status = status};
  attempt.attempt.started_at = at;
  attempt.attempt.duration = 3ms;
  attempt.attempt.http_status = status == DeliveryStatus::Delivered ? 200 : 500;
  return attempt;
}

// Webhook, width, start, attempts.
using Row = std::tuple<WebhookId, Duration, WallTime, std::uint32_t>;
std::vector<Row> rows(const std::vector<StatsBucket>& buckets) {
  std::vector<Row> out;
  for (const StatsBucket& b : buckets) out.emplace_back(b.webhook, b.width, b.start, b.counts.attempts);
  return out;
}

class StatsRecorderTest : public testing::Test {
 protected:
  // Around a full hour.
  void add_some() {
    for (const WallTime at : {kTen - 1us, kTen, kTen + 1s, kTen + 60s}) {
      recorder_.add(observed(kOne, at, DeliveryStatus::Delivered));
    }
    recorder_.add(observed(kTwo, kTen + 59s, DeliveryStatus::Retrying));
  }
  // Start and attempts of what is added to an empty series.
  std::map<WallTime, std::uint32_t> merged(const std::vector<WebhookId>& webhooks, Duration width, WallTime since,
                                           WallTime until) const {
    StatsSeries series;
    recorder_.merge_into(series, webhooks, width, since, until);
    std::map<WallTime, std::uint32_t> out;
    for (const auto& [at, counts] : series) out[at] = counts.attempts;
    return out;
  }

  StatsRecorder recorder_;
};

// Goal: every attempt is in a minute and an hour of its webhook and a minute of the installation, once, and is handed
// over once.
TEST_F(StatsRecorderTest, HandsOverMinutesHoursAndTheInstallation) {
  add_some();
  EXPECT_THAT(rows(recorder_.take()),
              testing::UnorderedElementsAre(Row{kOne, 1h, kTen - 1h, 1}, Row{kOne, 1h, kTen, 3}, Row{kTwo, 1h, kTen, 1},
                                            Row{kOne, 1min, kTen - 1min, 1}, Row{kOne, 1min, kTen, 2},
                                            Row{kOne, 1min, kTen + 1min, 1}, Row{kTwo, 1min, kTen, 1},
                                            Row{WebhookId{}, 1min, kTen - 1min, 1}, Row{WebhookId{}, 1min, kTen, 3},
                                            Row{WebhookId{}, 1min, kTen + 1min, 1}));
  EXPECT_THAT(recorder_.take(), IsEmpty());
}

// Goal: what each way of ending counts as.
TEST_F(StatsRecorderTest, CountsWhatEndedAndHow) {
  struct Case {
    DeliveryStatus status;
    StatsCounts counts;  // without latency
    bool latency;
  };
  for (const auto& [status, expected, latency] : {Case{DeliveryStatus::Delivered, {1, 0, 1, 0, {}}, true},
                                                  {DeliveryStatus::Retrying, {1, 1, 0, 0, {}}, false},
                                                  {DeliveryStatus::Failed, {1, 1, 0, 1, {}}, false},
                                                  {DeliveryStatus::Canceled, {1, 1, 0, 0, {}}, false}}) {
    recorder_.add(observed(kOne, kTen, status));
    for (const StatsBucket& b : recorder_.take()) {
      EXPECT_EQ(b.counts.attempts, expected.attempts);
      EXPECT_EQ(b.counts.attempts_failed, expected.attempts_failed);
      EXPECT_EQ(b.counts.delivered, expected.delivered);
      EXPECT_EQ(b.counts.failed, expected.failed);
      EXPECT_EQ(b.counts.latency.counts[2], latency ? 1U : 0U);
    }
  }
  recorder_.add_failed(kOne, kTen + 90s);
  for (const StatsBucket& b : recorder_.take()) {
    EXPECT_EQ(b.counts.attempts, 0U);
    EXPECT_EQ(b.counts.failed, 1U);
    EXPECT_EQ(b.start, b.width == 1h ? kTen : kTen + 1min);
  }
}

// Goal: tests are no traffic.
TEST_F(StatsRecorderTest, LeavesTestsOut) {
  auto attempt = observed(kOne, kTen, DeliveryStatus::Delivered);
  attempt.test = true;
  recorder_.add(attempt);
  EXPECT_THAT(recorder_.take(), IsEmpty());
}

// Goal: what is not handed over yet is added to an answer of the store as the store would have answered it.
TEST_F(StatsRecorderTest, AddsWhatIsNotStoredToAnAnswer) {
  add_some();
  EXPECT_THAT(merged({kOne}, 1min, kTen, kTen + 1h), ElementsAre(Pair(kTen, 2), Pair(kTen + 1min, 1)));
  EXPECT_THAT(merged({kOne}, 1min, kTen - 1min, kTen + 1min), ElementsAre(Pair(kTen - 1min, 1), Pair(kTen, 2)));
  EXPECT_THAT(merged({kOne, kTwo}, 1h, kTen - 1h, kTen + 1h), ElementsAre(Pair(kTen - 1h, 1), Pair(kTen, 4)));
  EXPECT_THAT(merged({kOne, kTwo}, 1h, kTen, kTen + 1us), ElementsAre(Pair(kTen, 4)));
  EXPECT_THAT(merged({WebhookId{3}}, 1min, kTen - 1h, kTen + 1h), IsEmpty());
  EXPECT_THAT(merged({}, 1min, kTen, kTen + 1h), ElementsAre(Pair(kTen, 3), Pair(kTen + 1min, 1)));
  StatsSeries stored{{kTen, {.attempts = 10}}};
  recorder_.merge_into(stored, {}, 1min, kTen, kTen + 1min);
  EXPECT_EQ(stored.at(kTen).attempts, 13U);
}

}  // namespace
}  // namespace limehook::runtime
