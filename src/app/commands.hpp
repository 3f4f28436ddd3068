#pragma once
// The subcommands. Each function adds one to the root command; when the user chose it, `chosen` becomes what it does.

#include <CLI/CLI.hpp>
#include <expected>
#include <functional>
#include <string>

#include "app/exit_code.hpp"

namespace limehook::app {

using Action = std::function<ExitCode()>;

void add_serve_command(CLI::App& root, Action& chosen);
void add_demo_command(CLI::App& root, Action& chosen);
void add_send_command(CLI::App& root, Action& chosen);
void add_webhooks_command(CLI::App& root, Action& chosen);
void add_logs_command(CLI::App& root, Action& chosen);
void add_listen_command(CLI::App& root, Action& chosen);
void add_verify_command(CLI::App& root, Action& chosen);
void add_keys_command(CLI::App& root, Action& chosen);
void add_users_command(CLI::App& root, Action& chosen);
void add_teams_command(CLI::App& root, Action& chosen);
void add_audit_command(CLI::App& root, Action& chosen);
void add_backup_command(CLI::App& root, Action& chosen);
void add_check_command(CLI::App& root, Action& chosen);
void add_rotate_key_command(CLI::App& root, Action& chosen);

// The bytes of a file; "-" is standard input. The error says what is wrong, the name included.
std::expected<std::string, std::string> read_input(const std::string& name);

}  // namespace limehook::app
