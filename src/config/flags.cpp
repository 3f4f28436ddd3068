#include "config/flags.hpp"

#include <fmt/format.h>

namespace limehook::config {
namespace {

std::string help_of(const Option& option) {
  auto help = fmt::format("{} [{}]", option.help, option.variable());
  if (!option.default_text.empty() && option.kind != OptionKind::Switch) {
    help += fmt::format(" (default: {})", option.default_text);
  }
  return help;
}

// Values are read from the parsed command, not stored: load_config() judges them together with the other sources.
const CLI::callback_t kKeep = [](const CLI::results_t&) { return true; };

CLI::Option* add_value(CLI::App& command, const std::string& flag, const std::string& placeholder,
                       const std::string& help) {
  auto* const option = command.add_option(flag, kKeep, help);
  option->type_name(placeholder)->expected(1);
  return option;
}

}  // namespace

void add_flags(CLI::App& command) {
  add_value(command, "--config", "FILE",
            "A TOML file of options; a key is the flag's name with _ for -. [LIMEHOOK_CONFIG]");
  for (const auto& option : options()) {
    if (option.kind == OptionKind::Switch) {
      command.add_flag_function(option.flag(), [](std::int64_t) {}, help_of(option));
      continue;
    }
    auto* const added = add_value(command, option.flag(), std::string(option.placeholder), help_of(option));
    if (option.kind == OptionKind::List) {
      added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    }
  }
}

std::map<std::string, std::vector<std::string>, std::less<>> given_flags(const CLI::App& command) {
  std::map<std::string, std::vector<std::string>, std::less<>> flags;
  const auto take = [&](const std::string& name) {
    const auto* const option = command.get_option("--" + name);
    if (option->count() > 0) flags[name] = option->results();
  };
  take("config");
  for (const auto& option : options()) take(std::string(option.name));
  return flags;
}

}  // namespace limehook::config
