#include "api/problem.hpp"

#include <boost/beast/http/status.hpp>

#include "api/json_writer.hpp"

namespace limehook::api {
namespace {

Response unavailable(std::string_view detail, std::string_view retry_after) {
  Response response = problem(503, detail);
  response.headers.emplace_back("Retry-After", retry_after);
  return response;
}

}  // namespace

JsonWriter& write_errors(JsonWriter& out, const FieldErrors& errors) {
  out.key("errors").begin_array();
  for (const FieldError& error : errors) {
    out.begin_object().key("pointer").string(error.pointer).key("detail").string(error.detail).end_object();
  }
  return out.end_array();
}

Response problem(int status, std::string_view detail, const FieldErrors& errors) {
  const auto title = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  JsonWriter out;
  out.begin_object().key("type").string("about:blank");
  out.key("title").string({title.data(), title.size()}).key("status").number(std::int64_t{status});
  out.key("detail").string(detail);
  if (!errors.empty()) write_errors(out, errors);
  out.end_object();
  return {status, "application/problem+json", out.take(), {}};
}

Response invalid(const FieldErrors& errors) {
  return problem(422, errors.size() == 1 ? "A field is wrong." : "Some fields are wrong.", errors);
}

Response not_json(const FieldError& error) { return problem(400, "The body " + error.detail + ".", {error}); }

Response not_found(std::string_view what) {
  return problem(404, "There is no " + std::string(what) + " with this id.");
}

Response unauthorized(std::string_view detail) {
  Response response = problem(401, detail);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response polled_only() { return problem(409, "Nothing is sent to this webhook: its mode is poll."); }

Response refusal(delivery::Refusal reason) {
  using delivery::Refusal;
  switch (reason) {
    case Refusal::StoreFull:
      return unavailable("The store is full. Nothing was stored.", "10");
    case Refusal::StoreFailed:
      return unavailable("The store cannot be written. Nothing was stored.", "5");
    case Refusal::Busy:
      return unavailable("More is waiting to be stored than the server may hold. Nothing was stored.", "1");
    case Refusal::Draining:
      return unavailable("The server is stopping. Nothing was stored.", "5");
    case Refusal::NotFound:
      return problem(404, "It does not exist any more.");
    case Refusal::Disabled:
      return problem(409, "The webhook is disabled. Enable it first.");
    case Refusal::RecoveryRunning:
      return problem(409, "A recovery of this webhook is running. Wait for it or cancel it.");
    case Refusal::TestsUnderWay: {
      Response response = problem(429, "As many tests as may be are under way. Wait for one of them to end.");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    case Refusal::Ended:
      return problem(409, "The delivery has ended: there is nothing to skip.");
    case Refusal::Conflict:
      return problem(409, "It has just been changed by another request. Try again.");
  }
  return problem(500, "Unknown refusal.");
}

}  // namespace limehook::api
