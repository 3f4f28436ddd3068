// limehook: one program, one subcommand for each thing it does.

#include <CLI/CLI.hpp>
#include <csignal>

#include "app/commands.hpp"
#include "app/terminal.hpp"

namespace limehook::app {
namespace {

// CLI11 says of a misspelt subcommand only that one is required.
std::string failure_message(const CLI::App* app, const CLI::Error& error) {
  const auto extras = app->remaining();
  const std::string unknown = extras.empty() ? "" : ": \"" + extras.front() + "\" is not known";
  return std::string("limehook: ") + error.what() + unknown + "\nRun with --help for more information.\n";
}

int run(int argc, char** argv) {
  CLI::App root("Limehook delivers the events of a phone platform as signed webhooks.", "limehook");
  root.set_version_flag("--version", "limehook " LIMEHOOK_VERSION, "Print the version and exit.");
  root.set_help_flag("-h,--help", "Print this help and exit.");
  root.require_subcommand(1);
  root.failure_message(failure_message);
  root.footer(kExitCodesHelp);
  Action chosen;
  for (const auto add : {add_serve_command, add_demo_command, add_send_command, add_webhooks_command, add_logs_command,
                         add_listen_command, add_verify_command, add_keys_command, add_users_command, add_teams_command,
                         add_audit_command, add_backup_command, add_check_command, add_rotate_key_command}) {
    add(root, chosen);
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? static_cast<int>(ExitCode::Ok) : static_cast<int>(ExitCode::Usage);
  }
  const ExitCode code = chosen();
  const auto problem = root.got_subcommand("serve") ? std::nullopt : output_problem();
  if (!problem || code != ExitCode::Ok) return static_cast<int>(code);
  print_error(*problem);
  return static_cast<int>(ExitCode::Failed);
}

}  // namespace
}  // namespace limehook::app

int main(int argc, char** argv) {
  limehook::app::hold_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a peer that closes early is an error of one connection, not the end
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit (ulimit -f) is as a full disk
  return limehook::app::run(argc, argv);
}
