// Property: any bytes as a stored block give attempts that are written back and read as the same, or nothing; a
// delivery's state likewise.

#include "fuzz_input.hpp"
#include "signing/signing.hpp"
#include "store/sqlite/attempt_block.hpp"
#include "store/sqlite/delivery_state.hpp"

using namespace limehook;
using namespace limehook::store::sqlite;
using fuzz::check;

namespace {

std::string written(const StoredAttempt& stored) {
  std::string bytes;
  append_attempt(bytes, stored.delivery, stored.previous, stored.attempt);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  for (std::size_t offset = 0, before = 0; const auto stored = read_attempt(bytes, offset); before = offset) {
    check(offset > before && offset <= bytes.size(), "each attempt is behind the one before");
    const auto again = written(*stored);
    std::size_t end = 0;
    const auto read = read_attempt(again, end);
    check(read && end == again.size() && written(*read) == again, "an attempt is the same after writing");
    check(stored->attempt.outcome <= AttemptOutcome::OauthFailed, "its outcome has a name");
    signing::headers_of(stored->attempt.signatures);
    format_rfc3339(stored->attempt.started_at);
  }
  if (const auto state = decode_state(bytes)) {
    check(!name_of(state->last_outcome).empty(), "the last outcome has a name");
    const auto again = encode(*state);
    check(view_of(again) == bytes, "a state is the same after writing");
  }
  return 0;
}
