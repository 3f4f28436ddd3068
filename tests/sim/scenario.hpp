#pragma once
// What a seed decides before a run begins: which faults there are and how often, how small the limits are. Every kind
// of fault is switched off in some runs, so that those that are left meet in ways which an even mix would hide.

#include "delivery/scheduler.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

// A mistake built into the simulated shell, to show that the checks find it.
enum class Planted : std::uint8_t {
  None,
  AnswersBeforeCommit,  // tells the core of a commit that is still under way
  LosesCommits,         // now and then a commit is reported but not made
  DropsAttempts,        // now and then an attempt is never made
  RepeatsAttempts,      // now and then an attempt is made twice
  IgnoresDuplicates,    // does not pass on which events were duplicates
  ForgetsOpenDelivery,  // a start skips the first open delivery
  ForgetsRetryAfter,    // does not pass on what a receiver asked for
  MixesBodies,          // loads one delivery's body for another
};

struct Scenario {
  delivery::SchedulerOptions options;
  std::size_t recovery_step = 500;
  Duration length{};     // of the first phase, the one with faults
  Duration pause_max{};  // between two things that people do
  int teams = 1;
  double commit_full = 0;  // probabilities
  double commit_failed = 0;
  double read_failed = 0;
  double crash_at_output = 0;
  double crash_after_commit = 0;
  double wall_step = 0;
  double drain = 0;
  Duration commit_latency_max{};
  Planted planted = Planted::None;

  static Scenario draw(Prng prng);
  // No faults from here on; limits and latencies stay.
  void calm();
};

}  // namespace limehook::sim
