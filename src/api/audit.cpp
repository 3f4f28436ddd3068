// /v1/audit: who changed what, when and from where.

#include "api/audit.hpp"

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/people.hpp"
#include "http_client/masking.hpp"
#include "model/verbatim_json.hpp"
#include "model/webhook_json.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kOwnHeaders = "headers";
constexpr std::size_t kFilterBytesMax = 255;

std::string text_of(const json::object& members) { return members.empty() ? "" : serialize_verbatim(members); }

// The members of `all` whose values `other` does not have.
json::object differing(const json::object& all, const json::object& other) {
  json::object out;
  for (const auto& [name, value] : all) {
    const json::value* same = other.if_contains(name);
    if (!same || *same != value) out.emplace(name, value);
  }
  return out;
}

// Says that secrets differ, not how.
void add_masked(json::object& members, const json::object& differing_secrets) {
  for (const auto& [name, value] : differing_secrets) {
    const bool empty = value.is_null() || (value.is_string() && value.as_string().empty());
    if (!empty) members.emplace(name, http_client::kMask);  // a member of this name that may be seen stays
  }
}

void mask_own_headers(json::object& members) {
  json::value* headers = members.if_contains(kOwnHeaders);
  if (!headers || !headers->is_object()) return;
  for (auto& header : headers->as_object()) header.value() = http_client::kMask;
}

struct WebhookMembers {
  json::object shown;
  json::object secret;
};

WebhookMembers members_of(const Webhook* webhook) {
  if (!webhook) return {};
  WebhookMembers members{webhook_to_json(*webhook), webhook_secrets_to_json(*webhook)};
  for (const auto* follows_from_every_change :
       {"id", "version", "disabled_at", "unconfirmed_emails", "created_at", "updated_at"}) {
    members.shown.erase(follows_from_every_change);
  }
  return members;
}

// Empty for who is no member.
json::object membership_in(const User* user, std::string_view team) {
  const Membership* member = user ? user->membership(team) : nullptr;
  if (!member) return {};
  return {{"teams", json::object{{team, name_of(member->role)}}}};
}

void write_entry(JsonWriter& out, const AuditEntry& entry) {
  out.key("id").string(entry.id.str()).key("at").string(format_rfc3339(id_time(entry.id.value)));
  out.key("actor").begin_object();
  out.key("kind").string(name_of(entry.actor_kind));
  out.key("id").string_or_null(entry.actor_id).key("name").string_or_null(entry.actor_name).end_object();
  out.key("client_address").string_or_null(entry.client_address).key("team_id").string_or_null(entry.team_id);
  out.key("action").string(entry.action);
  out.key("target").begin_object().key("id").string_or_null(entry.target);
  out.key("name").string_or_null(entry.target_name).end_object();
  out.key("before").raw(entry.before.empty() ? "null" : entry.before);
  out.key("after").raw(entry.after.empty() ? "null" : entry.after);
}

}  // namespace

void set_change(AuditEntry& entry, const json::object& before, const json::object& after) {
  entry.before = text_of(differing(before, after));
  entry.after = text_of(differing(after, before));
}

void set_webhook_change(AuditEntry& entry, const Webhook* before, const Webhook* after) {
  const WebhookMembers old_members = members_of(before);
  const WebhookMembers new_members = members_of(after);
  const auto describe = [](const WebhookMembers& members, const WebhookMembers& others) {
    json::object out = differing(members.shown, others.shown);
    mask_own_headers(out);
    add_masked(out, differing(members.secret, others.secret));
    return text_of(out);
  };
  entry.before = describe(old_members, new_members);
  entry.after = describe(new_members, old_members);
}

AuditEntry Api::audit(const Call& call, std::string_view action, std::string_view team_id, std::string target,
                      std::string_view target_name) const {
  return {.id = AuditId{engine_.new_id()},
          .actor_kind = call.principal.kind,
          .actor_id = call.principal.id,
          .actor_name = call.principal.name,
          .client_address = call.request.client_address,
          .team_id = std::string(team_id),
          .action = std::string(action),
          .target = std::move(target),
          .target_name = std::string(target_name)};
}

void Api::audit_account(const Call& call, std::string_view action, const User* before, const User* after,
                        std::vector<store::CatalogChange>& changes) const {
  const User& user = after ? *after : *before;
  AuditEntry entry = audit(call, action, "", user.id.str(), user.email);
  set_change(entry, before ? audit_members(*before) : json::object{}, after ? audit_members(*after) : json::object{});
  changes.emplace_back(std::move(entry));
}

bool Api::audit_memberships(const Call& call, std::string_view action, const User* before, const User* after,
                            std::vector<store::CatalogChange>& changes) const {
  const User& user = after ? *after : *before;
  std::set<std::string_view> teams;
  for (const User* state : {before, after}) {
    if (!state) continue;
    for (const Membership& member : state->teams) teams.insert(member.team_id);
  }
  bool any = false;
  for (const std::string_view team : teams) {
    const json::object old_role = membership_in(before, team);
    const json::object new_role = membership_in(after, team);
    if (old_role == new_role) continue;
    AuditEntry entry = audit(call, action, team, user.id.str(), user.email);
    set_change(entry, old_role, new_role);
    changes.emplace_back(std::move(entry));
    any = true;
  }
  return any;
}

asio::awaitable<Response> Api::list_audit(const Call& call) {
  const store::AuditQuery query{.team_id = call.team(),
                                .action = call.text_parameter("action", kFilterBytesMax).value_or(""),
                                .actor_id = call.text_parameter("actor", kFilterBytesMax).value_or(""),
                                .target = call.text_parameter("target", kFilterBytesMax).value_or(""),
                                .since = call.since(log_begin(call.principal)),
                                .until = call.time_parameter("until"),
                                .before = call.cursor(),
                                .limit = call.limit()};
  const auto page = co_await engine_.read([&](const store::Store& store) { return store.list_audit(query); });
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const AuditEntry& entry : page.rows) {
    write_entry(out.begin_object(), entry);
    out.end_object();
  }
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(page.next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
