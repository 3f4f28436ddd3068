#pragma once
// Bodies that well-known receivers take (spec, section 4; for users: docs/payloads.md).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/event.hpp"

namespace limehook {

enum class PayloadPreset : std::uint8_t { Slack, Discord, Teams, CloudEvents };
// In the order of the enumerators.
inline constexpr std::array<std::string_view, 4> kPresetNames{"slack", "discord", "teams", "cloudevents"};

// The JSON for `event`, whose payload must be one that parse_event accepted. Texts from outside stay texts: they can
// neither mention anybody nor format or link anything. What is too long for the receiver is cut and ends with "…".
std::string render(PayloadPreset preset, const Event& event);

}  // namespace limehook
