#include <fmt/format.h>

#include <memory>
#include <set>

#include "app/api_commands.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "base/text_direction.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct AuditOptions {
  ClientOptions client;
  std::string team;
  std::string action;
  std::string actor;
  std::string target;
  std::string since;
  std::string until;
  std::size_t limit = 50;
};

constexpr std::size_t kChangeColumns = 80;

std::expected<Target, std::string> audit_target(const AuditOptions& options) {
  Target target("/v1/audit");
  target.with("team_id", options.team).with("action", options.action);
  target.with("actor", options.actor).with("target", options.target);
  return with_time_range(std::move(target), options.since, options.until);
}

// What people know something by: its name, or else its id.
std::string named(const json::object& entry, const char* member) {
  const auto& object = entry.at(member).as_object();
  const auto name = text_member(object, "name");
  return name.empty() ? text_member(object, "id") : name;
}

// "name: CRM → ERP", one after the other.
std::string change_of(const json::object& entry) {
  const auto side = [&](const char* name) {
    return entry.at(name).is_object() ? entry.at(name).get_object() : json::object();
  };
  const auto before = side("before");
  const auto after = side("after");
  std::set<std::string> names;
  for (const auto& members : {before, after}) {
    for (const auto& member : members) names.insert(member.key());
  }
  std::string out;
  for (const std::string& name : names) {
    // Each on its own: two values from right to left would change places around the arrow.
    const auto old_value = text_direction::isolated(text_member(before, name), "?");
    out += fmt::format("{}{}: {}{}{}", out.empty() ? "" : ", ", name, old_value, old_value.empty() ? "" : " → ",
                       text_direction::isolated(text_member(after, name), "?"));
  }
  return out;
}

std::vector<std::string> cells_of(const json::object& entry, WallTime now) {
  const auto who = named(entry, "actor");
  const auto kind = text_member(entry.at("actor").as_object(), "kind");
  return {local_time(text_member(entry, "at"), now),
          who.empty() ? kind : fmt::format("{} {}", kind, shortened(who, 40)),
          text_member(entry, "client_address"),
          text_member(entry, "team_id"),
          text_member(entry, "action"),
          shortened(named(entry, "target"), 40),
          shortened(change_of(entry), kChangeColumns)};
}

ExitCode audit(const AuditOptions& options) {
  const auto target = audit_target(options);
  if (!target) return usage_error(target.error());
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto entries = first_entries(*client, *target, options.limit);
  if (!entries) return report(entries.error(), options.client);
  Table table({"TIME", "WHO", "FROM", "TEAM", "ACTION", "WHAT", "CHANGE"});
  // The newest at the bottom, where a terminal's reader looks.
  for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
    if (options.client.json) print_line(json::serialize(*entry));
    else table.add(cells_of(*entry, wall_now()));
  }
  if (!options.client.json) table.print();
  return ExitCode::Ok;
}

}  // namespace

void add_audit_command(CLI::App& root, Action& chosen) {
  const auto options = std::make_shared<AuditOptions>();
  auto* const command =
      add_client_command(root, "audit", "Show who changed what (with an admin key); with --json one entry a line.",
                         options, audit, chosen);
  command->add_option("--team", options->team, "Only what belongs to this team.")->type_name("TEAM");
  command
      ->add_option("--action", options->action,
                   "Only this action, such as webhook.updated; \"webhook.\" for all that begin so.")
      ->type_name("ACTION");
  command->add_option("--actor", options->actor, "Only what this key or person did (key_..., usr_...).")
      ->type_name("ID");
  command->add_option("--target", options->target, "Only what was done to the thing with this id.")->type_name("ID");
  command->add_option("--since", options->since, "Only from this time, or so long ago.")->type_name("TIME|DURATION");
  command->add_option("--until", options->until, "Only before this time, or so long ago.")->type_name("TIME|DURATION");
  command->add_option("--limit", options->limit, "So many of the newest.")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

}  // namespace limehook::app
