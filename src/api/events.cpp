// POST and GET /v1/events: sending events and looking at what was accepted.

#include <algorithm>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"

namespace limehook::api {
namespace {

// The header, checked; empty when there is none.
std::string idempotency_key(const Call& call) {
  const auto key = call.request.header("idempotency-key");
  const bool visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 127; });
  if (key.size() > limits::kIdempotencyKeyBytesMax || !visible) {
    throw Fault{problem(422, "The Idempotency-Key header must be 1 to 255 visible ASCII characters.",
                        {{"", "Idempotency-Key must be 1 to 255 visible ASCII characters"}})};
  }
  return std::string(key);
}

// Keys of one team must not meet another's.
std::string idempotency_scope(const Principal& principal) { return principal.team_id; }

constexpr std::string_view kOtherTeam = "names a team that is not yours";

// An event that names no team is the key's team's, or else that of its number; false when it names another than the
// key's.
bool settle_team(EventDraft& draft, const Principal& principal, const NumberDirectory& numbers) {
  if (draft.team_id.empty()) {
    draft.team_id = principal.limited() ? std::string_view(principal.team_id) : numbers.team_of(draft.numbers);
  }
  return principal.sees_team(draft.team_id);
}

void write_receipt(JsonWriter& out, const delivery::EventReceipt& receipt) {
  out.begin_object().key("id").string(receipt.id.str());
  out.key("deliveries").number(std::int64_t{receipt.deliveries});
  if (receipt.duplicate) out.key("duplicate").boolean(true);
  out.end_object();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void check_count(std::size_t count) {
  if (count == 0) throw Fault{invalid({{"", "must have at least one event"}})};
  if (count > limits::kBatchEventsMax) {
    throw Fault{invalid({{"", "must have at most " + std::to_string(limits::kBatchEventsMax) + " events"}})};
  }
}

}  // namespace

asio::awaitable<Response> Api::post_event(const Call& call) {
  call.content_type({"application/json"});
  auto draft = parse_event(call.request.body);
  if (!draft) {
    if (const auto text = json_problem(call.request.body))
      throw Fault{problem(400, "The body is not JSON: " + *text + ".")};
    throw Fault{invalid(draft.error())};
  }
  if (!settle_team(*draft, call.principal, engine_.directory().numbers())) {
    throw Fault{problem(403, "The event's team is not yours.", {{"/team_id", std::string(kOtherTeam)}})};
  }
  draft->idempotency_key = idempotency_key(call);
  std::vector<EventDraft> events;
  events.push_back(std::move(*draft));
  const auto receipts = co_await engine_.submit_events(std::move(events), idempotency_scope(call.principal));
  if (!receipts) co_return refusal(receipts.error());
  JsonWriter out;
  write_receipt(out, receipts->front());
  co_return Response{receipts->front().duplicate ? 200 : 202, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::post_batch(const Call& call) {
  const bool lines = call.content_type({"application/json", "application/x-ndjson"}) == "application/x-ndjson";
  const std::string key = idempotency_key(call);
  std::string compact;
  std::vector<std::string_view> items;
  if (lines) {
    items = lines_of(call.request.body);
  } else {
    if (const auto text = json_problem(call.request.body))
      throw Fault{problem(400, "The body is not JSON: " + *text + ".")};
    compact = json_text::compact(call.request.body);
    if (!compact.starts_with('[')) throw Fault{invalid({{"", "must be an array of events"}})};
    json_text::each_element(compact, [&](std::string_view item) {
      items.push_back(item);
      return true;
    });
  }
  check_count(items.size());

  std::vector<EventDraft> events;
  std::vector<FieldErrors> errors(items.size());
  events.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto draft = parse_event(items[i]);
    if (!draft) {
      errors[i] = std::move(draft.error());
    } else if (!settle_team(*draft, call.principal, engine_.directory().numbers())) {
      errors[i] = {{"/team_id", std::string(kOtherTeam)}};
    } else {
      if (!key.empty()) draft->idempotency_key = key + "#" + std::to_string(i);
      events.push_back(std::move(*draft));
    }
  }
  std::vector<delivery::EventReceipt> receipts;
  if (!events.empty()) {
    auto answer = co_await engine_.submit_events(std::move(events), idempotency_scope(call.principal));
    if (!answer) co_return refusal(answer.error());
    receipts = std::move(*answer);
  }
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  auto receipt = receipts.begin();
  for (const FieldErrors& item : errors) {
    if (item.empty()) write_receipt(out, *receipt++);
    else write_errors(out.begin_object(), item).end_object();
  }
  out.end_array().end_object();
  co_return Response{202, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::list_events(const Call& call) {
  call.allow_query({"event", "since", "until", "q", "team_id", "limit", "cursor"});
  store::EventQuery query{.team_id = call.team(),
                          .type = call.event_type_parameter(),
                          .since = call.since(log_begin(call.principal)),
                          .until = call.time_parameter("until"),
                          .term = call.search_term(),
                          .before = call.cursor(),
                          .limit = call.limit()};
  const auto page = co_await engine_.read([query](const store::Store& store) { return store.list_events(query); });
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const Event& event : page.rows) write_event(out.begin_object(), event).end_object();
  out.end_array().key("next_cursor").string_or_null(cursor_text(page.next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::get_event(const Call& call) {
  const auto id = path_id<EventId>(call, "event");
  const auto detail = co_await engine_.read([id](const store::Store& store) { return store.get_event(id); });
  const bool seen = detail && call.principal.sees_team(detail->event.team_id) &&
                    detail->event.received_at >= log_begin(call.principal);
  if (!seen) throw Fault{not_found("event")};
  JsonWriter out;
  write_event(out.begin_object(), detail->event).key("deliveries").begin_array();
  for (const Delivery& delivery : detail->deliveries) {
    if (!sees_webhook(call.principal, delivery.webhook)) continue;
    write_delivery(out.begin_object(), delivery, detail->event).end_object();
  }
  out.end_array().end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::list_event_types(const Call&) {
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const EventTypeInfo& type : event_types()) {
    out.begin_object().key("name").string(type.name).key("description").string(type.description);
    out.key("sample").raw(type.sample).end_object();
  }
  out.end_array().end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
