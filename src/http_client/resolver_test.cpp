#include "http_client/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "http_client/clocks.hpp"

namespace limehook::http_client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Names that start with "dead" get no answer until they are released; all others get one at once. Shared, because a
// lookup under way outlives its resolver.
class NameServer {
 public:
  Resolution look_up(const std::string& host) {
    std::unique_lock lock(mutex_);
    asked_.push_back(host);
    changed_.notify_all();
    if (host.starts_with("dead")) changed_.wait(lock, [&] { return all_released_ || released_.contains(host); });
    return {.addresses = {}, .error = host};
  }
  void release(const std::string& host) {
    const std::lock_guard lock(mutex_);
    released_.insert(host);
    changed_.notify_all();
  }
  void release_all() {
    const std::lock_guard lock(mutex_);
    all_released_ = true;
    changed_.notify_all();
  }
  bool was_asked(const std::string& host) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(asked_, host) != asked_.end();
  }
  // Waits until that many have been asked for; answers them in order.
  std::vector<std::string> wait_for_asked(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= count; });
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::set<std::string> released_;
  bool all_released_ = false;
};

class ResolverTest : public ::testing::Test {
 protected:
  ~ResolverTest() override { server_->release_all(); }

  LookUp look_up() {
    return [server = server_](const std::string& host) { return server->look_up(host); };
  }
  // Without an owner each host has its own.
  void resolve(Resolver& resolver, const std::string& host, NameStanding standing, Duration time = seconds(60),
               const std::string& owner = "") {
    resolver.resolve(host, owner.empty() ? host : owner, standing, monotonic_now() + time,
                     [this](Resolution resolution) {
                       const std::lock_guard lock(mutex_);
                       answered_.push_back(resolution.expired ? "expired" : resolution.error);
                       changed_.notify_all();
                     });
  }
  // A lookup of a name without an answer, until it is under way and late. On a busy machine it may have to be asked for
  // again, because no thread took it up in its time.
  void let_one_be_late(Resolver& resolver, const std::string& host, const std::string& owner) {
    while (!server_->was_asked(host)) {
      const auto given_up = std::make_shared<std::atomic<bool>>(false);
      resolver.resolve(host, owner, NameStanding::New, monotonic_now() + milliseconds(20),
                       [this, given_up](Resolution resolution) {
                         *given_up = true;
                         if (resolution.expired) return;
                         const std::lock_guard lock(mutex_);
                         answered_.push_back(resolution.error);
                         changed_.notify_all();
                       });
      while (!*given_up && !server_->was_asked(host)) std::this_thread::yield();
    }
    const auto late = monotonic_now() + milliseconds(20);
    while (monotonic_now() < late) std::this_thread::yield();
  }
  std::vector<std::string> wait_for_answered(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answered_.size() >= count; });
    return answered_;
  }

  std::shared_ptr<NameServer> server_ = std::make_shared<NameServer>();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> answered_;
};

TEST_F(ResolverTest, StartsThreadsOnlyWhenTheyAreWanted) {
  Resolver resolver(16, look_up());
  EXPECT_EQ(resolver.threads(), 1u);
  for (std::size_t i = 1; i <= 20; ++i) {
    resolve(resolver, "dead" + std::to_string(i), NameStanding::New);
    server_->wait_for_asked(std::min<std::size_t>(i, 16));
    EXPECT_EQ(resolver.threads(), std::min<std::size_t>(i, 16));
  }
  server_->release_all();
  wait_for_answered(20);
}

TEST_F(ResolverTest, EndsIdleThreads) {
  Resolver resolver(16, look_up(), milliseconds(20));
  for (int i = 0; i < 8; ++i) resolve(resolver, "dead" + std::to_string(i), NameStanding::New);
  server_->wait_for_asked(8);
  EXPECT_EQ(resolver.threads(), 8u);
  server_->release_all();
  while (resolver.threads() > 1) std::this_thread::yield();
  resolve(resolver, "good", NameStanding::New);
  wait_for_answered(9);
  EXPECT_EQ(resolver.threads(), 1u);
}

// Goal: failing names never take more than their quarter, so that others are served at once. Method: many of them get
// no answer, then names of other standings ask; a failing name that is let go makes room for exactly one more.
TEST_F(ResolverTest, FailingNamesOccupyAQuarter) {
  Resolver resolver(16, look_up());
  for (int i = 0; i < 40; ++i) {
    resolve(resolver, "dead" + std::to_string(i), NameStanding::Failing, seconds(60), "a");
  }
  EXPECT_THAT(server_->wait_for_asked(4), UnorderedElementsAre("dead0", "dead1", "dead2", "dead3"));
  for (int i = 0; i < 20; ++i) resolve(resolver, "new", NameStanding::New);
  for (int i = 0; i < 20; ++i) resolve(resolver, "known", NameStanding::Known);
  wait_for_answered(40);
  EXPECT_EQ(server_->wait_for_asked(44).size(), 44u);
  server_->release("dead2");
  EXPECT_EQ(server_->wait_for_asked(45).back(), "dead4");
  resolve(resolver, "new", NameStanding::New);
  EXPECT_EQ(wait_for_answered(42).size(), 42u);
  EXPECT_EQ(server_->wait_for_asked(46).size(), 46u);
}

TEST_F(ResolverTest, NewNamesComeFirstAndFailingOnesLast) {
  Resolver resolver(1, look_up());
  resolve(resolver, "dead", NameStanding::New);
  server_->wait_for_asked(1);
  resolve(resolver, "failing", NameStanding::Failing);
  resolve(resolver, "known", NameStanding::Known);
  resolve(resolver, "new", NameStanding::New);
  server_->release("dead");
  EXPECT_THAT(wait_for_answered(4), ElementsAre("dead", "new", "known", "failing"));
}

// Goal: lookups of new names that take too long use up the failing names' share. Method: with four threads the share is
// one; the late lookup has it until it ends.
TEST_F(ResolverTest, LateLookupsCountAsFailing) {
  Resolver resolver(4, look_up());
  let_one_be_late(resolver, "dead", "a");
  resolve(resolver, "failing", NameStanding::Failing, seconds(60), "a");
  for (int i = 0; i < 5; ++i) resolve(resolver, "new", NameStanding::New);
  EXPECT_THAT(wait_for_answered(5), ElementsAre("new", "new", "new", "new", "new"));
  server_->release("dead");
  EXPECT_THAT(wait_for_answered(7), ElementsAre("new", "new", "new", "new", "new", "dead", "failing"));
}

// Goal: many names that get no answer, all of them new, hold up another new one only until their deadline, and do not
// start threads without end.
TEST_F(ResolverTest, ReplacesThreadsThatAreStuck) {
  Resolver resolver(2, look_up());
  for (int i = 1; i <= 7; ++i) {
    const auto host = "dead" + std::to_string(i);
    let_one_be_late(resolver, host, host);
  }
  resolve(resolver, "new", NameStanding::New);
  EXPECT_THAT(wait_for_answered(1), ElementsAre("new"));
  for (int i = 8; i <= 10; ++i) resolve(resolver, "dead" + std::to_string(i), NameStanding::New, milliseconds(20));
  EXPECT_EQ(resolver.threads(), 8u);
  server_->release_all();
  wait_for_answered(11);
}

// Goal: an owner whose names get no answer leaves half of the threads that are left to others, and each further owner
// likewise.
TEST_F(ResolverTest, OwnersLeaveRoomForOthers) {
  Resolver resolver(16, look_up());
  for (int i = 0; i < 40; ++i) resolve(resolver, "dead-a" + std::to_string(i), NameStanding::New, seconds(60), "a");
  server_->wait_for_asked(8);
  resolve(resolver, "new", NameStanding::New, seconds(60), "b");
  wait_for_answered(1);
  EXPECT_EQ(server_->wait_for_asked(9).size(), 9u);
  for (int i = 0; i < 40; ++i) resolve(resolver, "dead-b" + std::to_string(i), NameStanding::New, seconds(60), "b");
  server_->wait_for_asked(13);
  for (int i = 0; i < 20; ++i) resolve(resolver, "new", NameStanding::New, seconds(60), "c");
  wait_for_answered(21);
  EXPECT_EQ(server_->wait_for_asked(33).size(), 33u);
}

// Goal: one that is stuck for good gets no more threads than there are without it, and the others as many as ever.
TEST_F(ResolverTest, AnOwnerWhoseLookupsAreStuckLeavesRoomForOthers) {
  Resolver resolver(4, look_up());
  for (const char* host : {"dead1", "dead2", "dead3"}) let_one_be_late(resolver, host, "a");
  for (int i = 0; i < 10; ++i) resolve(resolver, "dead-more", NameStanding::New, seconds(60), "a");
  for (int i = 0; i < 4; ++i) {
    resolve(resolver, "dead-other", NameStanding::New, seconds(60), "b" + std::to_string(i));
  }
  EXPECT_EQ(std::ranges::count(server_->wait_for_asked(7), "dead-other"), 4);
}

// Goal: a name that has failed once is asked for again, however many of another owner's are stuck.
TEST_F(ResolverTest, StuckLookupsOfOthersKeepNoFailingNameWaiting) {
  Resolver resolver(4, look_up());
  for (const char* host : {"dead1", "dead2", "dead3"}) let_one_be_late(resolver, host, "a");
  resolve(resolver, "failing", NameStanding::Failing, seconds(60), "b");
  EXPECT_THAT(wait_for_answered(1), ElementsAre("failing"));
}

TEST_F(ResolverTest, OwnersTakeTurns) {
  Resolver resolver(1, look_up());
  resolve(resolver, "dead", NameStanding::New);
  server_->wait_for_asked(1);
  for (const char* host : {"a1", "a2", "a3"}) resolve(resolver, host, NameStanding::New, seconds(60), "a");
  resolve(resolver, "b1", NameStanding::New, seconds(60), "b");
  server_->release("dead");
  EXPECT_THAT(wait_for_answered(5), ElementsAre("dead", "a1", "b1", "a2", "a3"));
}

TEST_F(ResolverTest, RefusesMoreThanMayWait) {
  Resolver resolver(1, look_up());
  resolve(resolver, "dead", NameStanding::New, seconds(60), "a");
  server_->wait_for_asked(1);
  for (std::size_t i = 0; i < Resolver::kWaitingPerOwnerMax; ++i) {
    resolve(resolver, "waits", NameStanding::New, seconds(60), "a");
  }
  resolve(resolver, "refused", NameStanding::New, seconds(60), "a");
  EXPECT_THAT(wait_for_answered(1), ElementsAre("too many names are waiting to be looked up"));
  resolve(resolver, "other", NameStanding::New, seconds(60), "b");
  server_->release_all();
  EXPECT_EQ(wait_for_answered(Resolver::kWaitingPerOwnerMax + 3).size(), Resolver::kWaitingPerOwnerMax + 3);
}

TEST_F(ResolverTest, GivesUpWhatNoThreadTookUpInTime) {
  Resolver resolver(1, look_up());
  resolve(resolver, "dead", NameStanding::New);
  server_->wait_for_asked(1);
  resolve(resolver, "late", NameStanding::New, Duration(0));
  server_->release("dead");
  EXPECT_THAT(wait_for_answered(2), ElementsAre("dead", "expired"));
  EXPECT_EQ(server_->wait_for_asked(1).size(), 1u);
}

TEST_F(ResolverTest, StopsWithoutWaitingForANameServer) {
  Resolver resolver(16, look_up());
  for (int i = 0; i < 20; ++i) resolve(resolver, "dead" + std::to_string(i), NameStanding::New);
  server_->wait_for_asked(16);
  resolver.stop();
  resolve(resolver, "new", NameStanding::New);
  server_->release_all();
  while (resolver.threads() > 0) std::this_thread::yield();
  EXPECT_TRUE(answered_.empty());
  EXPECT_EQ(server_->wait_for_asked(16).size(), 16u);
}

}  // namespace
}  // namespace limehook::http_client
