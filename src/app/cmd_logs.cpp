#include <fmt/format.h>

#include <memory>

#include "app/api_commands.hpp"
#include "app/commands.hpp"
#include "app/delivery_follower.hpp"
#include "app/stop_signal.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct LogsOptions {
  ClientOptions client;
  std::string delivery;
  std::string webhook;
  std::string status;
  std::string event;
  std::string since;
  std::string until;
  std::string term;
  std::size_t limit = 50;
  bool follow = false;
};

using WebhookNames = std::map<std::string, std::string>;

// Path and query of the list. The status stays out where a follower has to see every change.
std::expected<Target, std::string> list_target(const LogsOptions& options) {
  Target target("/v1/deliveries");
  target.with("webhook_id", options.webhook).with("event", options.event).with("q", options.term);
  if (!options.follow) target.with("status", options.status);
  return with_time_range(std::move(target), options.since, options.until);
}

// Names say more than ids. Without the right to see them the ids do.
WebhookNames load_webhook_names(ApiClient& client) {
  WebhookNames names;
  const auto answer = client.get("/v1/webhooks?limit=500");
  if (!answer) return names;
  for (const auto& value : answer->json.at("data").as_array()) {
    const auto& webhook = value.as_object();
    names[text_member(webhook, "id")] = text_member(webhook, "name");
  }
  return names;
}

std::string outcome_of(const json::object& delivery, WallTime now) {
  auto text = text_member(delivery, "error");
  const auto next = text_member(delivery, "next_attempt_at");
  if (!next.empty() && text_member(delivery, "attempt_count") != "0") {
    text += fmt::format("{}next attempt {}", text.empty() ? "" : "; ", local_time(next, now));
  }
  return text;
}

std::string line_of(const json::object& delivery, const WebhookNames& names) {
  const auto now = wall_now();
  const auto webhook = text_member(delivery, "webhook_id");
  const auto name = names.find(webhook);
  const auto status = text_member(delivery, "status");
  const auto outcome = printable(outcome_of(delivery, now));
  return fmt::format("{}  {}  {}  {}  {}  {}  {}{}{}", local_time(text_member(delivery, "updated_at"), now),
                     paint(Color::Dim, text_member(delivery, "id")), padded(text_member(delivery, "event"), 18),
                     padded(printable(shortened(name == names.end() ? webhook : name->second, 20)), 20),
                     paint(color_of_status(status), padded(status, 9)),
                     padded("attempt " + text_member(delivery, "attempt_count"), 10),
                     padded(text_member(delivery, "response_status"), 3), outcome.empty() ? "" : "  ", outcome);
}

void print_delivery(const json::object& delivery, const LogsOptions& options, const WebhookNames& names) {
  print_line(options.client.json ? json::serialize(delivery) : line_of(delivery, names));
}

ExitCode list(ApiClient& client, const LogsOptions& options, const Target& target) {
  const auto names = options.client.json ? WebhookNames() : load_webhook_names(client);
  const auto rows = first_entries(client, target, options.limit);
  if (!rows) return report(rows.error(), options.client);
  // The newest at the bottom, where a terminal's reader looks.
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) print_delivery(*row, options, names);
  return ExitCode::Ok;
}

ExitCode follow(ApiClient& client, const LogsOptions& options, const Target& target) {
  StopSignal stop;
  const auto names = options.client.json ? WebhookNames() : load_webhook_names(client);
  DeliveryFollower follower(
      [&](const std::string& path) -> ApiResult<json::value> {
        auto answer = client.get(path);
        if (!answer) return std::unexpected(std::move(answer.error()));
        return std::move(answer->json);
      },
      target.text(), std::min<std::size_t>(options.limit, 500));
  auto changes = follower.start();
  while (true) {
    if (!changes) return report(changes.error(), options.client);
    for (const auto& delivery : *changes) {
      if (options.status.empty() || text_member(delivery, "status") == options.status)
        print_delivery(delivery, options, names);
    }
    if (stop.wait_for(std::chrono::seconds(1))) return ExitCode::Ok;
    if (output_problem()) return ExitCode::Failed;
    changes = follower.poll();
  }
}

void print_headers(const json::object& message) {
  const auto* const headers = message.if_contains("headers");
  if (headers == nullptr || !headers->is_object()) return;
  for (const auto& header : headers->get_object()) {
    const std::string name(header.key().data(), header.key().size());
    const auto print = [&name](std::string_view value) {
      print_line(paint(Color::Dim, fmt::format("      {}: {}", printable(name), printable(value))));
    };
    const auto* const lines = header.value().if_array();  // of set-cookie
    if (lines == nullptr) print(text_member(headers->get_object(), name));
    else
      for (const auto& line : *lines) print(line.is_string() ? std::string_view(line.get_string()) : "");
  }
}

void print_attempt(const json::object& attempt) {
  const auto error = text_member(attempt, "error");
  print_line("");
  print_line(fmt::format("  attempt {}  {}  {} ms  {}", text_member(attempt, "number"), text_member(attempt, "at"),
                         text_member(attempt, "duration_ms"),
                         error.empty() ? paint(Color::Green, "acknowledged") : paint(Color::Red, printable(error))));
  if (const auto* const request = attempt.if_contains("request"); request != nullptr && request->is_object()) {
    print_line("    POST " + printable(text_member(request->get_object(), "url")));
    print_headers(request->get_object());
    print_line("      " + printable(text_member(request->get_object(), "body")));
  }
  if (const auto* const response = attempt.if_contains("response"); response != nullptr && response->is_object()) {
    print_line("    answer " + text_member(response->get_object(), "status"));
    print_headers(response->get_object());
    print_line("      " + printable(text_member(response->get_object(), "body")));
  }
}

ExitCode show(ApiClient& client, const LogsOptions& options) {
  const auto answer = client.get("/v1/deliveries/" + url_encoded(options.delivery));
  if (!answer) return report(answer.error(), options.client);
  if (options.client.json) {
    print_line(answer->text);
    return ExitCode::Ok;
  }
  const auto& delivery = answer->json.as_object();
  print_line(line_of(delivery, load_webhook_names(client)));
  for (const char* const name : {"event_id", "webhook_id", "team_id", "created_at", "updated_at", "next_attempt_at",
                                 "reason", "note", "payload"}) {
    const auto value = text_member(delivery, name);
    if (!value.empty()) print_line(fmt::format("  {} {}", padded(name, 16), printable(value)));
  }
  for (const auto& attempt : delivery.at("attempts").as_array()) print_attempt(attempt.as_object());
  return ExitCode::Ok;
}

ExitCode logs(const LogsOptions& options) {
  const auto target = list_target(options);
  if (!target) return usage_error(target.error());
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  if (!options.delivery.empty()) return show(*client, options);
  return options.follow ? follow(*client, options, *target) : list(*client, options, *target);
}

}  // namespace

void add_logs_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("logs", "Show deliveries: one line each, or one whole with its attempts.");
  const auto options = std::make_shared<LogsOptions>();
  auto* const delivery =
      command->add_option("delivery", options->delivery, "Show this delivery (dlv_...) with every attempt.");
  delivery->type_name("DELIVERY_ID");
  command->add_option("--webhook", options->webhook, "Only to this webhook (wh_...).")->type_name("ID");
  command->add_option("--status", options->status, "Only pending, retrying, delivered, failed or canceled ones.")
      ->type_name("STATUS");
  command->add_option("--event", options->event, "Only this event type.")->type_name("TYPE");
  command->add_option("--since", options->since, "Only from this time, or so long ago.")->type_name("TIME|DURATION");
  command->add_option("--until", options->until, "Only before this time, or so long ago.")->type_name("TIME|DURATION");
  command->add_option("-q,--search", options->term, "Only with exactly this number, call id or message id.")
      ->type_name("TERM");
  command->add_option("--limit", options->limit, "So many of the newest.")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command
      ->add_flag("--follow", options->follow,
                 "Go on with a line for every new delivery and every change, until Ctrl-C.")
      ->excludes(delivery);
  add_client_options(*command, options->client);
  command->callback([options, &chosen] { chosen = [options] { return logs(*options); }; });
}

}  // namespace limehook::app
