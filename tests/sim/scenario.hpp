#pragma once
// What a seed decides before a run begins: which faults there are and how often, how small the limits are, what people
// do. Every kind of fault is switched off in some runs, so that those that are left meet in ways which an even mix
// would hide.

#include <array>

#include "delivery/scheduler.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

enum class Deed : std::uint8_t {
  SendEvents,
  CreateWebhook,
  ChangeWebhook,
  DeleteWebhook,
  TestWebhook,
  WatchWebhook,
  RetryDelivery,
  SkipDelivery,
  StartRecovery,
  CancelRecovery,
  SaveKey,
  SaveStatistics,
};
inline constexpr std::size_t kDeedCount = 12;

struct Scenario {
  delivery::SchedulerOptions options;
  std::size_t recovery_step = 500;
  Duration length{};                              // of the first phase, the one with faults
  Duration pause_max{};                           // between two things that people do
  std::array<std::uint64_t, kDeedCount> deeds{};  // how often each is done, beside the others
  int teams = 1;
  double hot_team = 0;  // so much of the traffic is one team's
  std::size_t webhooks_max = 12;
  std::uint64_t burst_max = 20;
  double commit_full = 0;  // probabilities
  double commit_failed = 0;
  double commit_unknown = 0;
  double read_failed = 0;
  double crash_at_output = 0;
  double crash_after_commit = 0;
  double wall_step = 0;
  double drain = 0;
  double large_body = 0;
  double drift = 0;  // of the wall clock, in seconds per second
  Duration jitter{};
  Duration commit_latency_max{};
  Duration read_latency_max{};

  static Scenario draw(Prng prng);
  // No faults from here on; limits and latencies stay.
  void calm();
  bool wall_is_true = true;  // all the time
  // Deliveries wait in the store only, now and then.
  bool memory_is_short() const { return options.backlog.open_max < 100 || options.backlog.webhook_max < 100; }
};

}  // namespace limehook::sim
