// Recoveries: bulk redelivery in the background.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "base/characters.hpp"
#include "delivery/routing.hpp"
#include "model/event.hpp"
#include "model/json_integer.hpp"
#include "model/number.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

// A count reads so many rows at a time, so that others are read in between, and so many in all.
constexpr std::size_t kCountStep = 500;
constexpr std::size_t kCountRowsMax = 20'000;
// It ends early when it has taken so long; a team has one at a time.
constexpr Duration kCountTimeMax = std::chrono::seconds(2);

// Reads a body's members into a recovery.
class RecoveryReader {
 public:
  explicit RecoveryReader(WallTime now) { recovery_.until = now; }

  // Whether the body asks only for a count; known after read().
  bool dry_run() const { return dry_run_; }

  Recovery read(const json::object& body) {
    for (const auto& [name, value] : body) take(name, value);
    const bool of_attempts = recovery_.http_status != 0 || recovery_.outcome;
    if (of_attempts && recovery_.kind == Recovery::Kind::Missing) {
      wrong(recovery_.outcome ? "outcome" : "http_status", "goes with status failed only");
    }
    if (errors_.empty() && recovery_.since >= recovery_.until) wrong("since", "must be before until");
    if (!errors_.empty()) throw Fault{invalid(errors_)};
    return std::move(recovery_);
  }

 private:
  void take(std::string_view name, const json::value& value) {
    if (name == "since") return take_time(name, value, recovery_.since);
    if (name == "until") return take_time(name, value, recovery_.until);
    if (name == "status") return take_kind(value);
    if (name == "event") return take_events(value);
    if (name == "q") return take_term(value);
    if (name == "http_status") return take_http_status(value);
    if (name == "outcome") return take_outcome(value);
    if (name == "skipped") return take_skipped(value);
    if (name == "dry_run") return take_dry_run(value);
    wrong(name, "is not a known member");
  }

  void take_time(std::string_view name, const json::value& value, WallTime& to) {
    if (value.is_null()) return;
    const auto parsed = parse_rfc3339(text_of(value));
    if (parsed) to = *parsed;
    else wrong(name, "must be an RFC 3339 date-time such as 2025-01-30T15:00:00Z");
  }

  void take_kind(const json::value& value) {
    if (text_of(value) == "missing") recovery_.kind = Recovery::Kind::Missing;
    else if (text_of(value) != "failed") wrong("status", "must be failed or missing");
  }

  void take_events(const json::value& value) {
    if (value.is_null()) return;
    if (!value.is_array() || value.as_array().empty()) return wrong("event", "must be a list of event types");
    recovery_.events.reset();
    for (std::size_t i = 0; i < value.as_array().size(); ++i) {
      const auto type = event_type_named(text_of(value.as_array()[i]));
      if (type) recovery_.events.set(static_cast<std::size_t>(*type));
      else wrong("event/" + std::to_string(i), "is not a known event type");
    }
  }

  void take_term(const json::value& value) {
    if (value.is_null()) return;
    recovery_.term = normal_number(text_of(value));
    const bool fits = !recovery_.term.empty() && characters_in(recovery_.term) <= limits::kSearchTermCharactersMax;
    if (!fits) wrong("q", "must be a number, a call id or a message id");
  }

  void take_http_status(const json::value& value) {
    if (value.is_null()) return;
    const auto status = json_integer(value);
    if (status && *status >= 100 && *status <= 599) recovery_.http_status = static_cast<int>(*status);
    else wrong("http_status", "must be a whole number from 100 to 599");
  }

  void take_outcome(const json::value& value) {
    if (value.is_null()) return;
    recovery_.outcome = attempt_outcome_named(text_of(value));
    if (!recovery_.outcome) wrong("outcome", "is not an attempt's outcome, such as timeout or connect_failed");
  }

  void take_skipped(const json::value& value) {
    if (value.is_null()) return;
    if (value.is_bool()) recovery_.skipped = value.as_bool();
    else wrong("skipped", "must be true or false");
  }

  void take_dry_run(const json::value& value) {
    if (value.is_bool()) dry_run_ = value.get_bool();
    else wrong("dry_run", "must be true or false");
  }

  // Empty for what is not a string.
  static std::string_view text_of(const json::value& value) {
    return value.is_string() ? std::string_view(value.as_string()) : std::string_view();
  }
  void wrong(std::string_view name, std::string_view detail) {
    errors_.push_back({"/" + std::string(name), std::string(detail)});
  }

  Recovery recovery_;
  bool dry_run_ = false;
  FieldErrors errors_;
};

struct Estimate {
  std::size_t would_redeliver = 0;
  std::size_t examined = 0;
  bool done = false;
};

// One step of a count, of which `recovery` keeps the position.
Estimate count_step(const store::Store& store, Recovery& recovery, const Webhook& webhook) {
  const store::RecoveryStep step = store.next_recovery_step(recovery, kCountStep);
  recovery.position = step.position;
  Estimate counted{step.deliveries.size(), step.examined, step.done};
  for (const Event& event : step.events) {
    auto draft = parse_event(event.payload, kAllEventTypes);
    if (!draft) continue;
    draft->team_id = event.team_id;
    counted.would_redeliver += delivery::matches_with_team(webhook, *draft) ? 1 : 0;
  }
  return counted;
}

Response estimate_response(const Estimate& estimate) {
  JsonWriter out;
  out.begin_object().key("would_redeliver").number(static_cast<std::int64_t>(estimate.would_redeliver));
  out.key("examined").number(static_cast<std::int64_t>(estimate.examined));
  out.key("complete").boolean(estimate.done).end_object();
  return {200, "application/json", out.take(), {}};
}

Response recovery_response(int status, const Recovery& recovery) {
  JsonWriter out;
  write_recovery(out.begin_object(), recovery).end_object();
  return {status, "application/json", out.take(), {}};
}

}  // namespace

asio::awaitable<Response> Api::start_recovery(const Call& call) {
  const auto webhook = visible_webhook(call);
  if (webhook->mode == WebhookMode::Poll) throw Fault{polled_only()};
  RecoveryReader reader(runtime::now().wall);
  Recovery recovery = reader.read(call.json_object());
  recovery.webhook = webhook->id;
  recovery.since = std::max(recovery.since, log_begin(webhook->team_id));
  if (reader.dry_run()) co_return co_await estimate_recovery(std::move(recovery), *webhook);
  const auto started = co_await engine_.start_recovery(recovery);
  if (!started) co_return refusal(started.error());
  engine_.record(audit(call, "recovery.started", webhook->team_id, started->id.str(), webhook->name));
  Response response = recovery_response(202, *started);
  response.headers.emplace_back("Location", "/v1/recoveries/" + started->id.str());
  co_return response;
}

// What it would do for the webhook as it is once enabled. The events are judged where they are read, off the main
// thread.
asio::awaitable<Response> Api::estimate_recovery(Recovery recovery, Webhook webhook) {
  webhook.enabled = true;
  if (!counting_.insert(webhook.team_id).second) {
    Response busy = problem(429, "Another count of this team is under way. Try again.");
    busy.headers.emplace_back("Retry-After", "1");
    co_return busy;
  }
  const std::unique_ptr<std::set<std::string>, std::function<void(std::set<std::string>*)>> ends(
      &counting_, [team = webhook.team_id](std::set<std::string>* counting) { counting->erase(team); });
  const MonotonicTime end = runtime::now().mono + kCountTimeMax;
  Estimate all;
  while (!all.done && all.examined < kCountRowsMax && runtime::now().mono < end) {
    struct Counted {
      Recovery recovery;
      Estimate step;
    };
    Counted counted = co_await engine_.read([recovery, webhook](const store::Store& store) {
      Counted out{recovery, {}};
      out.step = count_step(store, out.recovery, webhook);
      return out;
    });
    recovery = std::move(counted.recovery);
    all.would_redeliver += counted.step.would_redeliver;
    all.examined += counted.step.examined;
    all.done = counted.step.done;
  }
  co_return estimate_response(all);
}

asio::awaitable<Response> Api::list_recoveries(const Call& call) {
  const auto id = visible_webhook(call)->id;
  const auto page =
      co_await engine_.read([id, before = call.cursor(), limit = call.limit()](const store::Store& store) {
        return store.list_recoveries(id, before, limit);
      });
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const Recovery& recovery : page.rows) write_recovery(out.begin_object(), recovery).end_object();
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(page.next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Recovery> Api::load_recovery(const Call& call) {
  const auto id = path_id<RecoveryId>(call, "recovery");
  auto recovery = co_await engine_.read([id](const store::Store& store) { return store.get_recovery(id); });
  const bool seen =
      recovery && sees_webhook(call.principal, recovery->webhook) && recovery->created_at >= log_begin(call.principal);
  if (!seen) throw Fault{not_found("recovery")};
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
  engine_.record(
      audit(call, "recovery.canceled", engine_.team_of(recovery.webhook).value_or(""), recovery.id.str(), ""));
  co_return recovery_response(200, *canceled);
}

}  // namespace limehook::api
