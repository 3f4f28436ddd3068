#include "sim/simulation.hpp"

#include <array>
#include <csignal>
#include <cstdlib>

#include "sim/people.hpp"

namespace limehook::sim {
namespace {

using namespace std::chrono_literals;

// Longer than any wait the core may ask for, and then some.
constexpr Duration kSecondPhase = 30h;
constexpr int kStepsMax = 2'000'000;

std::uint64_t running_seed = 0;

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
        world_{scenario_, timeline_, store_, receivers_, auditor_, marks, trace_},
        process_(world_, prng_.split()),
        people_(world_, process_, prng_.split()) {
    scenario_.planted = options.planted;
  }

  void run() {
    process_.start();
    const MonotonicTime calm = timeline_.now().mono + scenario_.length;
    people_.act_until(calm);
    steps_until(calm);
    scenario_.calm();
    receivers_.heal();
    trace_.add("calm");
    steps_until(calm + kSecondPhase);
    people_.send_probe();
    steps_until(calm + 2 * kSecondPhase);
    auditor_.finish(*process_.core(), receivers_);
    process_.handle(delivery::DrainRequested{});
    steps_until(timeline_.now().mono + 1s);
    if (!process_.drained()) throw Violation("an idle process drains at once");
  }
  std::uint64_t trace_hash() const { return trace_.hash(); }

 private:
  void steps_until(MonotonicTime end) {
    while (timeline_.step(end)) {
      if (++steps_ > kStepsMax) throw Violation("the run comes to rest");
    }
  }

  Prng prng_;
  Scenario scenario_;
  Timeline timeline_;
  Trace trace_;
  store::MemoryStore store_;
  Receivers receivers_;
  Auditor auditor_;
  World world_;
  Process process_;
  People people_;
  int steps_ = 0;
};

}  // namespace

Outcome run(std::uint64_t seed, RunOptions options) {
  running_seed = seed;
  std::signal(SIGABRT, report_seed);
  Outcome outcome;
  Simulation simulation(seed, options, outcome.marks);
  try {
    simulation.run();
  } catch (const Violation& violation) {
    outcome.violation = violation.what();
  }
  std::signal(SIGABRT, SIG_DFL);
  outcome.trace_hash = simulation.trace_hash();
  return outcome;
}

std::span<const std::string_view> required_marks() {
  static constexpr std::array<std::string_view, 35> kMarks{
      "absurd retry after",
      "applied, not told",
      "body load failed",
      "body loaded",
      "canceled while running",
      "crash",
      "delivery.exhausted",
      "drained",
      "drained too slowly",
      "duplicate",
      "fallback",
      "held too long",
      "in order",
      "missing delivery made",
      "orphan loaded",
      "paced",
      "probe",
      "received twice",
      "recovery resumed",
      "recovery step failed",
      "refused: busy",
      "refused: conflict",
      "refused: disabled",
      "refused: draining",
      "refused: not found",
      "refused: store failed",
      "refused: store full",
      "reset after processing",
      "retry while closing",
      "sweep",
      "sweep failed",
      "wall clock stepped",
      "webhook.disabled",
      "webhook.failing",
      "webhook.recovered",
  };
  return kMarks;
}

}  // namespace limehook::sim
