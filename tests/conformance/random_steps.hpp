#pragma once
// A store's life in random steps that touch every table, and what a store has in it, as text. The same seed makes the
// same steps.

#include <string>
#include <vector>

#include "base/prng.hpp"
#include "store_harness.hpp"

namespace limehook::store {

struct StoreStep {
  enum class Kind : std::uint8_t { Commit, Prune, PruneAudit, Maintain, Reopen };
  Kind kind{};
  WriteBatch batch;  // Commit
  WallTime bound{};  // Prune, PruneAudit: what is older goes; Maintain: now
  // Does it change what readers see?
  bool matters() const { return kind != Kind::Maintain && kind != Kind::Reopen; }
};

std::vector<StoreStep> random_steps(std::uint64_t seed, std::size_t count);

// A commit of one event that nothing else refers to; later than all of random_steps().
WriteBatch later_batch();

// Everything that the port tells, but for the size and the largest id (the latter outlives its row in some stores
// only).
std::string contents_of(const Store& store);

}  // namespace limehook::store
