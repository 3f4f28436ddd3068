#include "sim/simulation.hpp"

#include <csignal>
#include <cstdlib>

#include "sim/people.hpp"

namespace limehook::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLateMails = 1h;  // they go out when all deliveries have ended long since
constexpr std::uint64_t kStepsMax = 20'000'000;

thread_local std::uint64_t running_seed = 0;

// The core's own assertions end the program; say which seed it was.
void report_seed(int) {
  std::fprintf(stderr, "in seed %llu\n", static_cast<unsigned long long>(running_seed));
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

class Simulation {
 public:
  Simulation(std::uint64_t seed, const RunOptions& options, Marks& marks)
      : prng_(seed),
        scenario_(Scenario::draw(prng_.split())),
        trace_(timeline_, options.print_trace),
        receivers_(prng_.split(), marks),
        auditor_(scenario_, timeline_, store_, marks),
        tamper_(options.planted, Prng(seed)),
        world_{scenario_, timeline_, store_, receivers_, auditor_, marks, trace_, tamper_},
        process_(world_, prng_.split()),
        people_(world_, process_, prng_.split()) {
    timeline_.disturb_wall(scenario_.drift, scenario_.jitter);
    if (!scenario_.wall_is_true) marks.hit("wall clock is wrong");
  }

  void run() {
    process_.start();
    const MonotonicTime calm = timeline_.now().mono + scenario_.length;
    people_.act_until(calm);
    patrol_each(scenario_.length / 40);
    steps_until(calm);
    scenario_.calm();
    receivers_.heal();
    trace_.add("calm");
    const MonotonicTime healed = calm + 2min;  // the process is up again, and nothing fails any more
    steps_until(healed);
    const MonotonicTime end = healed + auditor_.time_to_end() + kLateMails;
    steps_until(end);
    process_.finish();
    people_.send_probe();
    steps_until(end + auditor_.time_to_end() + kLateMails);
    process_.finish();
    process_.handle(delivery::DrainRequested{});
    steps_until(timeline_.now().mono + 1s);
    check(process_.drained(), Promise::Quiet, "an idle process drains at once");
  }
  std::uint64_t trace_hash() const { return trace_.hash(); }
  std::uint64_t steps() const { return steps_; }
  Duration simulated() const { return timeline_.since_start(); }

 private:
  void patrol_each(Duration pause) {
    timeline_.after(pause, [this, pause] {
      if (process_.core()) auditor_.patrol();
      if (++patrols_ % 8 == 0) process_.compare_with_rebuilt();
      // Rarely in the long second phase.
      if (patrols_ < 200) patrol_each(patrols_ < 40 ? pause : 10min);
    });
  }
  void steps_until(MonotonicTime end) {
    while (timeline_.step(end)) check(++steps_ < kStepsMax, Promise::Quiet, "the run comes to rest");
  }

  Prng prng_;
  Scenario scenario_;
  Timeline timeline_;
  Trace trace_;
  store::MemoryStore store_;
  Receivers receivers_;
  Auditor auditor_;
  Tamper tamper_;
  World world_;
  Process process_;
  People people_;
  std::uint64_t steps_ = 0;
  int patrols_ = 0;
};

}  // namespace

Outcome run(std::uint64_t seed, RunOptions options) {
  [[maybe_unused]] static const auto installed = std::signal(SIGABRT, report_seed);
  running_seed = seed;
  Outcome outcome;
  Simulation simulation(seed, options, outcome.marks);
  try {
    simulation.run();
  } catch (const Violation& violation) {
    outcome.broken = violation.promise;
    outcome.violation = violation.what();
  }
  outcome.trace_hash = simulation.trace_hash();
  outcome.steps = simulation.steps();
  outcome.simulated = simulation.simulated();
  return outcome;
}

}  // namespace limehook::sim
