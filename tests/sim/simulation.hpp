#pragma once
// One run of a seed: a first phase with faults and busy people, a second without, after which everything must have
// come to its end. The same seed gives the same run, down to the hash of its trace.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/promises.hpp"
#include "sim/tamper.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

struct Outcome {
  std::uint64_t trace_hash = 0;  // of all that happened, with the core's states
  std::uint64_t steps = 0;
  Duration simulated{};
  std::optional<Promise> broken;
  std::string violation;  // what broke it
  Marks marks;
};

struct RunOptions {
  bool print_trace = false;
  Planted planted = Planted::None;
};

Outcome run(std::uint64_t seed, RunOptions options = {});

}  // namespace limehook::sim
