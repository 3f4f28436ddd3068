// Recoveries: bulk redelivery in the background.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

Recovery parse_recovery(const boost::json::object& body, WallTime now) {
  FieldErrors errors;
  Recovery recovery;
  recovery.until = now;
  const auto time = [&](std::string_view name, const boost::json::value& value, WallTime& to) {
    const auto parsed = value.is_string() ? parse_rfc3339(std::string_view(value.as_string())) : std::nullopt;
    if (parsed) to = *parsed;
    else errors.push_back({"/" + std::string(name), "must be an RFC 3339 date-time such as 2025-01-30T15:00:00Z"});
  };
  for (const auto& [name, value] : body) {
    if (name == "since" || (name == "until" && !value.is_null())) {
      time(name, value, name == "since" ? recovery.since : recovery.until);
    } else if (name == "status") {
      const std::string_view text = value.is_string() ? std::string_view(value.as_string()) : "";
      if (text == "missing") recovery.kind = Recovery::Kind::Missing;
      else if (text != "failed") errors.push_back({"/status", "must be failed or missing"});
    } else if (name != "until") {
      errors.push_back({"/" + std::string(name), "is not a known member"});
    }
  }
  if (!body.contains("since")) errors.push_back({"/since", "is required"});
  if (errors.empty() && recovery.since >= recovery.until) errors.push_back({"/since", "must be before until"});
  if (!errors.empty()) throw Fault{invalid(errors)};
  return recovery;
}

Response recovery_response(int status, const Recovery& recovery) {
  JsonWriter out;
  write_recovery(out.begin_object(), recovery).end_object();
  return {status, "application/json", out.take(), {}};
}

}  // namespace

asio::awaitable<Response> Api::start_recovery(const Call& call) {
  const auto webhook = visible_webhook(call);
  Recovery recovery = parse_recovery(call.json_object(), runtime::now().wall);
  recovery.webhook = webhook->id;
  const auto started = co_await engine_.start_recovery(recovery);
  if (!started) co_return refusal(started.error());
  Response response = recovery_response(202, *started);
  response.headers.emplace_back("Location", "/v1/recoveries/" + started->id.str());
  co_return response;
}

asio::awaitable<Response> Api::list_recoveries(const Call& call) {
  const auto id = visible_webhook(call)->id;
  const auto all = co_await engine_.read([id](const store::Store& store) { return store.list_recoveries(id); });
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const Recovery& recovery : all) write_recovery(out.begin_object(), recovery).end_object();
  out.end_array().key("next_cursor").null().end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Recovery> Api::load_recovery(const Call& call) {
  const auto id = path_id<RecoveryId>(call, "recovery");
  auto recovery = co_await engine_.read([id](const store::Store& store) { return store.get_recovery(id); });
  if (!recovery || !sees_webhook(call.principal, recovery->webhook)) throw Fault{not_found("recovery")};
  co_return std::move(*recovery);
}

asio::awaitable<Response> Api::get_recovery(const Call& call) {
  co_return recovery_response(200, co_await load_recovery(call));
}

asio::awaitable<Response> Api::cancel_recovery(const Call& call) {
  const Recovery recovery = co_await load_recovery(call);
  if (recovery.state != Recovery::State::Running) co_return recovery_response(200, recovery);
  const auto canceled = co_await engine_.cancel_recovery(recovery.id);
  // It may have ended between the read and the request.
  if (!canceled && canceled.error() == delivery::Refusal::NotFound)
    co_return recovery_response(200, co_await load_recovery(call));
  if (!canceled) co_return refusal(canceled.error());
  co_return recovery_response(200, *canceled);
}

}  // namespace limehook::api
