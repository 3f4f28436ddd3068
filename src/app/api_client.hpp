#pragma once
// The API as the commands use it: requests with a key, answers as JSON, failures as an exit code and words.

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <expected>
#include <string>
#include <string_view>

#include "app/exit_code.hpp"
#include "app/http_connection.hpp"

namespace limehook::app {

struct ClientOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string key;
  std::string ca_file;  // authorities to trust besides the system's; empty: none
  bool json = false;    // print the API's JSON instead of words
};

// Adds --server, --key, --ca-file (each with its variable) and --json.
void add_client_options(CLI::App& command, ClientOptions& options);

struct ApiFailure {
  ExitCode exit_code = ExitCode::Failed;
  int status = 0;    // 0: there was no answer
  std::string text;  // for people; several lines when fields are named
  std::string body;  // of the answer
};

struct ApiAnswer {
  int status = 0;
  std::string text;         // the body as it came
  boost::json::value json;  // null for an empty body
};

template <class T>
using ApiResult = std::expected<T, ApiFailure>;

class ApiClient {
 public:
  static ApiResult<ApiClient> connect(const ClientOptions& options);

  ApiResult<ApiAnswer> get(std::string_view target);
  ApiResult<ApiAnswer> remove(std::string_view target);
  ApiResult<ApiAnswer> send(std::string_view method, std::string_view target, std::string body,
                            HttpHeaders headers = {});

 private:
  ApiClient(HttpConnection connection, ClientOptions options);
  HttpConnection connection_;
  ClientOptions options_;
};

// Tells about `failure`: words to standard error or, where JSON is wanted, the answer's body to standard output.
ExitCode report(const ApiFailure& failure, const ClientOptions& options);

// What a problem document (RFC 9457) says: its detail, and one line per named field.
std::string describe_problem(int status, std::string_view body);

// `text` for use in a path segment or a query value.
std::string url_encoded(std::string_view text);

// A member of an answer as text: strings as they are, null and missing members as "", others as JSON.
std::string text_member(const boost::json::object& object, std::string_view name);

}  // namespace limehook::app
