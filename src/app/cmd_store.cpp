#include <fmt/format.h>

#include <memory>

#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::app {
namespace {

struct StoreFlags {
  std::string data = "./limehook-data";
  std::string file;
};

ExitCode backup(const StoreFlags& flags) {
  const auto made = store::backup_sqlite_store(flags.data, flags.file);
  if (!made) {
    print_error(made.error());
    return ExitCode::Failed;
  }
  print_line(fmt::format("{} is a consistent copy of the store in {}", flags.file, flags.data));
  return ExitCode::Ok;
}

ExitCode check(const StoreFlags& flags) {
  const auto findings = store::check_sqlite_store(flags.data);
  for (const auto& finding : findings) print_error(finding);
  if (!findings.empty()) return ExitCode::Failed;
  print_line(fmt::format("the store in {} is in order", flags.data));
  return ExitCode::Ok;
}

CLI::App* add_store_command(CLI::App& root, Action& chosen, const char* name, const char* help,
                            ExitCode (*run)(const StoreFlags&), const std::shared_ptr<StoreFlags>& flags) {
  auto* const command = root.add_subcommand(name, help);
  command->add_option("--data", flags->data, "The folder of the embedded store.")
      ->type_name("DIR")
      ->envname("LIMEHOOK_DATA")
      ->capture_default_str();
  command->footer("Exit codes: 0 done, 1 it failed or something is wrong with the store, 2 wrong usage.");
  command->callback([flags, run, &chosen] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

}  // namespace

void add_backup_command(CLI::App& root, Action& chosen) {
  const auto flags = std::make_shared<StoreFlags>();
  add_store_command(root, chosen, "backup", "Make a consistent copy of the store, also while the server runs.", backup,
                    flags)
      ->add_option("file", flags->file, "The copy to make.")
      ->type_name("FILE")
      ->required();
}

void add_check_command(CLI::App& root, Action& chosen) {
  const auto flags = std::make_shared<StoreFlags>();
  add_store_command(root, chosen, "check", "Verify the store: its file, and that its contents fit together.", check,
                    flags);
}

}  // namespace limehook::app
