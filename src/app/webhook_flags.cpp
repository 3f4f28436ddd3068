#include "app/webhook_flags.hpp"

#include <fmt/format.h>

#include "app/commands.hpp"
#include "base/json_text.hpp"
#include "base/time.hpp"
#include "model/event.hpp"
#include "model/verbatim_json.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;
using Problem = std::unexpected<std::string>;

// Numbers that the document model would change are kept as they are.
json::value as_written(std::string_view compact) {
  auto value = json::parse({compact.data(), compact.size()});
  return json::serialize(value) == compact ? value : verbatim(compact);
}

std::expected<json::object, std::string> read_data(const std::string& data) {
  if (data.empty()) return json::object();
  const auto text = json_text::without_byte_order_mark(data);
  const std::string compact = json_problem(text) ? "" : json_text::compact(text);
  if (!compact.starts_with('{')) {
    return Problem("--data: is not a JSON object; expected one such as '{\"max_concurrency\":2}'");
  }
  json::object members;
  json_text::each_member(compact, [&](std::string_view raw_name, std::string_view value) {
    members[*json_text::string_value('"' + std::string(raw_name) + '"')] = as_written(value);
    return true;
  });
  return members;
}

std::expected<json::object, std::string> read_headers(const std::vector<std::string>& lines) {
  json::object headers;
  for (const auto& line : lines) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      return Problem(fmt::format("--header: \"{}\" is not a header; expected 'Name: value'", line));
    }
    const auto value = line.find_first_not_of(' ', colon + 1);
    headers[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
  }
  return headers;
}

std::expected<json::array, std::string> read_schedule(const std::string& text) {
  json::array seconds;
  for (std::size_t start = 0; start <= text.size();) {
    const auto comma = std::min(text.find(',', start), text.size());
    const auto step = parse_duration(text.substr(start, comma - start));
    if (!step || *step % std::chrono::seconds(1) != Duration(0)) {
      return Problem(
          fmt::format("--retry-schedule: \"{}\" is not a list of durations in whole seconds; expected one such "
                      "as 1m,5m,15m,30m",
                      text));
    }
    seconds.emplace_back(*step / std::chrono::seconds(1));
    start = comma + 1;
  }
  return seconds;
}

std::expected<json::value, std::string> read_template(const std::string& file) {
  const auto text = read_input(file);
  if (!text) return Problem("--template: " + text.error());
  const auto json = json_text::without_byte_order_mark(*text);
  if (const auto problem = json_problem(json)) return Problem(fmt::format("--template: \"{}\" {}", file, *problem));
  return as_written(json_text::compact(json));
}

void set_text(json::object& object, const char* member, const std::string& text) {
  if (!text.empty()) object[member] = text;
}

void set_texts(json::object& object, const char* member, const std::vector<std::string>& texts) {
  if (!texts.empty()) object[member] = json::array(texts.begin(), texts.end());
}

}  // namespace

void add_webhook_flags(CLI::App& command, WebhookFlags& flags) {
  const auto list = [&](const char* flag, std::vector<std::string>& target, const char* placeholder, const char* help) {
    command.add_option(flag, target, help)->type_name(placeholder)->allow_extra_args(false);
  };
  command.add_option("--name", flags.name, "What people call it.")->type_name("NAME");
  command.add_option("--url", flags.url, "Where it goes.")->type_name("URL");
  list("--event", flags.events, "TYPE", "An event type it gets (repeatable; none: all).");
  command.add_option("--team", flags.team, "The team whose events it gets.")->type_name("TEAM");
  list("--number", flags.numbers, "NUMBER", "Only events of this phone number (repeatable).");
  list("--header", flags.headers, "'NAME: VALUE'", "A header of your own to send (repeatable).");
  command.add_option("--secret", flags.secret, "The signing secret (none: a new one).")->type_name("whsec_...");
  command.add_option("--token", flags.token, "The bearer token to send (none: a new one).")->type_name("TOKEN");
  command.add_option("--timeout", flags.timeout, "Time limit of an attempt.")->type_name("DURATION");
  command.add_option("--retry-schedule", flags.retry_schedule, "Waits after failed attempts, such as 1m,5m,15m,30m.")
      ->type_name("DURATION,...");
  command.add_option("--max-concurrency", flags.max_concurrency, "Attempts under way at the same time.")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command.add_option("--rate-limit", flags.rate_limit, "Attempts per second at most, such as 10 or 0.5.")
      ->type_name("N");
  command.add_option("--ordered", flags.ordered, "One at a time, over the whole webhook or for each call.")
      ->type_name("webhook|call|false")
      ->check(CLI::IsMember({"webhook", "call", "false"}));
  command.add_option("--fallback-url", flags.fallback_url, "Where deliveries go that its URL did not take.")
      ->type_name("URL");
  auto* preset =
      command.add_option("--preset", flags.preset, "Send what slack, discord, teams or cloudevents expects.");
  preset->type_name("NAME");
  command
      .add_option("--template", flags.template_file,
                  "Send this JSON, its {{placeholders}} filled in (-: standard input).")
      ->type_name("FILE")
      ->excludes(preset);
  command.add_option("--data", flags.data, "Any members as the API takes them, filters and payload for example.")
      ->type_name("JSON");
}

std::expected<json::object, std::string> webhook_json(const WebhookFlags& flags) {
  auto object = read_data(flags.data);
  if (!object) return object;
  set_text(*object, "name", flags.name);
  set_text(*object, "url", flags.url);
  set_text(*object, "team_id", flags.team);
  set_text(*object, "secret", flags.secret);
  set_text(*object, "token", flags.token);
  set_texts(*object, "events", flags.events);
  set_texts(*object, "numbers", flags.numbers);
  if (!flags.headers.empty()) {
    auto headers = read_headers(flags.headers);
    if (!headers) return Problem(std::move(headers.error()));
    (*object)["headers"] = std::move(*headers);
  }
  if (!flags.timeout.empty()) {
    const auto timeout = parse_duration(flags.timeout);
    if (!timeout)
      return Problem(fmt::format("--timeout: \"{}\" is not a duration; expected one such as 15s", flags.timeout));
    (*object)["timeout_ms"] = *timeout / std::chrono::milliseconds(1);
  }
  if (!flags.retry_schedule.empty()) {
    auto schedule = read_schedule(flags.retry_schedule);
    if (!schedule) return Problem(std::move(schedule.error()));
    (*object)["retry_schedule"] = std::move(*schedule);
  }
  if (!flags.preset.empty()) (*object)["payload"] = {{"preset", flags.preset}};
  if (!flags.template_file.empty()) {
    auto body_template = read_template(flags.template_file);
    if (!body_template) return Problem(std::move(body_template.error()));
    (*object)["payload"] = {{"template", std::move(*body_template)}};
  }
  if (flags.max_concurrency > 0) (*object)["max_concurrency"] = flags.max_concurrency;
  if (flags.rate_limit) (*object)["rate_limit"] = *flags.rate_limit;
  if (flags.ordered == "false") (*object)["ordered"] = false;
  else set_text(*object, "ordered", flags.ordered);
  set_text(*object, "fallback_url", flags.fallback_url);
  return object;
}

}  // namespace limehook::app
