#include "model/webhook_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "model/filter_json.hpp"
#include "model/number.hpp"
#include "model/payload_shape_json.hpp"
#include "model/verbatim_json.hpp"
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
  if (value.is_null()) return;
  target.webhook.filter = read_filter(*json_text::find(target.json, "filters"), target.pointer, target.errors);
}

void read_payload(MemberTarget& target, const json::value& value) {
  target.webhook.payload = {};
  if (value.is_null()) return;
  target.webhook.payload = read_payload_shape(*json_text::find(target.json, "payload"), target.pointer, target.errors);
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
    auto number = normal_number(text.value_or(""));
    if (const auto problem = text ? number_problem(number) : "must be a string") {
      target.errors.push_back({target.pointer + step(i), *problem});
    } else if (std::ranges::find(numbers, number) == numbers.end()) {
      numbers.push_back(std::move(number));
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
    {"previous_secrets", read_read_only},
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

// Stored with what has the numbers of filters and templates as they were written. Before there was this member all were
// written by Boost.JSON, which writes 1.5 as 1.5E0, and sent in the shortest form.
constexpr std::string_view kAsWritten = "numbers_as_written";
constexpr std::string_view kDisabledAt = "disabled_at_us";  // to the microsecond, unlike what is shown

std::string with_shortest_decimals(std::string_view compact) {
  std::string out;
  for (std::size_t i = 0; i < compact.size();) {
    const std::size_t begin = i;
    const char c = compact[i];
    if (c == '"') i = json_text::string_end(compact, i);
    else if (c == '-' || (c >= '0' && c <= '9')) i = json_text::value_end(compact, i);
    else ++i;
    const auto token = compact.substr(begin, i - begin);
    double number = 0;
    const bool boosted = c != '"' && token.contains('E') &&
                         std::from_chars(token.data(), token.data() + token.size(), number).ec == std::errc();
    std::array<char, 32> digits{};
    if (boosted) out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    else out += token;
  }
  return out;
}

// A stored value that webhook_to_stored_json() wrote; throws where it is something else.
std::string_view text_at(const json::object& json, std::string_view name) { return json.at(name).as_string(); }

}  // namespace

FieldErrors apply_webhook_json(Webhook& webhook, std::string_view patch, const UrlRules& rules) {
  FieldErrors errors;
  const std::string text = json_text::compact(patch);
  if (!text.starts_with('{')) return {{"", "must be a JSON object"}};
  const auto members = json::parse(json_text::with_plain_integers(text));
  for (const auto& member : members.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    MemberTarget target{webhook, rules, step(name), errors, text};
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
  out["filters"] = webhook.filter ? verbatim(filter_to_json(*webhook.filter)) : json::value(nullptr);
  out["payload"] = payload_shape_to_json(webhook.payload);
  out["headers"] = headers_to_json(webhook.headers);
  out["numbers"] = texts_to_json(webhook.numbers);
  add_delivery_members(out, webhook);
  add_security_members(out, webhook);
  out["unconfirmed_emails"] = texts_to_json(unconfirmed_emails(webhook));
  out["enabled"] = webhook.enabled;
  out["disabled_reason"] = text_or_null(webhook.disabled_reason);
  out["disabled_at"] = text_or_null(webhook.disabled_at ? format_rfc3339(*webhook.disabled_at) : "");
  if (!webhook.previous_secrets.empty()) {
    out["previous_secret_expires_at"] = format_rfc3339(webhook.previous_secrets.front().expires_at);
    auto& list = out["previous_secrets"].emplace_array();
    for (const PreviousSecret& old : webhook.previous_secrets) {
      list.push_back(json::object{{"expires_at", format_rfc3339(old.expires_at)}});
    }
  }
  out["created_at"] = format_rfc3339(webhook.created_at);
  out["updated_at"] = format_rfc3339(webhook.updated_at);
  return out;
}

std::string webhook_to_stored_json(const Webhook& webhook) {
  auto out = webhook_to_json(webhook);
  out.erase("headers");
  out.erase("unconfirmed_emails");
  out["confirmed_emails"] = texts_to_json(webhook.confirmed_emails);
  out.erase("disabled_at");
  if (webhook.disabled_at) out[kDisabledAt] = to_us(*webhook.disabled_at);
  out[kAsWritten] = true;
  return serialize_verbatim(out);
}

Webhook webhook_from_stored_json(std::string_view stored_text) {
  Webhook webhook;
  const json::value document = json::parse({stored_text.data(), stored_text.size()});
  const json::object& stored = document.as_object();
  const std::string compact = json_text::compact(stored_text);
  const std::string text = stored.contains(kAsWritten) ? compact : with_shortest_decimals(compact);
  // What was saved once stays, whatever this server would allow now.
  const UrlRules any_url{.allow_http = true, .literal_problem = {}};
  FieldErrors ignored;
  for (const auto& member : stored) {
    const auto* reader = reader_of(std::string_view(member.key().data(), member.key().size()));
    if (reader == nullptr || reader->read == &read_read_only) continue;
    MemberTarget target{webhook, any_url, "", ignored, text};
    reader->read(target, member.value());
  }
  take_stored_security(webhook, stored);
  webhook.id = WebhookId::parse(text_at(stored, "id")).value_or(WebhookId{});
  webhook.version = static_cast<int>(json_integer(stored.at("version")).value_or(1));
  webhook.disabled_reason = text_in(stored.at("disabled_reason")).value_or("");
  webhook.created_at = parse_rfc3339(text_at(stored, "created_at")).value_or(WallTime{});
  webhook.updated_at = parse_rfc3339(text_at(stored, "updated_at")).value_or(WallTime{});
  // Earlier versions wrote to all whom a webhook names.
  webhook.confirmed_emails = webhook.notify_emails;
  if (const auto* confirmed = stored.if_contains("confirmed_emails"); confirmed && confirmed->is_array()) {
    webhook.confirmed_emails.clear();
    for (const auto& email : confirmed->get_array()) webhook.confirmed_emails.emplace_back(text_in(email).value_or(""));
  }
  // Of one that an earlier version disabled, the last change is what is known.
  const auto* disabled_at = stored.if_contains(kDisabledAt);
  if (!webhook.enabled) {
    webhook.disabled_at = disabled_at ? from_us(json_integer(*disabled_at).value_or(0)) : webhook.updated_at;
  }
  return webhook;
}

}  // namespace limehook
