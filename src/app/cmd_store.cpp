#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "app/api_commands.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "store/sqlite/key_rotation.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::app {
namespace {

// Where a key is, as flags and variables say it.
struct KeyFlags {
  std::string file;
  std::string key;
};

struct StoreFlags {
  std::string data = "./limehook-data";
  std::string file;
  KeyFlags key;
  KeyFlags new_key;
  bool yes = false;
};

std::expected<vault::KeySource, std::string> source_of(const KeyFlags& flags) {
  vault::KeySource source;
  if (!flags.file.empty() && !flags.key.empty()) return std::unexpected("a key and a file of keys exclude each other");
  if (!flags.file.empty()) source.file = flags.file;
  if (!flags.key.empty()) {
    source.key = vault::Key::parse(flags.key);
    if (!source.key) return std::unexpected("this is no key; expected the base64 or hexadecimal form of 32 bytes");
  }
  return source;
}

ExitCode fail(ExitCode code, std::string_view why) {
  print_error(why);
  return code;
}

ExitCode backup(const StoreFlags& flags) {
  const auto made = store::backup_sqlite_store(flags.data, flags.file);
  if (!made) return fail(ExitCode::Failed, made.error());
  print_line(fmt::format("{} is a consistent copy of the store in {}", flags.file, flags.data));
  return ExitCode::Ok;
}

ExitCode check(const StoreFlags& flags) {
  const auto source = source_of(flags.key);
  if (!source) return fail(ExitCode::Usage, source.error());
  const auto own_file = std::filesystem::path(flags.data) / vault::kKeyFileName;
  std::error_code error;
  std::optional<vault::Vault> vault;
  // A backup is checked without its key.
  if (source->is_external() || std::filesystem::exists(own_file, error)) {
    auto keys = vault::load_keys(*source, own_file);
    // Others than the server's user may be let read the store, hardly ever its key.
    const bool not_theirs = !source->is_external() && ::access(own_file.c_str(), R_OK) != 0;
    if (!keys && !not_theirs) return fail(ExitCode::Failed, keys.error());
    if (keys) vault.emplace(std::move(*keys));
  }
  const auto findings = store::check_sqlite_store(flags.data, vault ? &*vault : nullptr);
  for (const auto& finding : findings) print_error(finding);
  if (!findings.empty()) return ExitCode::Failed;
  print_line(fmt::format("the store in {} is in order{}", flags.data,
                         vault ? "" : "; without the key nobody can tell whether its secrets can be opened"));
  return ExitCode::Ok;
}

ExitCode rotate_key(const StoreFlags& flags) {
  const auto question = "Seal the secrets of the store in " + flags.data + " with another key?";
  if (const auto refused = refusal_to(question, flags.yes)) return *refused;
  const auto current = source_of(flags.key);
  if (!current) return fail(ExitCode::Usage, current.error());
  const auto next = source_of(flags.new_key);
  if (!next) return fail(ExitCode::Usage, next.error());
  auto rotation = store::KeyRotation::begin(flags.data, *current, *next);
  if (!rotation) return fail(ExitCode::Failed, rotation.error());
  if (const auto added = rotation->add_key(); !added) return fail(ExitCode::Failed, added.error());
  const auto resealed = rotation->reseal();
  if (!resealed) return fail(ExitCode::Failed, resealed.error());
  if (const auto dropped = rotation->drop_old_keys(); !dropped) return fail(ExitCode::Failed, dropped.error());
  if (rotation->resumes()) print_line("a rotation that was interrupted is finished");
  print_line(fmt::format("the secrets of the store in {} are sealed with the key {} ({} sealed anew)", flags.data,
                         vault::origin_text(*next, std::filesystem::path(flags.data) / vault::kKeyFileName),
                         *resealed));
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

void add_key_flags(CLI::App& command, KeyFlags& flags, const std::string& prefix, const std::string& variable,
                   const std::string& help) {
  command.add_option("--" + prefix + "secret-key-file", flags.file, help)
      ->type_name("FILE")
      ->envname(variable + "_FILE");
  command
      .add_option("--" + prefix + "secret-key", flags.key,
                  "That key itself. Rather set " + variable + ": other users of the machine can see flags.")
      ->type_name("KEY")
      ->envname(variable);
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
  auto* const command = add_store_command(
      root, chosen, "check", "Verify the store: its file, and that its contents fit together.", check, flags);
  add_key_flags(*command, flags->key, "", "LIMEHOOK_SECRET_KEY",
                "The key of the store's secrets; without it DIR/secret.key, if that is there.");
}

void add_rotate_key_command(CLI::App& root, Action& chosen) {
  const auto flags = std::make_shared<StoreFlags>();
  auto* const command =
      add_store_command(root, chosen, "rotate-key",
                        "Seal the secrets in the store with a new key. The server must be stopped.", rotate_key, flags);
  add_key_flags(*command, flags->key, "", "LIMEHOOK_SECRET_KEY",
                "The key they are sealed with now; without it DIR/secret.key.");
  add_key_flags(*command, flags->new_key, "new-", "LIMEHOOK_NEW_SECRET_KEY",
                "The new key; without it one is made and put into DIR/secret.key.");
  add_yes_flag(*command, flags->yes);
}

}  // namespace limehook::app
