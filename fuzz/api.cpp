// Input: requests with a line "===" between them. Property: the API answers each with well-formed HTTP and JSON and
// without a server error, and tells who belongs to one team nothing of another.

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "api_world.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

namespace {

constexpr int kRequestsMax = 8;

// "METHOD TARGET", lines of headers, an empty line, the body.
http_server::Request read_request(std::string_view text) {
  http_server::Request request;
  const auto first = fuzz::take_line(text);
  request.method = first.substr(0, first.find(' '));
  if (first.size() > request.method.size()) request.target = first.substr(request.method.size() + 1);
  for (auto line = fuzz::take_line(text); !line.empty(); line = fuzz::take_line(text)) {
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    auto value = std::string(line.substr(colon + 2));
    if (value == "CSRF") value = api::csrf_token(fuzz::kUserToken);
    request.headers.emplace_back(line.substr(0, colon), std::move(value));
  }
  request.body = text;
  request.client_address = "192.0.2.1";
  return request;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view(" \t\r\n\0:", 6)) == std::string_view::npos;
}

void check_response(const http_server::Response& response) {
  check(response.status >= 200 && response.status < 600, "a status is one of HTTP's");
  check(response.status < 500 || response.status == 503, "nothing makes the server fail");
  for (const auto& [name, value] : response.headers) {
    check(is_word(name), "a header's name is one word");
    check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header's value is one line");
  }
  if (response.status == 204) check(response.body.empty(), "no content is none");
  if (response.content_type != "application/json" && response.content_type != "application/problem+json") return;
  boost::json::error_code error;
  boost::json::parse(response.body, error);
  check(!error, "an answer is JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  auto rest = fuzz::text_of(data, size);
  // Who has the operator's key or the link of somebody whom the other team has invited, or knows the word, may see it.
  bool may_see = false;
  for (const std::string_view pass : {fuzz::kAdminKey, fuzz::kOtherTeamsWord, std::string_view("lhl_team_002")}) {
    may_see = may_see || rest.find(pass) != std::string_view::npos;
  }
  fuzz::ApiWorld world;
  for (int i = 0; i < kRequestsMax && !rest.empty(); ++i) {
    const auto end = rest.find("\n===\n");
    const auto request = read_request(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 5);
    const auto response = world.answer(request);
    check_response(response);
    check(may_see || response.body.find(fuzz::kOtherTeamsWord) == std::string::npos, "teams see nothing of each other");
  }
  return 0;
}
