#pragma once
// What the commands that talk to a server share: requests whose answers are printed, lists, and their options.

#include <CLI/CLI.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/api_client.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

namespace limehook::app {

// Prints what is wrong with the command's flags.
ExitCode usage_error(std::string_view text);

// Sends a request whose answer `show` prints; with --json the answer is printed as it came. An answer without a body
// is an empty object.
ExitCode request(const ClientOptions& options, std::string_view method, const std::string& target, std::string body,
                 const std::function<void(const boost::json::object&)>& show);

// Path and query: parameters without a value are left out.
class Target {
 public:
  explicit Target(std::string path) : text_(std::move(path)) {}
  Target& with(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Adds "since" and "until" from the flags of these names, which are times or durations ago; a sentence about the flag
// that is neither.
std::expected<Target, std::string> with_time_range(Target target, const std::string& since, const std::string& until);

// Prints a whole list, page by page: `cells` makes a row of an entry, in the order of `headings`. With --json each page
// is printed as it came, one a line.
ExitCode print_list(const ClientOptions& options, const Target& target, std::vector<std::string> headings,
                    const std::function<std::vector<std::string>(const boost::json::object&)>& cells);

// The first `limit` entries of a list.
ApiResult<std::vector<boost::json::object>> first_entries(ApiClient& client, const Target& target, std::size_t limit);

// What a command may do that destroys something. Asks on the terminal; where there is none, --yes must have been given.
// Nothing: go on; otherwise what to exit with, after words that say why.
std::optional<ExitCode> refusal_to(std::string_view question, bool yes);
// Adds --yes to such a command.
void add_yes_flag(CLI::App& command, bool& yes);

// As request(), of a command that makes something whose answer is shown this once. It makes nothing where the answer
// could not be printed; if that turns out only afterwards, `undo` (a path to DELETE, made from the answer) takes it
// back.
ExitCode request_once(const ClientOptions& options, const std::string& target, std::string body,
                      const std::function<void(const boost::json::object&)>& show,
                      const std::function<std::string(const boost::json::object&)>& undo);

// Adds a subcommand that has --server, --key and --json and runs `run` with `options`, which it shares with its
// siblings.
template <class Options>
CLI::App* add_client_command(CLI::App& parent, const std::string& name, const std::string& help,
                             const std::shared_ptr<Options>& options, ExitCode (*run)(const Options&), Action& chosen) {
  auto* const command = parent.add_subcommand(name, help);
  add_client_options(*command, options->client);
  command->callback([options, run, &chosen] { chosen = [options, run] { return run(*options); }; });
  return command;
}

}  // namespace limehook::app
