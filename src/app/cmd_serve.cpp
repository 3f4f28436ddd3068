#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "app/commands.hpp"
#include "app/serve.hpp"
#include "app/terminal.hpp"
#include "config/flags.hpp"
#include "config/load.hpp"

namespace limehook::app {
namespace {

// More would only cost: a table of descriptors is allocated as it is used.
constexpr rlim_t kDescriptorsWanted = 65'536;

// Asks for as many descriptors as the system grants without privileges; answers how many that are.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < kDescriptorsWanted && limit.rlim_cur < limit.rlim_max) {
    auto raised = limit;
    raised.rlim_cur = std::min(limit.rlim_max, kDescriptorsWanted);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

ExitCode serve(const CLI::App& command) {
  config::Sources sources{config::given_flags(command), config::limehook_variables(environ), raise_descriptor_limit()};
  const auto loaded = config::load_config(sources);
  if (!loaded) {
    print_error(loaded.error());
    return ExitCode::Usage;
  }
  for (const auto& warning : loaded->warnings) print_error(warning);
  return static_cast<ExitCode>(run_serve(loaded->config));
}

}  // namespace

void add_serve_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("serve", "Run the server: take events, deliver webhooks.");
  config::add_flags(*command);
  command->footer("A flag wins over its variable, which wins over the file.\n" + std::string(kExitCodesHelp));
  command->callback([command, &chosen] { chosen = [command] { return serve(*command); }; });
}

}  // namespace limehook::app
