#include "model/webhook_json.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "model/filter_json.hpp"
#include "model/payload_shape_json.hpp"
#include "model/webhook_checks.hpp"
#include "model/webhook_headers.hpp"
#include "model/webhook_member.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

void read_name(MemberTarget& target, const json::value& value) {
  if (value.is_null()) return target.refuse("is required");
  read_text(target.webhook.name, value, target, &name_problem);
}

void read_url(MemberTarget& target, const json::value& value) {
  target.webhook.url.clear();
  if (value.is_null()) return;  // required_problems() knows whether it may be missing
  const auto text = text_in(value);
  if (!text) return target.refuse("must be a string");
  target.webhook.url = *text;
  target.refuse_if(url_problem(*text, target.rules));
}

void read_team_id(MemberTarget& target, const json::value& value) {
  target.webhook.team_id.clear();
  if (!value.is_null()) read_text(target.webhook.team_id, value, target, &team_id_problem);
}

void read_secret(MemberTarget& target, const json::value& value) {
  target.webhook.secret.clear();
  if (!value.is_null()) read_text(target.webhook.secret, value, target, &webhook_secret_problem);
}

void read_token(MemberTarget& target, const json::value& value) {
  target.webhook.token.clear();
  if (!value.is_null()) read_text(target.webhook.token, value, target, &token_problem);
}

void read_events(MemberTarget& target, const json::value& value) {
  target.webhook.events = Webhook{}.events;
  if (value.is_null()) return;
  const auto* list = value.if_array();
  if (list == nullptr || list->empty()) return target.refuse("must be a list of at least one event type");
  target.webhook.events.reset();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto name = text_in((*list)[i]);
    if (const auto type = name ? event_type_named(*name) : std::nullopt) {
      target.webhook.events.set(static_cast<std::size_t>(*type));
    } else {
      target.errors.push_back({target.pointer + step(i), "is not an event type"});
    }
  }
}

void read_filters(MemberTarget& target, const json::value& value) {
  target.webhook.filter.reset();
  if (!value.is_null()) target.webhook.filter = read_filter(value, target.pointer, target.errors);
}

void read_payload(MemberTarget& target, const json::value& value) {
  target.webhook.payload = {};
  if (!value.is_null()) target.webhook.payload = read_payload_shape(value, target.pointer, target.errors);
}

void read_own_headers(MemberTarget& target, const json::value& value) {
  target.webhook.headers.clear();
  if (!value.is_null()) target.webhook.headers = read_headers(value, target.pointer, target.errors);
}

void read_enabled(MemberTarget& target, const json::value& value) {
  if (!value.is_null() && !value.is_bool()) return target.refuse("must be true or false");
  target.webhook.enabled = value.is_null() || value.get_bool();
  if (target.webhook.enabled) target.webhook.disabled_reason.clear();
}

void read_numbers(MemberTarget& target, const json::value& value) {
  auto& numbers = target.webhook.numbers;
  numbers.clear();
  if (value.is_null()) return;
  const auto* list = value.if_array();
  if (list == nullptr || list->size() > limits::kNumbersMax) {
    return target.refuse("must be a list of at most " + std::to_string(limits::kNumbersMax) + " numbers");
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto text = text_in((*list)[i]);
    if (const auto problem = text ? number_problem(*text) : "must be a string") {
      target.errors.push_back({target.pointer + step(i), *problem});
    } else if (std::ranges::find(numbers, *text) == numbers.end()) {
      numbers.emplace_back(*text);
    }
  }
}

void read_read_only(MemberTarget& target, const json::value&) { target.refuse("is read-only"); }

constexpr MemberReader kMembers[] = {
    {"name", read_name},
    {"url", read_url},
    {"events", read_events},
    {"filters", read_filters},
    {"payload", read_payload},
    {"secret", read_secret},
    {"token", read_token},
    {"headers", read_own_headers},
    {"enabled", read_enabled},
    {"team_id", read_team_id},
    {"numbers", read_numbers},
    {"breaker", read_read_only},
    {"backlog", read_read_only},
    {"failing_since", read_read_only},
    {"blocked_by", read_read_only},
    {"id", read_read_only},
    {"version", read_read_only},
    {"disabled_reason", read_read_only},
    {"disabled_at", read_read_only},
    {"unconfirmed_emails", read_read_only},
    {"confirmed_emails", read_read_only},
    {"previous_secret_expires_at", read_read_only},
    {"public_key", read_read_only},
    {"created_at", read_read_only},
    {"updated_at", read_read_only},
};

const MemberReader* reader_of(std::string_view name) {
  for (const auto table : {std::span<const MemberReader>(kMembers), delivery_members(), security_members()}) {
    const auto found = std::ranges::find(table, name, &MemberReader::name);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

json::array events_to_json(EventTypeSet events) {
  json::array names;
  for (const auto& info : event_types()) {
    if (events.test(static_cast<std::size_t>(info.type))) names.push_back(json::string(info.name));
  }
  return names;
}

// A stored value that webhook_to_stored_json() wrote; throws where it is something else.
std::string_view stored_text(const json::object& json, std::string_view name) { return json.at(name).as_string(); }

}  // namespace

FieldErrors apply_webhook_json(Webhook& webhook, const json::value& patch, const UrlRules& rules) {
  FieldErrors errors;
  const auto* object = patch.if_object();
  if (object == nullptr) return {{"", "must be a JSON object"}};
  for (const auto& member : *object) {
    const std::string_view name(member.key().data(), member.key().size());
    MemberTarget target{webhook, rules, step(name), errors};
    if (const auto* reader = reader_of(name)) {
      reader->read(target, member.value());
    } else {
      target.refuse("is not a known member");
    }
  }
  return errors;
}

FieldErrors required_problems(const Webhook& webhook) {
  FieldErrors errors;
  if (webhook.name.empty()) errors.push_back({"/name", "is required"});
  if (webhook.url.empty() && webhook.mode == WebhookMode::Push) errors.push_back({"/url", "is required"});
  std::ranges::move(signature_header_problems(webhook), std::back_inserter(errors));
  return errors;
}

std::vector<std::string> unconfirmed_emails(const Webhook& webhook) {
  std::vector<std::string> out;
  for (const std::string& email : webhook.notify_emails) {
    if (std::ranges::find(webhook.confirmed_emails, email) == webhook.confirmed_emails.end()) out.push_back(email);
  }
  return out;
}

json::object webhook_to_json(const Webhook& webhook) {
  json::object out;
  out["id"] = webhook.id.str();
  out["version"] = webhook.version;
  out["team_id"] = text_or_null(webhook.team_id);
  out["name"] = webhook.name;
  out["url"] = text_or_null(webhook.url);
  out["events"] = events_to_json(webhook.events);
  out["filters"] = webhook.filter ? json::value(filter_to_json(*webhook.filter)) : json::value(nullptr);
  out["payload"] = payload_shape_to_json(webhook.payload);
  out["headers"] = headers_to_json(webhook.headers);
  out["numbers"] = texts_to_json(webhook.numbers);
  add_delivery_members(out, webhook);
  add_security_members(out, webhook);
  out["unconfirmed_emails"] = texts_to_json(unconfirmed_emails(webhook));
  out["enabled"] = webhook.enabled;
  out["disabled_reason"] = text_or_null(webhook.disabled_reason);
  out["disabled_at"] = text_or_null(webhook.disabled_at ? format_rfc3339(*webhook.disabled_at) : "");
  if (webhook.previous_secret_expires_at) {
    out["previous_secret_expires_at"] = format_rfc3339(*webhook.previous_secret_expires_at);
  }
  out["created_at"] = format_rfc3339(webhook.created_at);
  out["updated_at"] = format_rfc3339(webhook.updated_at);
  return out;
}

json::object webhook_to_stored_json(const Webhook& webhook) {
  auto out = webhook_to_json(webhook);
  out.erase("headers");
  out.erase("unconfirmed_emails");
  out["confirmed_emails"] = texts_to_json(webhook.confirmed_emails);
  return out;
}

Webhook webhook_from_stored_json(const json::object& stored) {
  Webhook webhook;
  // What was saved once stays, whatever this server would allow now.
  const UrlRules any_url{.allow_http = true, .literal_problem = {}};
  FieldErrors ignored;
  for (const auto& member : stored) {
    const auto* reader = reader_of(std::string_view(member.key().data(), member.key().size()));
    if (reader == nullptr || reader->read == &read_read_only) continue;
    MemberTarget target{webhook, any_url, "", ignored};
    reader->read(target, member.value());
  }
  take_stored_security(webhook, stored);
  webhook.id = WebhookId::parse(stored_text(stored, "id")).value_or(WebhookId{});
  webhook.version = static_cast<int>(integer_in(stored.at("version")).value_or(1));
  webhook.disabled_reason = text_in(stored.at("disabled_reason")).value_or("");
  if (const auto* expires = stored.if_contains("previous_secret_expires_at")) {
    webhook.previous_secret_expires_at = parse_rfc3339(text_in(*expires).value_or(""));
  }
  webhook.created_at = parse_rfc3339(stored_text(stored, "created_at")).value_or(WallTime{});
  webhook.updated_at = parse_rfc3339(stored_text(stored, "updated_at")).value_or(WallTime{});
  // Earlier versions wrote to all whom a webhook names.
  webhook.confirmed_emails = webhook.notify_emails;
  if (const auto* confirmed = stored.if_contains("confirmed_emails"); confirmed && confirmed->is_array()) {
    webhook.confirmed_emails.clear();
    for (const auto& email : confirmed->get_array()) webhook.confirmed_emails.emplace_back(text_in(email).value_or(""));
  }
  // Of one that an earlier version disabled, the last change is what is known.
  const auto* disabled_at = stored.if_contains("disabled_at");
  if (!webhook.enabled) {
    webhook.disabled_at =
        parse_rfc3339(disabled_at ? text_in(*disabled_at).value_or("") : "").value_or(webhook.updated_at);
  }
  return webhook;
}

}  // namespace limehook
