#pragma once
// One run of a seed: a first phase with faults and busy people, a second without, after which everything must have
// come to its end. The same seed gives the same run, down to the hash of its trace.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sim/scenario.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

struct Outcome {
  std::uint64_t trace_hash = 0;
  std::optional<std::string> violation;  // the promise that was broken
  Marks marks;
};

struct RunOptions {
  bool print_trace = false;
  Planted planted = Planted::None;
};

Outcome run(std::uint64_t seed, RunOptions options = {});

// The rare paths that a batch of a few hundred runs must have taken; one that was not says that the simulation no
// longer looks where it should.
std::span<const std::string_view> required_marks();

}  // namespace limehook::sim
