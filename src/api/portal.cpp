// /v1/teams/{id}/portal: a team's webhooks page, embedded in the platform's own product.

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/people.hpp"
#include "base/characters.hpp"
#include "base/limits_more.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {

// The link is good once and for minutes; the session that it opens has no cookie, which browsers would keep from an
// embedded page, and dies by itself.
asio::awaitable<Response> Api::create_portal_link(const Call& call) {
  if (!call.principal.sees_team(call.id) || characters_in(call.id) > limits::kTeamIdCharactersMax)
    throw Fault{not_found("team")};
  check_known_team(call.id, "/team_id");
  Body body(call, Body::MayBeMissing{});
  const std::string role = body.text_if_given("role", limits::kNameCharactersMax);
  const auto named = role.empty() ? Role::Manage : role_named(role);
  if (named != Role::Manage && named != Role::Read) body.wrong("role", "must be manage or read");
  body.finish();
  check_links(call.principal, call.id);
  auto issued = new_link(engine_.new_id(), LinkKind::Portal, runtime::now().wall, limits::kPortalLinkValid);
  issued.row.team_id = call.id;
  issued.row.role = *named;
  issued.row.made_by = call.principal.id;
  auto entry = audit(call, "portal.link_created", call.id, issued.row.id.str(), "");
  set_change(entry, {}, {{"role", name_of(*named)}});
  const auto answer = co_await engine_.change(issued.row.id.str(), {issued.row, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  out.begin_object().key("url").string(link_url(sign_in_.public_url, issued)).key("token").string(issued.token);
  out.key("team_id").string(call.id).key("role").string(name_of(*named));
  out.key("expires_at").string(format_rfc3339(issued.row.expires_at)).end_object();
  co_return Response{201, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::open_portal(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  body.finish();
  const Link link = valid_link(token, LinkKind::Portal);
  auto session = new_session(engine_.new_id(), runtime::now().wall, limits::kPortalSession, call.request);
  session.token = signing::generate_token(kPortalTokenPrefix);
  session.row.hash = signing::sha256(session.token);
  session.row.team_id = link.team_id;
  session.row.role = link.role;
  session.row.made_by = link.made_by;
  Call as_portal = call;
  as_portal.principal = {.kind = ActorKind::Portal, .id = session.row.id.str()};
  auto entry = audit(as_portal, "portal.opened", link.team_id, link.id.str(), "");
  std::vector<store::CatalogChange> changes{store::Removed<LinkId>{link.id}, session.row, std::move(entry)};
  const auto& open = engine_.directory().portals_of(link.team_id);
  if (open.size() >= limits::kPortalsPerTeamMax) changes.emplace_back(store::Removed<SessionId>{*open.begin()});
  const auto answer = co_await engine_.change(link.id.str(), std::move(changes));
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  out.begin_object().key("token").string(session.token).key("team_id").string(link.team_id);
  out.key("role").string(name_of(link.role)).key("expires_at").string(format_rfc3339(session.row.expires_at));
  out.end_object();
  co_return Response{201, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

}  // namespace limehook::api
