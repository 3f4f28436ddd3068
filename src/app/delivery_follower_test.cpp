#include "app/delivery_follower.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/prng.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::IsEmpty;

// A log that answers pages as the API does: newest first, cursor = the last id seen.
class FakeLog {
 public:
  void put(int number, std::string status, int attempts) { rows_[id(number)] = {std::move(status), attempts}; }
  void remove(int number) { rows_.erase(id(number)); }
  void set_before_page(std::function<void()> action) { before_page_ = std::move(action); }

  ApiResult<json::value> fetch(const std::string& target) {
    ++requests_;
    if (target.starts_with("/v1/deliveries/")) {
      const auto row = rows_.find(target.substr(15));
      if (row == rows_.end()) return std::unexpected(ApiFailure{ExitCode::Failed, 404, "gone", ""});
      return json::value(to_json(*row));
    }
    const auto limit = std::stoul(target.substr(target.find("limit=") + 6));
    const auto cursor = target.find("cursor=");
    auto row = cursor == std::string::npos ? rows_.rbegin()
                                           : std::make_reverse_iterator(rows_.find(target.substr(cursor + 7)));
    json::object page{{"data", json::array()}, {"next_cursor", nullptr}};
    auto& data = page["data"].as_array();
    while (row != rows_.rend() && data.size() < limit) data.push_back(to_json(*row++));
    if (row != rows_.rend()) page["next_cursor"] = data.back().as_object().at("id");
    if (cursor == std::string::npos && before_page_) before_page_();
    return json::value(std::move(page));
  }

  DeliveryFollower follower(std::size_t page_size) {
    return DeliveryFollower([this](const std::string& target) { return fetch(target); }, "/v1/deliveries", page_size);
  }
  int requests() const { return requests_; }
  static std::string id(int number) { return fmt::format("dlv_{:05}", number); }

 private:
  struct Row {
    std::string status;
    int attempts;
  };
  static json::object to_json(const std::pair<const std::string, Row>& row) {
    return {{"id", row.first}, {"status", row.second.status}, {"attempt_count", row.second.attempts}};
  }
  std::map<std::string, Row> rows_;
  std::function<void()> before_page_;
  int requests_ = 0;
};

std::vector<std::string> said(const ApiResult<std::vector<json::object>>& result) {
  std::vector<std::string> lines;
  for (const auto& delivery : result.value()) {
    lines.push_back(fmt::format("{} {} {}", text_member(delivery, "id").substr(7), text_member(delivery, "status"),
                                text_member(delivery, "attempt_count")));
  }
  return lines;
}

TEST(DeliveryFollower, StartsWithTheNewestOldestFirst) {
  FakeLog log;
  for (int i = 1; i <= 5; ++i) log.put(i, "delivered", 1);
  auto follower = log.follower(3);
  EXPECT_THAT(said(follower.start()), ElementsAre("03 delivered 1", "04 delivered 1", "05 delivered 1"));
  EXPECT_THAT(said(follower.poll()), IsEmpty());
}

TEST(DeliveryFollower, ReportsNewOnesAcrossPagesOnce) {
  FakeLog log;
  log.put(1, "delivered", 1);
  auto follower = log.follower(2);
  ASSERT_TRUE(follower.start());
  for (int i = 2; i <= 8; ++i) log.put(i, "delivered", 1);
  EXPECT_EQ(said(follower.poll()).size(), 7U);
  EXPECT_THAT(said(follower.poll()), IsEmpty());
}

TEST(DeliveryFollower, ReportsEachChangeAlsoOffTheNewestPage) {
  FakeLog log;
  log.put(1, "pending", 0);
  auto follower = log.follower(2);
  ASSERT_TRUE(follower.start());
  for (int i = 2; i <= 6; ++i) log.put(i, "delivered", 1);
  log.put(1, "retrying", 1);
  EXPECT_EQ(said(follower.poll()).front(), "01 retrying 1");
  log.put(1, "retrying", 2);
  EXPECT_THAT(said(follower.poll()), ElementsAre("01 retrying 2"));
  log.put(1, "delivered", 3);
  EXPECT_THAT(said(follower.poll()), ElementsAre("01 delivered 3"));
  EXPECT_EQ(follower.open_count(), 0U);
  EXPECT_THAT(said(follower.poll()), IsEmpty());
}

TEST(DeliveryFollower, ADeliveryThatRetentionRemovedIsForgotten) {
  FakeLog log;
  log.put(1, "pending", 0);
  auto follower = log.follower(2);
  ASSERT_TRUE(follower.start());
  log.remove(1);
  EXPECT_THAT(said(follower.poll()), IsEmpty());
  EXPECT_EQ(follower.open_count(), 0U);
}

TEST(DeliveryFollower, AFailureIsPassedOnAndNothingIsLost) {
  FakeLog log;
  bool down = false;
  DeliveryFollower follower(
      [&](const std::string& target) -> ApiResult<json::value> {
        if (down) return std::unexpected(ApiFailure{ExitCode::Unreachable, 0, "down", ""});
        return log.fetch(target);
      },
      "/v1/deliveries", 10);
  ASSERT_TRUE(follower.start());
  log.put(1, "delivered", 1);
  down = true;
  EXPECT_EQ(follower.poll().error().exit_code, ExitCode::Unreachable);
  down = false;
  EXPECT_THAT(said(follower.poll()), ElementsAre("01 delivered 1"));
}

// Goal: whatever happens between two looks, every delivery's last state is reported, and none twice in one state.
// Method: a random log that grows and changes, also while a page is being read; the reports are replayed.
TEST(DeliveryFollower, MissesAndRepeatsNothing) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FakeLog log;
    Prng prng(seed);
    std::map<int, std::pair<std::string, int>> truth;
    int last = 0;
    const auto change = [&] {
      for (auto count = prng.below(8); count > 0; --count) truth[++last] = {"pending", 0};
      for (auto& [number, state] : truth) {
        if (state.first == "delivered" || !prng.chance(0.3)) continue;
        state = {prng.chance(0.5) ? "delivered" : "retrying", state.second + 1};
      }
      for (const auto& [number, state] : truth) log.put(number, state.first, state.second);
    };
    auto follower = log.follower(3);
    log.set_before_page(change);
    ASSERT_TRUE(follower.start());
    std::map<std::string, std::string> reported;
    const auto replay = [&] {
      for (const auto& line : said(follower.poll())) {
        auto& seen = reported[line.substr(0, 2)];
        EXPECT_NE(seen, line) << "seed " << seed;
        seen = line;
      }
    };
    for (int round = 0; round < 20; ++round) replay();
    log.set_before_page(nullptr);
    for (int round = 0; round < 5; ++round) replay();
    for (const auto& [number, state] : truth) {
      if (number > 99) continue;
      const auto line = fmt::format("{:02} {} {}", number, state.first, state.second);
      const auto found = reported.find(line.substr(0, 2));
      // What had ended before the follower started was reported by start().
      if (found != reported.end()) EXPECT_EQ(found->second, line) << "seed " << seed;
      else EXPECT_EQ(state.second, 1) << "seed " << seed << ": " << line;
    }
  }
}

}  // namespace
}  // namespace limehook::app
