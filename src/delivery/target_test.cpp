#include "delivery/target.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace limehook::delivery {
namespace {

// Goal: whatever is done to it, short or long, the queue holds what a plain one would, in the same order.
TEST(IdQueue, IsAQueue) {
  for (const unsigned put_percent : {40U, 50U, 60U}) {
    std::uint32_t state = put_percent;
    const auto random = [&] { return (state = state * 1'664'525U + 1'013'904'223U) >> 8; };
    IdQueue queue;
    std::deque<DeliveryId> plain;
    const auto same = [&] { return std::ranges::equal(queue, plain); };
    for (std::int64_t step = 1; step <= 30'000; ++step) {
      const unsigned draw = random() % 1000;
      if (draw == 0) {
        queue.clear();
        plain.clear();
      } else if (draw < 10) {
        queue.push_front(DeliveryId{step});
        plain.push_front(DeliveryId{step});
      } else if (draw < put_percent * 10) {
        queue.push_back(DeliveryId{step});
        plain.push_back(DeliveryId{step});
      } else if (!plain.empty()) {
        ASSERT_EQ(queue.front(), plain.front());
        queue.pop_front();
        plain.pop_front();
      }
      ASSERT_EQ(queue.empty(), plain.empty());
      if (step % 1000 == 0) ASSERT_TRUE(same()) << step;
    }
  }
}

// Goal: a long queue that is worked off while it stays long gives memory back and keeps its order.
TEST(IdQueue, StaysInOrderWhenLong) {
  IdQueue queue;
  std::int64_t last = 0;
  while (last < 5000) queue.push_back(DeliveryId{++last});
  for (std::int64_t next = 1; next <= 20'000; ++next) {
    ASSERT_EQ(queue.front(), DeliveryId{next});
    queue.pop_front();
    queue.push_back(DeliveryId{++last});
  }
  EXPECT_EQ(std::ranges::distance(queue), 5000);
}

}  // namespace
}  // namespace limehook::delivery
