#include "app/api_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "app/terminal.hpp"
#include "app/time_flag.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kPageEntries = 500;

}  // namespace

ExitCode usage_error(std::string_view text) {
  print_error(text);
  return ExitCode::Usage;
}

ExitCode request(const ClientOptions& options, std::string_view method, const std::string& target, std::string body,
                 const std::function<void(const json::object&)>& show) {
  auto client = ApiClient::connect(options);
  if (!client) return report(client.error(), options);
  const auto answer = client->send(method, target, std::move(body));
  if (!answer) return report(answer.error(), options);
  if (!options.json) show(answer->json.is_object() ? answer->json.get_object() : json::object());
  else if (!answer->text.empty()) print_line(answer->text);
  return ExitCode::Ok;
}

Target& Target::with(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += fmt::format("{}{}={}", text_.find('?') == std::string::npos ? "?" : "&", name, url_encoded(value));
  return *this;
}

std::expected<Target, std::string> with_time_range(Target target, const std::string& since, const std::string& until) {
  for (const auto& [name, text] : {std::pair("since", since), std::pair("until", until)}) {
    if (text.empty()) continue;
    const auto at = read_time_flag(std::string("--") + name, text, wall_now());
    if (!at) return std::unexpected(at.error());
    target.with(name, *at);
  }
  return target;
}

ExitCode print_list(const ClientOptions& options, const Target& target, std::vector<std::string> headings,
                    const std::function<std::vector<std::string>(const json::object&)>& cells) {
  auto client = ApiClient::connect(options);
  if (!client) return report(client.error(), options);
  Table table(std::move(headings));
  std::string cursor;
  do {
    const auto page = Target(target).with("limit", std::to_string(kPageEntries)).with("cursor", cursor);
    const auto answer = client->get(page.text());
    if (!answer) return report(answer.error(), options);
    if (options.json) print_line(answer->text);
    for (const auto& entry : answer->json.at("data").as_array()) table.add(cells(entry.as_object()));
    cursor = text_member(answer->json.as_object(), "next_cursor");
  } while (!cursor.empty());
  if (!options.json) table.print();
  return ExitCode::Ok;
}

ApiResult<std::vector<json::object>> first_entries(ApiClient& client, const Target& target, std::size_t limit) {
  std::vector<json::object> entries;
  std::string cursor;
  do {
    const auto count = std::min(limit - entries.size(), kPageEntries);
    auto answer = client.get(Target(target).with("limit", std::to_string(count)).with("cursor", cursor).text());
    if (!answer) return std::unexpected(std::move(answer.error()));
    for (auto& entry : answer->json.at("data").as_array()) entries.push_back(std::move(entry.as_object()));
    cursor = text_member(answer->json.as_object(), "next_cursor");
  } while (!cursor.empty() && entries.size() < limit);
  return entries;
}

std::optional<ExitCode> refusal_to(std::string_view question, bool yes) {
  if (yes) return std::nullopt;
  if (isatty(STDIN_FILENO) == 0) return usage_error("nobody is there to ask: give --yes to go on without a question");
  fmt::print(stderr, "{} [y/N] ", printable(question));
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return std::nullopt;
  print_line("nothing was changed");
  return ExitCode::Failed;
}

void add_yes_flag(CLI::App& command, bool& yes) {
  command.add_flag("--yes", yes, "Do not ask. Needed where no terminal is.");
}

ExitCode request_once(const ClientOptions& options, const std::string& target, std::string body,
                      const std::function<void(const json::object&)>& show,
                      const std::function<std::string(const json::object&)>& undo) {
  if (const auto problem = output_problem()) {
    print_error(*problem + "; nothing was made");
    return ExitCode::Failed;
  }
  auto client = ApiClient::connect(options);
  if (!client) return report(client.error(), options);
  const auto answer = client->send("POST", target, std::move(body));
  if (!answer) return report(answer.error(), options);
  const auto& object = answer->json.as_object();
  if (options.json) print_line(answer->text);
  else show(object);
  const auto problem = output_problem();
  if (!problem) return ExitCode::Ok;
  const auto path = undo(object);
  const bool undone = !path.empty() && client->remove(path).has_value();
  print_error(*problem + (undone ? "; what was made was deleted again" : "; run the command again"));
  return ExitCode::Failed;
}

}  // namespace limehook::app
