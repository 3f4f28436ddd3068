#pragma once
// Attempts as the file keeps them: those of one commit together, as blocks of bytes. They are only ever appended, and
// found by a reference, so a row for each would pay for columns that no query looks at.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/delivery.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Where an attempt is; 0: nowhere. Part of the file format: the block's id and, in the low bits, the byte it begins at.
using AttemptRef = std::int64_t;
inline constexpr int kAttemptOffsetBits = 20;
inline constexpr std::size_t kAttemptBlockBytes = 64 * 1024;  // a block that has reached this takes no more

constexpr AttemptRef attempt_ref(std::int64_t block, std::size_t offset) {
  return block << kAttemptOffsetBits | static_cast<std::int64_t>(offset);
}
constexpr std::int64_t block_of(AttemptRef ref) { return ref >> kAttemptOffsetBits; }
constexpr std::size_t offset_of(AttemptRef ref) {
  return static_cast<std::size_t>(ref & ((AttemptRef{1} << kAttemptOffsetBits) - 1));
}

// One that was not attempt number 1 names the one before it.
struct StoredAttempt {
  DeliveryId delivery;
  AttemptRef previous = 0;
  Attempt attempt;
};

void append_attempt(std::string& block, DeliveryId delivery, AttemptRef previous, const Attempt& attempt);
// The attempt that begins at `offset`, which moves behind it. Nothing when the bytes there are none.
std::optional<StoredAttempt> read_attempt(std::string_view block, std::size_t& offset);

// Reads attempts by reference; keeps the block it read last.
class AttemptReader {
 public:
  explicit AttemptReader(Database& db) : db_(db) {}
  // Nothing when it is not there or damaged.
  std::optional<StoredAttempt> read(AttemptRef ref);

 private:
  Database& db_;
  std::int64_t block_ = 0;
  std::string bytes_;
};

}  // namespace limehook::store::sqlite
