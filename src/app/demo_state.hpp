#pragma once
// What the demo remembers between its runs, besides the server's store: a small JSON file in its folder.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>

namespace limehook::app {

struct DemoState {
  std::string admin_key;                       // empty: not chosen yet
  std::uint16_t receiver_port = 0;             // 0: not chosen yet
  std::map<std::string, std::string> secrets;  // of the demo's webhooks, by path
};

// A missing file is an empty state. The error says what is wrong with the file.
std::expected<DemoState, std::string> load_demo_state(const std::filesystem::path& file);
// Readable by the owner only, because it holds secrets.
std::expected<void, std::string> save_demo_state(const DemoState& state, const std::filesystem::path& file);

}  // namespace limehook::app
