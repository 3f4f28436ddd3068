#pragma once
// The flags of `webhooks create` and `webhooks update` as the JSON that the API takes.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace limehook::app {

struct WebhookFlags {
  std::string name;
  std::string url;
  std::string team;
  std::vector<std::string> events;
  std::vector<std::string> numbers;
  std::vector<std::string> headers;  // "Name: value"
  std::string secret;
  std::string token;
  std::string timeout;
  std::string retry_schedule;
  int max_concurrency = 0;
  std::optional<double> rate_limit;
  std::string ordered;
  std::string fallback_url;
  std::string preset;
  std::string template_file;  // "-": standard input
  std::string data;
};

void add_webhook_flags(CLI::App& command, WebhookFlags& flags);

// What was given, to be written with serialize_verbatim() (model/verbatim_json.hpp); members of --data go first, and
// flags replace them. The error names the wrong flag.
std::expected<boost::json::object, std::string> webhook_json(const WebhookFlags& flags);

}  // namespace limehook::app
