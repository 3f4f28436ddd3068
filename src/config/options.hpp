#pragma once
// The one table of the server's options. Flags, environment variables, file keys, `serve --help` and the checks of
// the documentation all come from it.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace limehook::config {

enum class OptionKind : std::uint8_t {
  Switch,  // a flag without a value
  Single,
  List,  // a flag that may be repeated; commas in a variable; an array in a file
};

struct Option {
  std::string_view name;  // "retry-schedule"
  OptionKind kind{};
  std::string_view placeholder;   // what stands for the value in help; empty for switches
  std::string_view default_text;  // empty: there is none
  std::string_view help;          // one or two sentences
  // Puts a value given as text (lists with commas) into `config`. Answers what is wrong with it.
  std::optional<std::string> (*apply)(Config& config, std::string_view text);

  std::string flag() const;      // "--retry-schedule"
  std::string variable() const;  // "LIMEHOOK_RETRY_SCHEDULE"
  std::string key() const;       // "retry_schedule"
};

std::span<const Option> options();

}  // namespace limehook::config
