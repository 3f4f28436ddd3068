#include "sim/simulation.hpp"

#include <gtest/gtest.h>

namespace limehook::sim {
namespace {

constexpr std::uint64_t kSeeds = 1000;

// Goal: no order of commits, attempts, timers, crashes and people's changes breaks a promise, and the runs do reach the
// paths that are seldom taken.
TEST(Simulation, KeepsEveryPromise) {
  Marks marks;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = run(seed);
    ASSERT_FALSE(outcome.violation) << *outcome.violation << "; see it with: limehook_sim --trace --seed " << seed;
    marks.merge(outcome.marks);
  }
  for (const std::string_view name : required_marks()) EXPECT_GT(marks.count(name), 0u) << name;
}

// Goal: a seed is a run that can be repeated.
TEST(Simulation, IsDeterministic) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) EXPECT_EQ(run(seed).trace_hash, run(seed).trace_hash) << seed;
  EXPECT_NE(run(1).trace_hash, run(2).trace_hash);
}

struct PlantedCase {
  const char* name;
  Planted planted;
  std::uint64_t seeds_max;  // it must be found within so many
};

class PlantedMistake : public testing::TestWithParam<PlantedCase> {};

// Goal: the checks bite. Method: a mistake is built into the simulated shell.
TEST_P(PlantedMistake, IsFound) {
  std::uint64_t seed = 1;
  while (seed <= GetParam().seeds_max && !run(seed, {.planted = GetParam().planted}).violation) ++seed;
  EXPECT_LE(seed, GetParam().seeds_max);
}

INSTANTIATE_TEST_SUITE_P(Shell, PlantedMistake,
                         testing::Values(PlantedCase{"AnswersBeforeCommit", Planted::AnswersBeforeCommit, 5},
                                         PlantedCase{"LosesCommits", Planted::LosesCommits, 10},
                                         PlantedCase{"DropsAttempts", Planted::DropsAttempts, 10},
                                         PlantedCase{"RepeatsAttempts", Planted::RepeatsAttempts, 10},
                                         PlantedCase{"IgnoresDuplicates", Planted::IgnoresDuplicates, 10},
                                         PlantedCase{"ForgetsOpenDelivery", Planted::ForgetsOpenDelivery, 50},
                                         PlantedCase{"ForgetsRetryAfter", Planted::ForgetsRetryAfter, 50},
                                         PlantedCase{"MixesBodies", Planted::MixesBodies, 50}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace limehook::sim
