#include <fmt/format.h>

#include <memory>
#include <thread>

#include "app/api_commands.hpp"
#include "app/commands.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"
#include "app/webhook_flags.hpp"
#include "model/verbatim_json.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct WebhooksOptions {
  ClientOptions client;
  WebhookFlags flags;
  std::string id;
  bool disabled = false;
  bool yes = false;
  std::string event = "missed_call";
  std::string overlap;
  std::string since;
  std::string until;
  std::string status = "failed";
  std::string term;
  std::string outcome;
  bool wait = false;
  bool skipped = false;
  std::string path() const { return "/v1/webhooks/" + url_encoded(id); }
};

std::string joined(const json::object& object, std::string_view name) {
  std::string out;
  const auto* const member = object.if_contains(json::string_view(name.data(), name.size()));
  if (member == nullptr || !member->is_array()) return out;
  for (const auto& element : member->get_array()) {
    out += fmt::format("{}{}", out.empty() ? "" : ",",
                       element.is_string() ? std::string(element.get_string()) : json::serialize(element));
  }
  return out;
}

void print_member(std::string_view label, std::string_view value) {
  if (!value.empty()) print_line(fmt::format("  {} {}", padded(label, 16), printable(value)));
}

// A member of the object that is a member of the webhook.
std::string nested_text(const json::object& webhook, const char* name, std::string_view member) {
  const auto* const object = webhook.if_contains(name);
  return object != nullptr && object->is_object() ? text_member(object->get_object(), member) : "";
}

// At a glance: "disabled", "failing" while its circuit breaker is not closed, "enabled".
std::string_view state_of(const json::object& webhook) {
  if (text_member(webhook, "enabled") != "true") return "disabled";
  const auto breaker = nested_text(webhook, "breaker", "state");
  return breaker.empty() || breaker == "closed" ? "enabled" : "failing";
}

void print_health(const json::object& webhook) {
  print_member("failing since", text_member(webhook, "failing_since"));
  if (const auto failures = nested_text(webhook, "breaker", "failures_in_a_row"); failures != "0")
    print_member("failed in a row", failures);
  print_member("next probe", nested_text(webhook, "breaker", "next_probe_at"));
  print_member("blocked by", nested_text(webhook, "blocked_by", "delivery_id"));
  if (const auto backlog = text_member(webhook, "backlog"); backlog != "0") print_member("backlog", backlog);
}

void print_webhook(const json::object& webhook) {
  const auto state = state_of(webhook);
  print_line(fmt::format("{}  {}  {}", text_member(webhook, "id"),
                         paint(Color::Bold, printable(text_member(webhook, "name"))),
                         paint(state == "enabled" ? Color::Green : Color::Red, state)));
  print_member("because", text_member(webhook, "disabled_reason"));
  print_health(webhook);
  print_member("url", text_member(webhook, "url"));
  print_member("team", text_member(webhook, "team_id"));
  print_member("events", joined(webhook, "events"));
  print_member("numbers", joined(webhook, "numbers"));
  for (const char* const name :
       {"filters", "payload", "headers", "mode", "retry_schedule", "timeout_ms", "max_concurrency", "rate_limit",
        "ordered", "fallback_url", "notify_emails", "signature_header", "public_key", "oauth", "secret", "token",
        "previous_secret_expires_at", "created_at", "updated_at"}) {
    const auto text = text_member(webhook, name);
    if (text != "{}" && text != "[]" && text != "false" && text != "push") print_member(name, text);
  }
}

ExitCode list_webhooks(const WebhooksOptions& options) {
  return print_list(options.client, Target("/v1/webhooks").with("team_id", options.flags.team),
                    {"ID", "NAME", "STATE", "EVENTS", "TEAM", "URL"}, [](const json::object& webhook) {
                      return std::vector{text_member(webhook, "id"),      shortened(text_member(webhook, "name"), 32),
                                         std::string(state_of(webhook)),  shortened(joined(webhook, "events"), 40),
                                         text_member(webhook, "team_id"), text_member(webhook, "url")};
                    });
}

ExitCode get_webhook(const WebhooksOptions& options) {
  return request(options.client, "GET", options.path(), "", print_webhook);
}

ExitCode create_webhook(const WebhooksOptions& options) {
  auto body = webhook_json(options.flags);
  if (!body) return usage_error(body.error());
  if (options.disabled) (*body)["enabled"] = false;
  return request(options.client, "POST", "/v1/webhooks", serialize_verbatim(*body), print_webhook);
}

ExitCode update_webhook(const WebhooksOptions& options) {
  const auto body = webhook_json(options.flags);
  if (!body) return usage_error(body.error());
  if (body->empty()) return usage_error("nothing to change was given; see `limehook webhooks update --help`");
  return request(options.client, "PATCH", options.path(), serialize_verbatim(*body), print_webhook);
}

ExitCode delete_webhook(const WebhooksOptions& options) {
  if (const auto refused = refusal_to("Delete " + options.id + "? What waits for it is canceled.", options.yes)) {
    return *refused;
  }
  return request(options.client, "DELETE", options.path(), "",
                 [&](const json::object&) { print_line("deleted " + options.id); });
}

ExitCode enable_webhook(const WebhooksOptions& options) {
  return request(options.client, "POST", options.path() + "/enable", "", print_webhook);
}

ExitCode disable_webhook(const WebhooksOptions& options) {
  if (const auto refused = refusal_to("Disable " + options.id + "? What waits for it is canceled.", options.yes)) {
    return *refused;
  }
  return request(options.client, "POST", options.path() + "/disable", "", print_webhook);
}

ExitCode test_webhook(const WebhooksOptions& options) {
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  const auto answer =
      client->send("POST", options.path() + "/test", json::serialize(json::object{{"event", options.event}}));
  if (!answer) return report(answer.error(), options.client);
  const auto& result = answer->json.as_object();
  const auto error = text_member(result, "error");
  const auto exit_code = error.empty() ? ExitCode::Ok : ExitCode::Failed;
  if (options.client.json) {
    print_line(answer->text);
    return exit_code;
  }
  print_line(fmt::format("{}  {} in {} ms", text_member(result, "delivery_id"),
                         error.empty() ? paint(Color::Green, "acknowledged") : paint(Color::Red, printable(error)),
                         text_member(result, "duration_ms")));
  const auto* const response = result.if_contains("response");
  if (response == nullptr || !response->is_object()) return exit_code;
  print_member("status", text_member(response->get_object(), "status"));
  print_member("headers", text_member(response->get_object(), "headers"));
  print_member("body", text_member(response->get_object(), "body"));
  return exit_code;
}

ExitCode show_secret(const WebhooksOptions& options) {
  return request(options.client, "GET", options.path() + "/secret", "", [](const json::object& answer) {
    print_member("secret", text_member(answer, "secret"));
    print_member("token", text_member(answer, "token"));
  });
}

ExitCode rotate_secret(const WebhooksOptions& options) {
  json::object body;
  if (!options.overlap.empty()) {
    const auto overlap = parse_duration(options.overlap);
    if (!overlap)
      return usage_error(fmt::format("--overlap: \"{}\" is not a duration; expected one such as 24h", options.overlap));
    body["overlap_seconds"] = *overlap / std::chrono::seconds(1);
  }
  const auto question = "Make a new secret for " + options.id + "? The old one ends after the overlap.";
  if (const auto refused = refusal_to(question, options.yes)) return *refused;
  return request(options.client, "POST", options.path() + "/rotate-secret", json::serialize(body),
                 [](const json::object& answer) {
                   print_member("secret", text_member(answer, "secret"));
                   const auto until = text_member(answer, "previous_secret_expires_at");
                   print_line(until.empty() ? "The old secret is no longer used."
                                            : "The old secret signs too until " + until + ".");
                 });
}

void print_recovery(const json::object& recovery) {
  print_line(fmt::format("{}  {}: looked at {}, redelivering {}", text_member(recovery, "id"),
                         text_member(recovery, "state"), text_member(recovery, "examined"),
                         text_member(recovery, "redelivered")));
}

ExitCode follow_recovery(ApiClient& client, const WebhooksOptions& options, json::object recovery) {
  while (text_member(recovery, "state") == "running") {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    auto answer = client.get("/v1/recoveries/" + text_member(recovery, "id"));
    if (!answer) return report(answer.error(), options.client);
    recovery = std::move(answer->json.as_object());
    if (options.client.json) print_line(json::serialize(recovery));
    else print_recovery(recovery);
  }
  return text_member(recovery, "state") == "done" ? ExitCode::Ok : ExitCode::Failed;
}

ExitCode recover(const WebhooksOptions& options) {
  json::object body{{"status", options.status}};
  for (const auto& [member, text] : {std::pair("since", options.since), std::pair("until", options.until)}) {
    if (text.empty()) continue;
    const auto at = read_time_flag(std::string("--") + member, text, wall_now());
    if (!at) return usage_error(at.error());
    body[member] = *at;
  }
  if (!options.flags.events.empty())
    body["event"] = json::array(options.flags.events.begin(), options.flags.events.end());
  if (!options.term.empty()) body["q"] = options.term;
  if (!options.outcome.empty()) body["outcome"] = options.outcome;
  if (options.skipped) body["skipped"] = true;
  const auto question = "Send again to " + options.id + " what " +
                        (options.status == "missing" ? "failed or was missed?" : "has failed?");
  if (const auto refused = refusal_to(question, options.yes)) return *refused;
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  auto answer = client->send("POST", options.path() + "/recover", json::serialize(body));
  if (!answer) return report(answer.error(), options.client);
  if (options.client.json) print_line(answer->text);
  else print_recovery(answer->json.as_object());
  return options.wait ? follow_recovery(*client, options, std::move(answer->json.as_object())) : ExitCode::Ok;
}

}  // namespace

void add_webhooks_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("webhooks", "Manage webhooks.");
  command->require_subcommand(1)->footer(kExitCodesHelp);
  const auto options = std::make_shared<WebhooksOptions>();
  const auto add = [&](const char* name, const char* help, ExitCode (*run)(const WebhooksOptions&)) {
    return add_client_command(*command, name, help, options, run, chosen);
  };
  const auto add_for_one = [&](const char* name, const char* help, ExitCode (*run)(const WebhooksOptions&)) {
    auto* const sub = add(name, help, run);
    sub->add_option("id", options->id, "The webhook's id (wh_...).")->type_name("ID")->required();
    return sub;
  };
  add("list", "List the webhooks.", list_webhooks)
      ->add_option("--team", options->flags.team, "Only this team's.")
      ->type_name("TEAM");
  auto* const create = add("create", "Create a webhook; --name and --url are needed.", create_webhook);
  add_webhook_flags(*create, options->flags);
  create->add_flag("--disabled", options->disabled, "Start disabled.");
  add_for_one("get", "Show one webhook.", get_webhook);
  add_webhook_flags(*add_for_one("update", "Change a webhook; what is not given stays.", update_webhook),
                    options->flags);
  add_yes_flag(*add_for_one("delete", "Delete a webhook.", delete_webhook), options->yes);
  add_for_one("enable", "Enable a webhook.", enable_webhook);
  add_yes_flag(*add_for_one("disable", "Disable a webhook; what waits for it is canceled.", disable_webhook),
               options->yes);
  add_for_one("test", "Send a sample now and show the answer; exit code 1 when it is not acknowledged.", test_webhook)
      ->add_option("--event", options->event, "The event type.")
      ->type_name("TYPE")
      ->capture_default_str();
  auto* const rotation =
      add_for_one("rotate-secret", "Make a new secret; the old one signs too for a while.", rotate_secret);
  rotation->add_option("--overlap", options->overlap, "For how long (default: 24h).")->type_name("DURATION");
  add_yes_flag(*rotation, options->yes);
  add_for_one("secret", "Show the secret and the token.", show_secret);
  auto* const recovery = add_for_one("recover", "Deliver again what failed or was missed.", recover);
  recovery->add_option("--since", options->since, "From this time, or so long ago (default: everything that is kept).")
      ->type_name("TIME|DURATION");
  recovery->add_option("--until", options->until, "To this time, or so long ago (default: now).")
      ->type_name("TIME|DURATION");
  recovery
      ->add_option("--status", options->status, "failed: what failed or was canceled. missing: also what it never got.")
      ->type_name("failed|missing")
      ->capture_default_str();
  recovery->add_option("--event", options->flags.events, "Only events of this type (repeatable).")
      ->type_name("TYPE")
      ->allow_extra_args(false);
  recovery->add_option("-q,--search", options->term, "Only events with this number, call id or message id.")
      ->type_name("NUMBER|ID");
  recovery->add_option("--outcome", options->outcome, "Only what ended so, such as timeout or held_back.")
      ->type_name("OUTCOME");
  recovery->add_flag("--skipped", options->skipped, "Also what somebody skipped.");
  recovery->add_flag("--wait", options->wait, "Show the progress until it has ended.");
  add_yes_flag(*recovery, options->yes);
}

}  // namespace limehook::app
