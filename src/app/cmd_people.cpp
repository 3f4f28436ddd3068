// limehook users, limehook teams: who signs in, and the tenants.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/api_commands.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "base/ascii.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct PeopleOptions {
  ClientOptions client;
  std::string user;  // id or e-mail address
  std::string name;
  std::string role;
  std::string team;
  bool yes = false;
};

// "admin", or each team with the role there.
std::string roles_of(const json::object& user) {
  if (text_member(user, "admin") == "true") return "admin";
  std::string out;
  for (const auto& value : user.at("teams").as_array()) {
    const auto& member = value.as_object();
    out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", text_member(member, "team_id"), text_member(member, "role"));
  }
  return out;
}

std::string user_path(const std::string& id) { return "/v1/users/" + url_encoded(id); }

// The id of the person whom the command names; people know e-mail addresses, the API takes ids.
ApiResult<std::string> user_id(ApiClient& client, const PeopleOptions& options) {
  if (options.user.find('@') == std::string::npos) return options.user;
  const std::string email = ascii::lower(options.user);
  constexpr std::size_t kUsersMax = 100'000;
  const auto users = first_entries(client, Target("/v1/users"), kUsersMax);
  if (!users) return std::unexpected(users.error());
  const auto found =
      std::ranges::find_if(*users, [&](const auto& user) { return text_member(user, "email") == email; });
  if (found == users->end()) {
    return std::unexpected(ApiFailure{ExitCode::Failed, 0, "there is nobody with the address " + email, ""});
  }
  return text_member(*found, "id");
}

// Runs `act` with the path of the person whom the command names.
ExitCode for_user(const PeopleOptions& options, const std::function<ExitCode(const std::string& path)>& act) {
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto id = user_id(*client, options);
  return id ? act(user_path(*id)) : report(id.error(), options.client);
}

ExitCode list_users(const PeopleOptions& options) {
  return print_list(options.client, Target("/v1/users").with("team_id", options.team),
                    {"ID", "EMAIL", "NAME", "ROLES", "STATE", "SECOND FACTOR", "LAST SIGN-IN"},
                    [now = wall_now()](const json::object& user) {
                      const auto last = text_member(user, "last_sign_in_at");
                      return std::vector<std::string>{text_member(user, "id"),
                                                      text_member(user, "email"),
                                                      shortened(text_member(user, "name"), 32),
                                                      shortened(roles_of(user), 48),
                                                      text_member(user, "enabled") == "true" ? "enabled" : "disabled",
                                                      text_member(user, "totp") == "true" ? "on" : "off",
                                                      last.empty() ? "never" : local_time(last, now)};
                    });
}

ExitCode invite(const PeopleOptions& options) {
  json::object body{{"email", options.user}, {"role", options.role}};
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.team.empty()) body["team_id"] = options.team;
  const auto show = [](const json::object& invitation) {
    print_line(fmt::format("{}  {}", text_member(invitation, "id"), printable(text_member(invitation, "email"))));
    if (text_member(invitation, "mailed") == "true") print_line("An e-mail with the link is on its way.");
    print_line("link: " + text_member(invitation, "link"));
    print_line(paint(Color::Dim, "It works once, until " + text_member(invitation, "expires_at") +
                                     ". Who has it can become whoever is invited."));
  };
  // One that was mailed has arrived all the same.
  return request_once(
      options.client, "/v1/invitations", json::serialize(body), show, [](const json::object& invitation) {
        return text_member(invitation, "mailed") == "true" ? "" : "/v1/invitations/" + text_member(invitation, "id");
      });
}

ExitCode make_reset_link(const PeopleOptions& options) {
  return for_user(options, [&](const std::string& path) {
    const auto show = [](const json::object& answer) {
      print_line("link: " + text_member(answer, "link"));
      print_line(paint(Color::Dim, "It works once, until " + text_member(answer, "expires_at") + "."));
    };
    return request_once(options.client, path + "/reset-link", "", show, [](const json::object&) { return ""; });
  });
}

ExitCode set_enabled(const PeopleOptions& options, bool enabled) {
  return for_user(options, [&](const std::string& path) {
    return request(options.client, "PATCH", path, json::serialize(json::object{{"enabled", enabled}}),
                   [&](const json::object& user) {
                     print_line(fmt::format("{}  {}  {}", text_member(user, "id"), text_member(user, "email"),
                                            enabled ? "enabled" : "disabled"));
                   });
  });
}

ExitCode disable_user(const PeopleOptions& options) {
  if (const auto refused = refusal_to("Disable " + options.user + ", and sign them out everywhere?", options.yes)) {
    return *refused;
  }
  return set_enabled(options, false);
}
ExitCode enable_user(const PeopleOptions& options) { return set_enabled(options, true); }

ExitCode delete_user(const PeopleOptions& options) {
  if (const auto refused = refusal_to("Delete the account of " + options.user + "?", options.yes)) return *refused;
  return for_user(options, [&](const std::string& path) {
    return request(options.client, "DELETE", path, "",
                   [&](const json::object&) { print_line("deleted " + printable(options.user)); });
  });
}

ExitCode list_teams(const PeopleOptions& options) {
  return print_list(options.client, Target("/v1/teams"), {"ID", "NAME", "CREATED"},
                    [now = wall_now()](const json::object& team) {
                      return std::vector{text_member(team, "id"), shortened(text_member(team, "name"), 48),
                                         local_time(text_member(team, "created_at"), now)};
                    });
}

ExitCode create_team(const PeopleOptions& options) {
  json::object body{{"name", options.name}};
  if (!options.team.empty()) body["id"] = options.team;
  return request(options.client, "POST", "/v1/teams", json::serialize(body), [](const json::object& team) {
    print_line(fmt::format("{}  {}", text_member(team, "id"), printable(text_member(team, "name"))));
  });
}

ExitCode delete_team(const PeopleOptions& options) {
  if (const auto refused = refusal_to("Delete the team " + options.team + "?", options.yes)) return *refused;
  return request(options.client, "DELETE", "/v1/teams/" + url_encoded(options.team), "",
                 [&](const json::object&) { print_line("deleted " + printable(options.team)); });
}

}  // namespace

void add_users_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("users", "Manage the people who sign in (with an admin key).");
  command->require_subcommand(1)->footer(kExitCodesHelp);
  const auto options = std::make_shared<PeopleOptions>();
  const auto add = [&](const char* name, const char* help, ExitCode (*run)(const PeopleOptions&)) {
    return add_client_command(*command, name, help, options, run, chosen);
  };
  const auto add_for_one = [&](const char* name, const char* help, ExitCode (*run)(const PeopleOptions&)) {
    auto* const sub = add(name, help, run);
    sub->add_option("user", options->user, "The person's e-mail address or id (usr_...).")
        ->type_name("EMAIL|ID")
        ->required();
    return sub;
  };
  add("list", "List the people.", list_users)
      ->add_option("--team", options->team, "Only this team's members.")
      ->type_name("TEAM");
  auto* const invitation = add("invite", "Invite a person; the link is shown this once.", invite);
  invitation->add_option("email", options->user, "Whom to invite.")->type_name("EMAIL")->required();
  invitation->add_option("--role", options->role, "admin, manage or read.")->type_name("ROLE")->required();
  invitation->add_option("--team", options->team, "The team; manage and read need one.")->type_name("TEAM");
  invitation->add_option("--name", options->name, "The person's name.")->type_name("NAME");
  add_for_one("reset-link", "Make a link with which a person chooses a new password.", make_reset_link);
  add_yes_flag(*add_for_one("disable", "Keep a person from signing in, and sign them out everywhere.", disable_user),
               options->yes);
  add_for_one("enable", "Let a person sign in again.", enable_user);
  add_yes_flag(*add_for_one("delete", "Delete a person's account.", delete_user), options->yes);
}

void add_teams_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("teams", "Manage teams (with an admin key).");
  command->require_subcommand(1)->footer(kExitCodesHelp);
  const auto options = std::make_shared<PeopleOptions>();
  const auto add = [&](const char* name, const char* help, ExitCode (*run)(const PeopleOptions&)) {
    return add_client_command(*command, name, help, options, run, chosen);
  };
  add("list", "List the teams: those that were created, and those that something belongs to.", list_teams);
  auto* const create = add("create", "Create a team.", create_team);
  create->add_option("name", options->name, "Its name.")->type_name("NAME")->required();
  create->add_option("--id", options->team, "An id of your own (default: Limehook makes one).")->type_name("ID");
  auto* const removal = add("delete", "Delete a team that nothing belongs to any more.", delete_team);
  removal->add_option("id", options->team, "The team's id.")->type_name("ID")->required();
  add_yes_flag(*removal, options->yes);
}

}  // namespace limehook::app
