#include <fmt/format.h>

#include <memory>

#include "app/api_commands.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct KeyOptions {
  ClientOptions client;
  std::string id;
  std::string name;
  std::string role;
  std::string team;
  std::string expires;
  bool yes = false;
  std::string path() const { return "/v1/keys/" + url_encoded(id); }
};

ExitCode list_keys(const KeyOptions& options) {
  return print_list(options.client, Target("/v1/keys").with("team_id", options.team),
                    {"ID", "NAME", "ROLE", "TEAM", "HINT", "EXPIRES", "LAST USED", "CREATED"},
                    [now = wall_now()](const json::object& key) {
                      const auto time = [&](const char* name) { return local_time(text_member(key, name), now); };
                      const auto expires = time("expires_at");
                      const auto used = time("last_used_at");
                      return std::vector{text_member(key, "id"),         text_member(key, "name"),
                                         text_member(key, "role"),       text_member(key, "team_id"),
                                         "…" + text_member(key, "hint"), expires.empty() ? "never" : expires,
                                         used.empty() ? "never" : used,  time("created_at")};
                    });
}

ExitCode create_key(const KeyOptions& options) {
  json::object body{{"name", options.name}, {"role", options.role}};
  if (!options.team.empty()) body["team_id"] = options.team;
  if (!options.expires.empty()) {
    const auto at = read_expiry_flag("--expires", options.expires, wall_now());
    if (!at) return usage_error(at.error());
    body["expires_at"] = *at;
  }
  const auto show = [](const json::object& key) {
    print_line(fmt::format("{}  {}", text_member(key, "id"), printable(text_member(key, "name"))));
    print_line(fmt::format("key: {}", text_member(key, "key")));
    if (const auto expires = text_member(key, "expires_at"); !expires.empty()) print_line("expires: " + expires);
    print_line(paint(Color::Dim, "The key is not shown again."));
  };
  return request_once(options.client, "/v1/keys", json::serialize(body), show,
                      [](const json::object& key) { return "/v1/keys/" + text_member(key, "id"); });
}

ExitCode rename_key(const KeyOptions& options) {
  return request(options.client, "PATCH", options.path(), json::serialize(json::object{{"name", options.name}}),
                 [](const json::object& key) {
                   print_line(fmt::format("{}  {}", text_member(key, "id"), printable(text_member(key, "name"))));
                 });
}

ExitCode delete_key(const KeyOptions& options) {
  if (const auto refused = refusal_to("Delete " + options.id + "? Who uses it is refused from then on.", options.yes)) {
    return *refused;
  }
  return request(options.client, "DELETE", options.path(), "",
                 [&](const json::object&) { print_line("deleted " + options.id); });
}

}  // namespace

void add_keys_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("keys", "Manage API keys (with an admin key).");
  command->require_subcommand(1)->footer(kExitCodesHelp);
  const auto options = std::make_shared<KeyOptions>();
  const auto add = [&](const char* name, const char* help, ExitCode (*run)(const KeyOptions&)) {
    return add_client_command(*command, name, help, options, run, chosen);
  };
  const auto add_for_one = [&](const char* name, const char* help, ExitCode (*run)(const KeyOptions&)) {
    auto* const sub = add(name, help, run);
    sub->add_option("id", options->id, "The key's id (key_...).")->type_name("ID")->required();
    return sub;
  };
  add("list", "List the keys, without their characters.", list_keys)
      ->add_option("--team", options->team, "Only this team's.")
      ->type_name("TEAM");
  auto* const create = add("create", "Create a key; it is shown this once.", create_key);
  create->add_option("--name", options->name, "What it is for.")->type_name("NAME")->required();
  create->add_option("--role", options->role, "admin, manage, ingest or read.")->type_name("ROLE")->required();
  create->add_option("--team", options->team, "The team it is limited to; manage and read need one.")
      ->type_name("TEAM");
  create->add_option("--expires", options->expires, "From when on, or after how long, it is refused (default: never).")
      ->type_name("TIME|DURATION");
  add_for_one("rename", "Give a key another name.", rename_key)
      ->add_option("--name", options->name, "What it is for.")
      ->type_name("NAME")
      ->required();
  add_yes_flag(*add_for_one("delete", "Delete a key; requests with it are refused from then on.", delete_key),
               options->yes);
}

}  // namespace limehook::app
