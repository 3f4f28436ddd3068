#include "app/api_client.hpp"

#include <fmt/format.h>

#include <boost/url.hpp>
#include <cstdlib>

#include "app/terminal.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

// `webhooks test` waits for a receiver, which may take a minute (limits::kAttemptTimeoutMax).
constexpr auto kRequestLimit = std::chrono::seconds(75);

}  // namespace

void add_client_options(CLI::App& command, ClientOptions& options) {
  command.add_option("--server", options.server, "Where the server is.")
      ->envname("LIMEHOOK_SERVER")
      ->type_name("URL")
      ->capture_default_str();
  command.add_option("--key", options.key, "An API key. LIMEHOOK_ADMIN_KEY counts where neither is given.")
      ->envname("LIMEHOOK_KEY")
      ->type_name("KEY");
  command.add_option("--ca-file", options.ca_file, "PEM certificates of authorities to trust besides the system's.")
      ->envname("LIMEHOOK_CA_FILE")
      ->type_name("FILE");
  command.add_flag("--json", options.json, "Print JSON as the API answers it.");
  command.footer(kExitCodesHelp);
}

ApiResult<ApiClient> ApiClient::connect(const ClientOptions& options) {
  auto completed = options;
  if (const char* const admin_key = std::getenv("LIMEHOOK_ADMIN_KEY"); completed.key.empty() && admin_key != nullptr) {
    completed.key = admin_key;
  }
  auto connection = HttpConnection::to(options.server);
  if (!connection) return std::unexpected(ApiFailure{ExitCode::Usage, 0, "--server: " + connection.error(), ""});
  if (!completed.ca_file.empty() && !connection->trust(completed.ca_file)) {
    const auto text = fmt::format("--ca-file: \"{}\" is not a file of certificates in PEM form", completed.ca_file);
    return std::unexpected(ApiFailure{ExitCode::Usage, 0, text, ""});
  }
  return ApiClient(std::move(*connection), std::move(completed));
}

ApiClient::ApiClient(HttpConnection connection, ClientOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {}

ApiResult<ApiAnswer> ApiClient::get(std::string_view target) { return send("GET", target, ""); }
ApiResult<ApiAnswer> ApiClient::remove(std::string_view target) { return send("DELETE", target, ""); }

ApiResult<ApiAnswer> ApiClient::send(std::string_view method, std::string_view target, std::string body,
                                     HttpHeaders headers) {
  headers.emplace_back("Accept", "application/json");
  if (!options_.key.empty()) headers.emplace_back("Authorization", "Bearer " + options_.key);
  const bool typed = std::ranges::any_of(headers, [](const auto& h) { return h.first == "Content-Type"; });
  if (!body.empty() && !typed) headers.emplace_back("Content-Type", "application/json");
  auto response =
      connection_.send({std::string(method), std::string(target), std::move(headers), std::move(body)}, kRequestLimit);
  if (!response) {
    return std::unexpected(ApiFailure{
        ExitCode::Unreachable, 0,
        fmt::format("cannot reach {}: {}; is `limehook serve` running?", options_.server, response.error()), ""});
  }
  if (response->status / 100 != 2) {
    auto text = describe_problem(response->status, response->body);
    if (response->status == 401 && options_.key.empty()) text += "\n  no key was given: use --key or LIMEHOOK_KEY";
    return std::unexpected(ApiFailure{ExitCode::Failed, response->status, std::move(text), std::move(response->body)});
  }
  ApiAnswer answer{response->status, std::move(response->body), nullptr};
  if (answer.text.empty()) return answer;
  json::error_code error;
  answer.json = json::parse(answer.text, error);
  if (error) {
    return std::unexpected(ApiFailure{
        ExitCode::Failed, answer.status,
        fmt::format("{} answered something else than JSON; is it Limehook?", options_.server), std::move(answer.text)});
  }
  return answer;
}

ExitCode report(const ApiFailure& failure, const ClientOptions& options) {
  if (options.json && !failure.body.empty()) print_line(failure.body);
  else print_error(failure.text);
  return failure.exit_code;
}

std::string describe_problem(int status, std::string_view body) {
  json::error_code error;
  const auto value = json::parse(json::string_view(body.data(), body.size()), error);
  if (error || !value.is_object()) return fmt::format("the server answered {}", status);
  const auto& problem = value.get_object();
  const auto detail = text_member(problem, "detail");
  auto text = fmt::format("the server refused ({} {}){}", status, printable(text_member(problem, "title")),
                          detail.empty() ? "" : ": " + printable(detail));
  const auto* const errors = problem.if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return text;
  for (const auto& entry : errors->get_array()) {
    if (!entry.is_object()) continue;
    const auto pointer = text_member(entry.get_object(), "pointer");
    text += fmt::format("\n  {}: {}", pointer.empty() ? "(the whole)" : printable(pointer),
                        printable(text_member(entry.get_object(), "detail")));
  }
  return text;
}

std::string url_encoded(std::string_view text) {
  return boost::urls::encode(boost::urls::string_view(text.data(), text.size()), boost::urls::unreserved_chars);
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(json::string_view(name.data(), name.size()));
  if (member == nullptr || member->is_null()) return "";
  if (member->is_string()) return std::string(member->get_string());
  // Boost.JSON writes 0.788 as 7.88E-1.
  if (member->is_double()) return fmt::format("{}", member->get_double());
  return json::serialize(*member);
}

}  // namespace limehook::app
