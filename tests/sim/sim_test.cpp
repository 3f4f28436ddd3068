#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/batch.hpp"

namespace limehook::sim {
namespace {

constexpr int kThreads = 2;

void expect_kept(const Batch& batch) {
  for (const Broken& broken : batch.broken) {
    ADD_FAILURE() << broken.what << "; see it with: ./dev sim --trace --seed " << broken.seed;
  }
}

// Goal: no order of commits, attempts, timers, crashes and people's changes breaks a promise; a seed is a run that can
// be repeated; and the runs do reach the paths that are seldom taken.
TEST(Simulation, KeepsEveryPromise) {
  const Batch batch = run_batch(1, 2500, kThreads);
  expect_kept(batch);
  EXPECT_GE(batch.repeated, 125u);
  for (const std::string_view name : required_marks()) EXPECT_GT(batch.marks.count(name), 0u) << name;
}

// Goal: every commit looks where none has looked before.
TEST(Simulation, KeepsEveryPromiseInSeedsOfTheCommit) {
  const auto seed = seed_of_commit(LIMEHOOK_SOURCE_DIR);
  if (!seed) GTEST_SKIP() << "There is no commit to draw seeds from.";
  RecordProperty("seed", std::to_string(*seed));
  expect_kept(run_batch(*seed, 500, kThreads));
}

TEST(Simulation, DiffersBySeed) { EXPECT_NE(run(1).trace_hash, run(2).trace_hash); }

// Goal: seeds are numbers or commits, and nothing else is taken for one.
TEST(Simulation, ReadsSeeds) {
  EXPECT_EQ(seed_named("17"), 17u);
  const auto commit = seed_named("6facf78a5df2aa3c77b0e1f0b9c6a7d1e2f3a4b5");
  ASSERT_TRUE(commit);
  EXPECT_NE(commit, seed_named("6facf78a5df2aa3c77b0e1f0b9c6a7d1e2f3a4b6"));
  for (const char* wrong : {"", "x", "17x", "-1", "6facf78", "gfacf78a5df2aa3c77b0e1f0b9c6a7d1e2f3a4b5"}) {
    EXPECT_FALSE(seed_named(wrong)) << wrong;
  }
}

class PlantedMistake : public testing::TestWithParam<PlantedInfo> {};

// Goal: the checks bite, each for the promise that it watches. Method: a mistake is built in between the core and the
// world; seeds that break other promises by it do not count.
TEST_P(PlantedMistake, IsFound) {
  const PlantedInfo& info = GetParam();
  std::set<std::string> others;
  for (int seed = 1; seed <= info.seeds_max; ++seed) {
    const Outcome outcome = run(static_cast<std::uint64_t>(seed), {.planted = info.planted});
    if (outcome.broken == info.promise) return;
    if (outcome.broken) others.insert(outcome.violation);
  }
  ADD_FAILURE() << "not found in " << info.seeds_max << " seeds; others: " << testing::PrintToString(others);
}

INSTANTIATE_TEST_SUITE_P(Shell, PlantedMistake, testing::ValuesIn(planted_mistakes()),
                         [](const auto& info) { return std::string(info.param.name); });

// Goal: there is no promise that nothing watches.
TEST(PlantedMistakes, AreThereForEveryPromise) {
  for (const PromiseInfo& info : kPromises) {
    EXPECT_TRUE(std::ranges::any_of(planted_mistakes(), [&](const auto& p) { return p.promise == info.promise; }))
        << info.name;
  }
}

}  // namespace
}  // namespace limehook::sim
