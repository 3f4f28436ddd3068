#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/demo.hpp"
#include "app/terminal.hpp"

namespace limehook::app {
namespace {

struct DemoFlags {
  DemoOptions options;
  std::string data = "./demo-data";
  std::string length;
  std::uint64_t seed = 0;
};

ExitCode demo(DemoFlags flags, bool seed_given) {
  flags.options.data = flags.data;
  if (seed_given) flags.options.seed = flags.seed;
  if (!flags.length.empty()) {
    flags.options.length = parse_duration(flags.length);
    if (!flags.options.length) {
      print_error(fmt::format("--duration: \"{}\" is not a duration; expected one such as 20s", flags.length));
      return ExitCode::Usage;
    }
  }
  return run_demo(flags.options);
}

}  // namespace

void add_demo_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("demo", "See it work: a server, a receiver and simulated phone traffic.");
  const auto flags = std::make_shared<DemoFlags>();
  auto& options = flags->options;
  command->add_option("--listen", options.listen, "Where the server listens.")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--data", flags->data, "The demo's folder; kept between runs.")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--admin-key", options.admin_key, "The server's admin key (none: the last run's, or a new one).")
      ->type_name("KEY")
      ->envname("LIMEHOOK_ADMIN_KEY");
  command->add_option("--retry-schedule", options.retry_schedule, "The server's retry schedule.")
      ->type_name("DURATION,...")
      ->capture_default_str();
  command->add_option("--rate", options.rate, "Events per second, on average.")
      ->type_name("N")
      ->check(CLI::Range(0.1, 1000.0))
      ->capture_default_str();
  auto* const seed = command->add_option("--seed", flags->seed, "Makes the traffic repeatable.")->type_name("N");
  command->add_option("--duration", flags->length, "End after so long, once everything is delivered, with a summary.")
      ->type_name("DURATION");
  command->footer("Exit codes: 0 nothing was lost, 1 something was, or the server ended, 2 wrong usage.");
  command->callback(
      [flags, seed, &chosen] { chosen = [flags, given = seed->count() > 0] { return demo(*flags, given); }; });
}

}  // namespace limehook::app
