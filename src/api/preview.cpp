// What a webhook's payload setting makes of an event, before anything is saved or sent.

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/sample_event.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

Response preview(const PayloadShape& shape, EventDraft draft, std::string_view team_id) {
  Event event;
  event.received_at = runtime::now().wall;
  event.id = EventId{first_id_at(event.received_at)};
  event.type = draft.type;
  event.team_id = draft.team_id.empty() ? team_id : draft.team_id;
  event.payload = std::move(draft.payload);
  const ShapedPayload shaped = shape_payload(shape, event);
  JsonWriter out;
  out.begin_object().key("content_type").string(content_type_of(shaped.body_type));
  out.key("body").string(shaped.body.value_or(event.payload)).key("notes").begin_array();
  if (shaped.note) out.string(*shaped.note);
  out.end_array().end_object();
  return Response{200, "application/json", out.take(), {}};
}

}  // namespace

asio::awaitable<Response> Api::preview_payload(const Call& call) {
  const auto body = call.json_object();
  Webhook webhook;
  const std::string compact = json_text::compact(call.body);
  if (const auto payload = json_text::find(compact, "payload")) {
    const auto setting = "{\"payload\":" + std::string(*payload) + "}";
    const auto errors = apply_webhook_json(webhook, setting, options_.url_rules);
    if (!errors.empty()) throw Fault{invalid(errors)};
  }
  co_return preview(webhook.payload, sample_event(call, body, "sample", {"payload"}), call.principal.team_id);
}

asio::awaitable<Response> Api::preview_webhook(const Call& call) {
  const auto webhook = visible_webhook(call);
  co_return preview(webhook->payload, sample_event(call, call.json_object(), "sample"), webhook->team_id);
}

}  // namespace limehook::api
