// GET /v1/webhooks/{id}/events: a webhook's events for receivers that cannot be reached (spec, section 5).

#include <charconv>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "base/limits_more.hpp"
#include "delivery/routing.hpp"
#include "model/payload_shape.hpp"

namespace limehook::api {
namespace {

using std::chrono::steady_clock;

// What one request has read so far.
struct Found {
  std::string rows;  // JSON values with commas between them
  std::size_t count = 0;
  std::int64_t cursor = 0;    // to go on from: behind the last event that the webhook takes
  std::int64_t position = 0;  // everything up to this event id has been examined
  bool end = false;           // there is nothing newer
};

std::string list_of(WebhookId webhook) { return "polled events of " + webhook.str(); }

// Receivers keep their cursors: those from before cursors were sealed, a bare event id each, go on working.
std::int64_t after_of(const Call& call, WebhookId webhook) {
  const auto text = call.parameter("after");
  if (!text) return webhook.value;  // ids grow with time: this is the moment of its creation
  auto id = call.cursors.open_id(list_of(webhook), *text);
  if (!id) id = decode_id("cur_", *text);
  if (!id || *id < 0) throw Fault{invalid({{"/after", "is not a next_cursor of this webhook's events"}})};
  return *id;
}

std::chrono::seconds wait_of(const Call& call) {
  const auto text = call.parameter("wait");
  if (!text) return std::chrono::seconds(0);
  int seconds = -1;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const bool whole = ec == std::errc() && end == text->data() + text->size();
  if (!whole || seconds < 0 || seconds > limits::kPollWaitMax / std::chrono::seconds(1)) {
    throw Fault{invalid({{"/wait", "must be a whole number of seconds from 0 to 30"}})};
  }
  return std::chrono::seconds(seconds);
}

void write_row(Found& found, const Webhook& webhook, const Event& event) {
  JsonWriter out;
  out.begin_object().key("id").string(event.id.str()).key("event").string(name_of(event.type));
  out.key("received_at").string(format_rfc3339(event.received_at));
  const ShapedPayload shaped = shape_payload(webhook.payload, event);
  write_payload(out, shaped.body.value_or(event.payload), shaped.body_type);
  found.rows += (found.count++ == 0 ? "" : ",") + out.end_object().take();
}

bool takes(const Webhook& webhook, const Event& event) {
  auto draft = parse_event(event.payload, kAllEventTypes);
  if (!draft) return false;
  draft->team_id = event.team_id;
  return delivery::matches_with_team(webhook, *draft);
}

// On a reader's thread. Reads on until there are `limit` events, or enough bytes, or nothing is left; within reason, so
// that a webhook that takes little of much is read in several requests.
Found find_events(const store::Store& store, const Webhook& webhook, Found found, std::size_t limit) {
  constexpr int kReadsMax = 5;
  const bool picky = webhook.filter || !webhook.numbers.empty();
  store::EventsAfterQuery query{.types = webhook.events, .limit = picky ? limits::kPageMax : limit};
  if (!webhook.team_id.empty()) query.team_id = webhook.team_id;
  found.end = false;
  for (int reads = 0; reads < kReadsMax && !found.end && found.count < limit; ++reads) {
    query.after = found.position;
    const store::EventsAfter page = store.list_events_after(query);
    for (const Event& event : page.events) {
      if (!takes(webhook, event)) continue;
      if (found.count == limit || found.rows.size() > limits::kPageBytesMax) return found;
      write_row(found, webhook, event);
      found.cursor = found.position = event.id.value;
    }
    found.position = page.position;
    found.end = page.done;
  }
  // Where nothing was found and more follows, the cursor must move on. Else it stays: it would tell when others' events
  // come.
  if (found.count == 0 && !found.end) found.cursor = found.position;
  return found;
}

Response too_many() {
  Response response = problem(429, "Too many requests wait for events. Poll without wait, or later.");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

// Whether the store may have more; throws as soon as the caller may not see it any more.
asio::awaitable<bool> Api::wait_for_event(const Call& call, runtime::EventWatch& watch,
                                          steady_clock::time_point deadline) const {
  while (true) {
    const auto until = std::min(deadline, steady_clock::now() + limits::kAccessCheckInterval);
    const bool woken = co_await watch.wait_until(until);
    check_still_allowed(call);
    if (woken || until == deadline || engine_.draining()) co_return woken;
  }
}

asio::awaitable<Response> Api::poll_events(const Call& call) {
  const WebhookId id = visible_webhook(call)->id;
  const std::size_t limit = call.limit();
  const auto wait = wait_of(call);
  const auto deadline = steady_clock::now() + wait;
  const WebhookPtr polled = visible_webhook(call);
  const WallTime begin = log_begin(polled->team_id);
  Found found{.cursor = std::max(after_of(call, id), begin == WallTime{} ? 0 : first_id_at(begin) - 1)};
  found.position = poll_places_.examined_from(*polled, found.cursor);
  std::unique_ptr<runtime::EventWatch> watch;
  if (wait.count() > 0 && !(watch = engine_.watch_events(id))) throw Fault{too_many()};
  while (true) {
    const auto webhook = visible_webhook(call);  // again: it may have been changed or deleted during the wait
    if (!webhook->enabled) throw Fault{refusal(delivery::Refusal::Disabled)};
    if (watch) watch->arm();
    found =
        co_await engine_.read([=](const store::Store& store) { return find_events(store, *webhook, found, limit); });
    poll_places_.note(*webhook, found.cursor, found.position);
    if (found.count > 0 || !found.end || !watch || !co_await wait_for_event(call, *watch, deadline)) break;
  }
  JsonWriter out;
  out.begin_object().key("data").begin_array().raw(found.rows).end_array();
  out.key("next_cursor").string(cursors_.seal_id(list_of(id), found.cursor)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
