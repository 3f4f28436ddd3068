// POST and GET /v1/events: sending events and looking at what was accepted.

#include <algorithm>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "store/idempotency.hpp"

namespace limehook::api {
namespace {

// The header, checked; empty when there is none. One that is there must say something, and there must not be two.
std::string idempotency_key(const Call& call) {
  const auto& headers = call.request.headers;
  const auto is_key = [](const auto& header) { return header.first == "idempotency-key"; };
  const auto found = std::ranges::find_if(headers, is_key);
  if (found == headers.end()) return {};
  const std::string_view key = found->second;
  const bool visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 127; });
  const bool one = std::ranges::count_if(headers, is_key) == 1;
  if (key.empty() || key.size() > limits::kIdempotencyKeyBytesMax || !visible || !one) {
    throw Fault{problem(422, "The Idempotency-Key header must be 1 to 255 visible ASCII characters.",
                        {{"", "Idempotency-Key must be 1 to 255 visible ASCII characters"}})};
  }
  return std::string(key);
}

Response key_conflict(const delivery::EventReceipt& receipt) {
  return problem(422, "The Idempotency-Key was used for another event within the last 24 hours. Nothing was stored.",
                 {{"", "Idempotency-Key belongs to the event " + receipt.id.str() + ", whose payload is another one"}});
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

// The items of a batch: of a JSON array, or one a line.
std::vector<std::string_view> items_of(std::string_view body, bool lines) {
  if (lines) return lines_of(body);
  auto items = json_text::split_array(body, limits::kBatchEventsMax);
  if (items) return *std::move(items);
  const auto start = body.find_first_not_of(" \t\r\n");
  const bool is_array = start != std::string_view::npos && body[start] == '[';
  if (!is_array && !json_problem(body)) throw Fault{invalid({{"", "must be an array of events"}})};
  throw Fault{not_json(is_array ? FieldError{"", items.error()} : *json_error(body))};
}

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

// The key of a batch goes with what is in each item.
void name_item(EventDraft& draft, std::string_view key) {
  if (key.empty()) return;
  draft.fingerprint = store::fingerprint_of(draft.payload);
  draft.idempotency_key = store::item_key(key, draft.fingerprint);
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
  auto draft = parse_event(call.body);
  if (!draft) {
    if (const auto error = json_error(call.body)) throw Fault{not_json(*error)};
    throw Fault{invalid(draft.error())};
  }
  if (!settle_team(*draft, call.principal, engine_.directory().numbers())) {
    throw Fault{problem(403, "The event's team is not yours.", {{"/team_id", std::string(kOtherTeam)}})};
  }
  draft->idempotency_key = idempotency_key(call);
  if (!draft->idempotency_key.empty()) draft->fingerprint = store::fingerprint_of(draft->payload);
  std::vector<EventDraft> events;
  events.push_back(std::move(*draft));
  const auto receipts = co_await engine_.submit_events(std::move(events), call.principal.limited());
  if (!receipts) co_return refusal(receipts.error());
  if (receipts->front().conflict) co_return key_conflict(receipts->front());
  JsonWriter out;
  write_receipt(out, receipts->front());
  co_return Response{receipts->front().duplicate ? 200 : 202, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::post_batch(const Call& call) {
  const bool lines = call.content_type({"application/json", "application/x-ndjson"}) == "application/x-ndjson";
  const std::string key = idempotency_key(call);
  const auto items = items_of(call.body, lines);
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
      name_item(*draft, key);
      events.push_back(std::move(*draft));
    }
  }
  std::vector<delivery::EventReceipt> receipts;
  if (!events.empty()) {
    auto answer = co_await engine_.submit_events(std::move(events), call.principal.limited());
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
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(page.next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::get_event(const Call& call) {
  const auto id = path_id<EventId>(call, "event");
  auto detail = co_await engine_.read([id](const store::Store& store) { return store.get_event(id); });
  const bool seen = detail && call.principal.sees_team(detail->event.team_id) &&
                    detail->event.received_at >= log_begin(call.principal);
  if (!seen) throw Fault{not_found("event")};
  JsonWriter out;
  write_event(out.begin_object(), detail->event).key("deliveries").begin_array();
  for (Delivery& delivery : detail->deliveries) {
    if (!sees_webhook(call.principal, delivery.webhook)) continue;
    if (call.principal.kind == ActorKind::Portal) leave_out_names(delivery);
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
