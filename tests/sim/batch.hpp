#pragma once
// Many seeds, and what they came to together.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/simulation.hpp"

namespace limehook::sim {

struct Broken {
  std::uint64_t seed;
  Promise promise;
  std::string what;
};

struct Batch {
  std::uint64_t seeds = 0;
  std::uint64_t repeated = 0;  // of them those that were run twice
  std::uint64_t steps = 0;
  Duration simulated{};
  Marks marks;
  std::vector<Broken> broken;  // by seed; a run ends at the first ten

  double simulated_hours() const { return static_cast<double>(simulated.count()) / 3.6e9; }
};

// Runs the seeds from `first` on, on so many threads; every twentieth twice, and both runs must be the same.
Batch run_batch(std::uint64_t first, std::uint64_t count, int threads, RunOptions options = {});

// A number, or a commit's name of 40 hexadecimal digits; nothing for anything else.
std::optional<std::uint64_t> seed_named(std::string_view text);
// Of the commit that is checked out in `folder`; nothing without git.
std::optional<std::uint64_t> seed_of_commit(const std::string& folder);

// The rare paths that a batch of a few hundred runs must have taken; one that was not says that the simulation no
// longer looks where it should.
std::span<const std::string_view> required_marks();

}  // namespace limehook::sim
