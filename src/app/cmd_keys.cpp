#include <fmt/format.h>

#include <memory>

#include "app/api_client.hpp"
#include "app/commands.hpp"
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
};

ExitCode list_keys(const KeyOptions& options) {
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto answer = client->get("/v1/keys");
  if (!answer) return report(answer.error(), options.client);
  if (options.client.json) {
    print_line(answer->text);
    return ExitCode::Ok;
  }
  Table table({"ID", "NAME", "ROLE", "TEAM", "ENDS IN", "CREATED"});
  for (const auto& value : answer->json.at("data").as_array()) {
    const auto& key = value.as_object();
    table.add({text_member(key, "id"), text_member(key, "name"), text_member(key, "role"), text_member(key, "team_id"),
               text_member(key, "hint"), local_time(text_member(key, "created_at"), wall_now())});
  }
  table.print();
  return ExitCode::Ok;
}

ExitCode create_key(const KeyOptions& options) {
  json::object body{{"name", options.name}, {"role", options.role}};
  if (!options.team.empty()) body["team_id"] = options.team;
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto answer = client->send("POST", "/v1/keys", json::serialize(body));
  if (!answer) return report(answer.error(), options.client);
  if (options.client.json) {
    print_line(answer->text);
    return ExitCode::Ok;
  }
  const auto& key = answer->json.as_object();
  print_line(fmt::format("{}  {}", text_member(key, "id"), printable(text_member(key, "name"))));
  print_line(fmt::format("key: {}", text_member(key, "key")));
  print_line(paint(Color::Dim, "It is not shown again."));
  return ExitCode::Ok;
}

ExitCode delete_key(const KeyOptions& options) {
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto answer = client->remove("/v1/keys/" + url_encoded(options.id));
  if (!answer) return report(answer.error(), options.client);
  if (!options.client.json) print_line("deleted " + options.id);
  return ExitCode::Ok;
}

}  // namespace

void add_keys_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("keys", "Manage API keys (with an admin key).");
  command->require_subcommand(1)->footer(kExitCodesHelp);
  const auto options = std::make_shared<KeyOptions>();
  const auto add = [&](const char* name, const char* help, ExitCode (*run)(const KeyOptions&)) {
    auto* const sub = command->add_subcommand(name, help);
    add_client_options(*sub, options->client);
    sub->callback([options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
    return sub;
  };
  add("list", "List the keys, without their characters.", list_keys);
  auto* const create = add("create", "Create a key; it is shown this once.", create_key);
  create->add_option("--name", options->name, "What it is for.")->type_name("NAME")->required();
  create->add_option("--role", options->role, "admin, manage, ingest or read.")->type_name("ROLE")->required();
  create->add_option("--team", options->team, "The team it is limited to; manage and read need one.")
      ->type_name("TEAM");
  add("delete", "Delete a key; requests with it are refused from then on.", delete_key)
      ->add_option("id", options->id, "The key's id (key_...).")
      ->type_name("ID")
      ->required();
}

}  // namespace limehook::app
