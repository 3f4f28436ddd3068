#include "sim/scenario.hpp"

namespace limehook::sim {
namespace {

using namespace std::chrono_literals;

void shrink_limits(delivery::SchedulerOptions& options, Prng& prng) {
  constexpr std::size_t kLarge = 64 * 1024 * 1024;
  options.retry_schedule = prng.chance(0.5) ? std::vector<Duration>{60s, 300s, 900s, 1800s}
                                            : std::vector<Duration>{1s, between(prng, 1s, 600s)};
  options.queue.in_flight_max = pick(prng, {1, 2, 5, 64, 4096});
  options.queue.body_bytes_max = pick(prng, {std::size_t{1}, std::size_t{1000}, kLarge});
  options.queue.breaker.failures_max = pick(prng, {2, 10});
  options.gather.large_bytes = pick(prng, {std::size_t{0}, std::size_t{1000}, options.gather.large_bytes});
  options.gather.enough_bytes = pick(prng, {std::size_t{2000}, options.gather.enough_bytes});
  options.journal_bytes_max = pick(prng, {std::size_t{500}, std::size_t{5000}, kLarge});
  options.recovery_open_max = pick(prng, {1, 3, 1000});
  options.cancel_batch_max = pick(prng, {std::size_t{1}, std::size_t{2}, std::size_t{2000}});
  options.disable_after = pick<Duration>(prng, {1h, std::chrono::days(5)});
  delivery::BacklogLimits& backlog = options.backlog;
  backlog.open_max = pick(prng, {std::size_t{1}, std::size_t{20}, backlog.open_max});
  backlog.webhook_max = pick(prng, {2, backlog.webhook_max, backlog.webhook_max});
  backlog.webhook_min = pick(prng, {2, backlog.webhook_min});
  backlog.soon = pick<Duration>(prng, {1s, backlog.soon});
  backlog.page = pick(prng, {std::size_t{5}, backlog.page, backlog.page});
}

// How often people do each thing; most seeds leave some of them out.
std::array<std::uint64_t, kDeedCount> draw_deeds(Prng& prng) {
  std::array<std::uint64_t, kDeedCount> deeds{50, 10, 14, 3, 4, 6, 9, 4, 4, 2, 2, 3};
  for (std::size_t i = 2; i < kDeedCount; ++i) deeds[i] *= pick<std::uint64_t>(prng, {0, 1, 1, 1, 4});
  return deeds;
}

}  // namespace

Scenario Scenario::draw(Prng prng) {
  const auto maybe = [&](double most) {
    return prng.chance(0.5) ? most * static_cast<double>(prng.below(100)) / 100 : 0;
  };
  Scenario s;
  shrink_limits(s.options, prng);
  s.deeds = draw_deeds(prng);
  s.recovery_step = pick(prng, {std::size_t{1}, std::size_t{4}, std::size_t{500}});
  s.pause_max = pick<Duration>(prng, {10ms, 1s, 60s});
  s.length = s.pause_max * prng.between(20, 150);
  s.teams = pick(prng, {1, 2, 5, 40});
  s.hot_team = maybe(1);
  s.webhooks_max = pick(prng, {std::size_t{4}, std::size_t{12}, std::size_t{25}});
  s.burst_max = pick<std::uint64_t>(prng, {3, 20, 20, 100});
  s.commit_full = maybe(0.3);
  s.commit_failed = maybe(0.3);
  s.commit_unknown = maybe(0.05);
  s.read_failed = maybe(0.5);
  s.crash_at_output = maybe(0.02);
  s.crash_after_commit = maybe(0.05);
  s.wall_step = maybe(0.1);
  s.drain = maybe(0.02);
  s.large_body = prng.chance(0.1) ? 0.02 : 0;
  s.drift = pick(prng, {0.0, 0.0, 0.0, 5e-5, -5e-5, 0.01, -0.01});
  s.jitter = pick<Duration>(prng, {0ms, 0ms, 0ms, 1ms, 500ms});
  // What waits in the store only is due by the wall clock, and goes with it.
  if (s.memory_is_short()) s.wall_step = s.drift = 0, s.jitter = {};
  s.wall_is_true = s.wall_step == 0 && s.drift == 0 && s.jitter == Duration(0);
  s.commit_latency_max = pick<Duration>(prng, {1ms, 20ms, 2s});
  s.read_latency_max = pick<Duration>(prng, {1ms, 50ms, 2s});
  return s;
}

void Scenario::calm() {
  commit_full = commit_failed = commit_unknown = read_failed = 0;
  crash_at_output = crash_after_commit = wall_step = drain = 0;
}

}  // namespace limehook::sim
