#include <fmt/format.h>

#include <memory>

#include "app/api_client.hpp"
#include "app/commands.hpp"
#include "app/event_input.hpp"
#include "app/terminal.hpp"
#include "model/event.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

struct SendOptions {
  ClientOptions client;
  std::string type = "missed_call";
  std::string file;
  std::string data;
  std::size_t count = 1;
  std::string idempotency_key;
};

std::expected<std::vector<std::string>, std::string> events_of(const SendOptions& options) {
  if (options.file.empty() && options.data.empty()) {
    const auto type = event_type_named(options.type);
    for (const auto& known : event_types()) {
      if (type == known.type && !is_operational(known.type))
        return std::vector<std::string>(options.count, std::string(known.sample));
    }
    std::string all;
    for (const auto& known : event_types()) {
      if (!is_operational(known.type)) all += fmt::format("{}{}", all.empty() ? "" : ", ", known.name);
    }
    return std::unexpected(fmt::format("--type: \"{}\" is not known; expected one of {}", options.type, all));
  }
  const auto text = options.file.empty() ? options.data : read_input(options.file);
  if (!text) return std::unexpected("--file: " + text.error());
  auto events = split_events(*text);
  if (!events) return std::unexpected((options.file.empty() ? "--data: " : "--file: ") + events.error());
  std::vector<std::string> repeated;
  for (std::size_t i = 0; i < options.count; ++i) repeated.insert(repeated.end(), events->begin(), events->end());
  return repeated;
}

void print_accepted(const json::object& item) {
  const auto deliveries = text_member(item, "deliveries");
  print_line(fmt::format("{}  goes to {} webhook{}{}", text_member(item, "id"), deliveries,
                         deliveries == "1" ? "" : "s", item.contains("duplicate") ? "  (accepted earlier)" : ""));
}

// Answers whether the event was accepted.
bool print_item(std::size_t number, const json::object& item) {
  const auto* const errors = item.if_contains("errors");
  if (errors == nullptr) {
    print_accepted(item);
    return true;
  }
  print_error(fmt::format("event {} was refused", number));
  for (const auto& error : errors->as_array()) {
    print_error(fmt::format("  {}: {}", printable(text_member(error.as_object(), "pointer")),
                            printable(text_member(error.as_object(), "detail"))));
  }
  return false;
}

ExitCode send_one(ApiClient& client, const SendOptions& options, const std::string& event) {
  HttpHeaders headers;
  if (!options.idempotency_key.empty()) headers.emplace_back("Idempotency-Key", options.idempotency_key);
  const auto answer = client.send("POST", "/v1/events", event, std::move(headers));
  if (!answer) return report(answer.error(), options.client);
  if (options.client.json) print_line(answer->text);
  else print_accepted(answer->json.as_object());
  return ExitCode::Ok;
}

ExitCode send_many(ApiClient& client, const SendOptions& options, const std::vector<std::string>& events) {
  const auto batches = make_batches(events);
  ExitCode result = ExitCode::Ok;
  std::size_t number = 0;
  for (const std::string& batch : batches) {
    HttpHeaders headers;
    if (!options.idempotency_key.empty()) headers.emplace_back("Idempotency-Key", options.idempotency_key);
    const auto answer = client.send("POST", "/v1/events/batch", batch, std::move(headers));
    if (!answer) return report(answer.error(), options.client);
    for (const auto& item : answer->json.at("data").as_array()) {
      ++number;
      if (options.client.json) print_line(json::serialize(item));
      const bool accepted =
          options.client.json ? !item.as_object().contains("errors") : print_item(number, item.as_object());
      if (!accepted) result = ExitCode::Failed;
    }
  }
  return result;
}

ExitCode send(const SendOptions& options) {
  const auto events = events_of(options);
  if (!events) {
    print_error(events.error());
    return ExitCode::Usage;
  }
  auto client = ApiClient::connect(options.client);
  if (!client) return report(client.error(), options.client);
  return events->size() == 1 ? send_one(*client, options, events->front()) : send_many(*client, options, *events);
}

}  // namespace

void add_send_command(CLI::App& root, Action& chosen) {
  auto* const command = root.add_subcommand("send", "Send events: samples, or your own.");
  const auto options = std::make_shared<SendOptions>();
  auto* const type = command->add_option("--type", options->type, "Send the sample of this event type.");
  type->type_name("TYPE")->capture_default_str();
  auto* const file = command->add_option("--file", options->file,
                                         "Send what is in this file (- is standard input): one event, a JSON array, or "
                                         "one event per line.");
  file->type_name("FILE")->excludes(type);
  command->add_option("--data", options->data, "Send this JSON: one event or an array.")
      ->type_name("JSON")
      ->excludes(type)
      ->excludes(file);
  command->add_option("--count", options->count, "Send it so many times.")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option(
          "--idempotency-key", options->idempotency_key,
          "Send each event at most once: within 24 hours the same event with the same key gets the first answer "
          "again.")
      ->type_name("KEY");
  add_client_options(*command, options->client);
  command->callback([options, &chosen] { chosen = [options] { return send(*options); }; });
}

}  // namespace limehook::app
