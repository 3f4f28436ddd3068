#pragma once
// What an Idempotency-Key stands for (spec, section 4). A key belongs to a team and to a payload: for 24 hours the same
// key of the same team makes no second event. Keys are visible ASCII, so what is made of them here never meets one.

#include <string>
#include <string_view>

namespace limehook::store {

// What two payloads have in common that count as the same: the SHA-256 of the compact text, so white space between
// tokens does not count, and the order of members, escapes and the way a number is written do.
std::string fingerprint_of(std::string_view compact_payload);

// The key of one item of a batch that came with `key`. It goes with the item's content and not with its place, so a
// batch may be sent again in parts, in another order, or with some items corrected.
std::string item_key(std::string_view key, std::string_view fingerprint);

// The key as it is stored: the event's team, a zero byte, the key.
std::string stored_key(std::string_view team_id, std::string_view key);

// Do two fingerprints tell of different payloads? Keys that older versions have stored have none.
bool is_other(std::string_view stored_fingerprint, std::string_view fingerprint);

}  // namespace limehook::store
