#pragma once
// Text from elsewhere within a text of Limehook's: scripts that are written from right to left, and marks that steer
// the direction, must not turn what stands around them (Unicode Standard Annex #9). web/src/direction.ts is the same
// for pages.

#include <cstddef>
#include <string>
#include <string_view>

namespace limehook::text_direction {

inline constexpr std::string_view kIsolate = "\u2068";     // FIRST STRONG ISOLATE
inline constexpr std::string_view kEndIsolate = "\u2069";  // POP DIRECTIONAL ISOLATE

// `text`, in UTF-8, so that its direction stays its own: each of its lines between kIsolate and kEndIsolate where it
// has letters that are written from right to left. Each mark that would have an effect beyond the text becomes
// `instead`. What has been isolated once stays as it is.
std::string isolated(std::string_view text, std::string_view instead = "");

// By how many isolates more there are after `character` of a text than before it: 1, 0 or -1.
int isolates_opened(std::string_view character);

// The size of the character at the front of `text`, which is not empty: at least one byte, also where it is broken.
std::size_t character_size(std::string_view text);

}  // namespace limehook::text_direction
