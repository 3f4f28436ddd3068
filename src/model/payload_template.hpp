#pragma once
// A webhook's own JSON with placeholders for members of the event (spec, section 4; for users: docs/payloads.md).

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"

namespace limehook {

struct PayloadNotes;

// What placeholders can name besides the event's members: its id, its type, when it was accepted, its team.
inline constexpr std::array<std::string_view, 4> kEventFacts{"$id", "$type", "$time", "$team"};

struct Placeholder {
  std::string path;                     // dotted path into the payload, or one of kEventFacts
  std::optional<std::string> fallback;  // JSON value for an event whose member is missing or null
  bool whole = false;                   // stands for the string around it, with that string's quotes
  bool operator==(const Placeholder&) const = default;
};

// Compiled when its webhook is read, by compile_template (payload_template_json.hpp).
struct PayloadTemplate {
  std::string source;                     // JSON, as it is shown
  std::vector<std::string> texts;         // JSON text before each placeholder and after the last one
  std::vector<Placeholder> placeholders;  // one fewer than texts
  bool operator==(const PayloadTemplate&) const = default;
};

// The JSON that `body_template` makes of `event`: valid whatever the event's texts are, and at most
// limits::kShapedBytesMax long. What is missing or does not fit is null, or nothing within a longer string.
std::string render(const PayloadTemplate& body_template, const Event& event, PayloadNotes& notes);

}  // namespace limehook
