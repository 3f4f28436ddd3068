#pragma once
// Events as a user hands them to `limehook send`: one object, an array of them, or one per line.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::app {

// The events in `text` as compact JSON, otherwise untouched: the server judges them. The error says where the text is
// not JSON.
std::expected<std::vector<std::string>, std::string> split_events(std::string_view text);

// JSON arrays of consecutive events, each within what the batch route takes.
std::vector<std::string> make_batches(const std::vector<std::string>& events);

}  // namespace limehook::app
