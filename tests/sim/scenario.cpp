#include "sim/scenario.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;

Scenario Scenario::draw(Prng prng) {
  constexpr std::size_t kLarge = 64 * 1024 * 1024;
  const auto maybe = [&](double most) {
    return prng.chance(0.5) ? most * static_cast<double>(prng.below(100)) / 100 : 0;
  };
  Scenario s;
  s.options.retry_schedule = prng.chance(0.5) ? std::vector<Duration>{60s, 300s, 900s, 1800s}
                                              : std::vector<Duration>{1s, between(prng, 1s, 600s)};
  s.options.queue.in_flight_max = pick(prng, {1, 2, 5, 4096});
  s.options.queue.body_bytes_max = pick(prng, {std::size_t{1}, std::size_t{1000}, kLarge});
  s.options.gather.large_bytes = pick(prng, {std::size_t{0}, std::size_t{1000}, s.options.gather.large_bytes});
  s.options.gather.enough_bytes = pick(prng, {std::size_t{2000}, s.options.gather.enough_bytes});
  s.options.journal_bytes_max = pick(prng, {std::size_t{500}, std::size_t{5000}, kLarge});
  s.options.recovery_open_max = pick(prng, {1, 3, 1000});
  s.options.cancel_batch_max = pick(prng, {std::size_t{1}, std::size_t{2}, std::size_t{2000}});
  s.options.queue.breaker.failures_max = pick(prng, {2, 10});
  s.options.disable_after = pick<Duration>(prng, {1h, std::chrono::days(5)});
  s.options.backlog.open_max = pick(prng, {std::size_t{1}, std::size_t{20}, s.options.backlog.open_max});
  s.options.backlog.webhook_max = pick(prng, {2, s.options.backlog.webhook_max, s.options.backlog.webhook_max});
  s.options.backlog.webhook_min = pick(prng, {2, s.options.backlog.webhook_min});
  s.options.backlog.soon = pick<Duration>(prng, {1s, s.options.backlog.soon});
  s.options.backlog.page = pick(prng, {std::size_t{5}, s.options.backlog.page, s.options.backlog.page});
  s.recovery_step = pick(prng, {std::size_t{1}, std::size_t{4}, std::size_t{500}});
  s.pause_max = pick<Duration>(prng, {10ms, 1s, 60s});
  s.length = s.pause_max * prng.between(20, 150);
  s.teams = pick(prng, {1, 2, 5});
  s.commit_full = maybe(0.3);
  s.commit_failed = maybe(0.3);
  s.read_failed = maybe(0.5);
  s.crash_at_output = maybe(0.02);
  s.crash_after_commit = maybe(0.05);
  s.wall_step = maybe(0.1);
  s.drain = maybe(0.02);
  // What waits in the store only is due by the wall clock, and could then be late.
  if (s.options.backlog.open_max < 100 || s.options.backlog.webhook_max < 100) s.wall_step = 0;
  s.commit_latency_max = pick<Duration>(prng, {1ms, 20ms, 2s});
  return s;
}

void Scenario::calm() {
  commit_full = commit_failed = read_failed = crash_at_output = crash_after_commit = wall_step = drain = 0;
}

}  // namespace limehook::sim
