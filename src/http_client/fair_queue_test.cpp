#include "http_client/fair_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace limehook::http_client {
namespace {

using ::testing::ElementsAre;

std::vector<int> pop_all(FairQueue<int>& queue) {
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.pop());
  return order;
}

TEST(FairQueue, OwnersTakeTurns) {
  FairQueue<int> queue;
  for (int i = 0; i < 4; ++i) queue.push("greedy", i);
  queue.push("modest", 10);
  queue.push("other", 20);
  queue.push("other", 21);
  EXPECT_THAT(pop_all(queue), ElementsAre(0, 10, 20, 1, 21, 2, 3));
}

// Goal: whoever comes back waits for one turn of each other owner, not for what these had put in before.
TEST(FairQueue, WhoComesLaterWaitsForOneTurnOfEachOther) {
  FairQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.push("greedy", i);
  EXPECT_EQ(queue.pop(), 0);
  queue.push("modest", -1);
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), -1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(pop_all(queue).size(), 97u);
  queue.push("greedy", 7);
  EXPECT_THAT(pop_all(queue), ElementsAre(7));
}

}  // namespace
}  // namespace limehook::http_client
