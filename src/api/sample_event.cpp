#include "api/sample_event.hpp"

#include <algorithm>

namespace limehook::api {

EventDraft sample_event(const Call& call, const boost::json::object& body, std::string_view own,
                        std::initializer_list<std::string_view> others) {
  FieldErrors errors;
  for (const auto& member : body) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name != "event" && name != own && std::ranges::find(others, name) == others.end()) {
      errors.push_back({json_text::pointer_step(name), "is not a known member"});
    }
  }
  const auto* name = body.if_contains("event");
  const auto type = name && name->is_string() ? event_type_named(name->as_string()) : std::nullopt;
  if (!type) errors.push_back({"/event", name ? "is not a known event type" : "is required"});
  const auto* payload = body.if_contains(own);
  const std::string pointer = json_text::pointer_step(own);
  const bool given = payload && !payload->is_null();
  if (given && !payload->is_object()) errors.push_back({pointer, "must be an object"});
  if (!errors.empty()) throw Fault{invalid(errors)};

  const std::string compact = json_text::compact(call.body);
  const std::string_view sample = event_types()[static_cast<std::size_t>(*type)].sample;
  auto draft = parse_event(given ? *json_text::find(compact, own) : sample, kAllEventTypes);
  if (!draft) {
    for (FieldError& error : draft.error()) error.pointer = pointer + error.pointer;
    throw Fault{invalid(draft.error())};
  }
  if (draft->type != *type) throw Fault{invalid({{pointer + "/event", "must be the type given as event"}})};
  return std::move(*draft);
}

}  // namespace limehook::api
