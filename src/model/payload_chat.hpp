#pragma once
// An event in human words, for chats: plain text, which each preset escapes for its target. Private to this folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"

namespace limehook {

struct ChatMessage {
  struct Line {
    std::string_view label;
    std::string value;
  };
  std::string headline;         // "Missed call from +1234567890"
  std::vector<Line> lines;      // only of what the event has
  std::string text;             // what somebody wrote or said; may be empty
  std::string_view link_label;  // "Listen to the voicemail"
  std::string link;             // absolute http(s) URL of RFC 3986 characters without ( ) | '; empty: none
  std::optional<WallTime> at;   // when it happened
};

// `event`'s payload must be one that parse_event accepted.
ChatMessage chat_message_of(const Event& event);

}  // namespace limehook
