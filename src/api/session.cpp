// /v1/session, /v1/sessions: signing in and out.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/page.hpp"
#include "api/people.hpp"
#include "identity/password.hpp"
#include "identity/totp.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

std::string_view kind_name(ActorKind kind) {
  return kind == ActorKind::User ? "user" : kind == ActorKind::Portal ? "portal" : "key";
}

Response wrong_credentials(bool code_required) {
  JsonWriter out;
  out.begin_object().key("type").string("about:blank").key("title").string("Unauthorized").key("status");
  out.number(std::int64_t{401}).key("detail");
  out.string(code_required ? "A code of your second factor is needed." : "E-mail address, password or code are wrong.");
  out.key("code_required").boolean(code_required).end_object();
  return {401, "application/problem+json", out.take(), {{"WWW-Authenticate", "Bearer"}, {"Cache-Control", "no-store"}}};
}

identity::RecoveryCodeHash hash_from(const std::string& hex) {
  identity::RecoveryCodeHash hash{};
  for (std::size_t i = 0; i < hash.size() && 2 * i + 1 < hex.size(); ++i) {
    hash[i] = static_cast<unsigned char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return hash;
}

// Takes a recovery code out of the user's; false when it is none of them.
bool use_recovery_code(User& user, const std::string& code) {
  std::vector<identity::RecoveryCodeHash> unused;
  for (const std::string& hex : user.recovery_code_hashes) unused.push_back(hash_from(hex));
  const auto found = identity::find_recovery_code(code, unused);
  if (!found) return false;
  user.recovery_code_hashes.erase(user.recovery_code_hashes.begin() + static_cast<std::ptrdiff_t>(*found));
  return true;
}

}  // namespace

bool Api::use_code(User& user, const std::string& code) {
  const auto step = identity::totp_step(user.totp_secret, code, runtime::now().wall, user.totp_step);
  if (!step) return use_recovery_code(user, code);
  user.totp_step = *step;
  engine_.directory().use_totp_step(user.id, *step);  // at once: another sign-in may be on its way
  return true;
}

void Api::throttle(std::string_view account, const Request& request) {
  const auto wait = throttle_.attempt(account, request.client_address, runtime::now().mono);
  if (!wait) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
  Response response = problem(429, "Too many attempts. Try again in " + std::to_string(seconds) + " s.");
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  throw Fault{std::move(response)};
}

asio::awaitable<bool> Api::password_fits(std::string password, std::string hash) {
  co_return co_await hash_slowly([password = std::move(password), hash = std::move(hash)] {
    if (!hash.empty()) return identity::verify_password(password, hash);
    identity::verify_nothing(password);
    return false;
  });
}

asio::awaitable<std::string> Api::hash_of(std::string password) {
  co_return co_await hash_slowly([password = std::move(password)] { return identity::hash_password(password); });
}

// Stores the user with a new session; the answer sets the cookie.
asio::awaitable<Response> Api::begin_session(const Call& call, User user, std::string_view action,
                                             std::vector<store::CatalogChange> changes) {
  const WallTime now = runtime::now().wall;
  auto session = new_session(engine_.new_id(), now, options_.sessions.age, call.request);
  session.row.user = user.id;
  user.last_sign_in_at = now;
  drop_oldest_sessions(user.id, changes);
  Call as_user = call;
  as_user.principal = {.kind = ActorKind::User, .id = user.id.str(), .name = user.email, .user = user.id};
  const User* before = engine_.directory().find_user(user.id);
  audit_account(as_user, action, before, &user, changes);
  audit_memberships(as_user, "user.joined", before, &user, changes);
  changes.emplace_back(user);
  changes.emplace_back(session.row);
  const auto answer = co_await engine_.change("user " + user.email, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  throttle_.succeeded(user.email, call.request.client_address, runtime::now().mono);
  Response response = signed_in(user, session.row, session.token);
  response.headers.emplace_back("Set-Cookie",
                                session_cookie(session.token, auth_.secure(call.request), options_.sessions.age));
  co_return response;
}

void Api::drop_oldest_sessions(UserId user, std::vector<store::CatalogChange>& changes) const {
  std::size_t count = 1;  // the one to come
  for (const auto& [id, session] : engine_.directory().sessions().all()) count += session.user == user;
  for (const auto& [id, session] : engine_.directory().sessions().all()) {
    if (count <= limits::kSessionsPerUserMax) return;
    if (session.user != user) continue;
    changes.emplace_back(store::Removed<SessionId>{id});
    --count;
  }
}

void Api::end_sessions(UserId user, SessionId but, std::vector<store::CatalogChange>& changes) const {
  for (const auto& [id, session] : engine_.directory().sessions().all()) {
    if (session.user == user && id != but) changes.emplace_back(store::Removed<SessionId>{id});
  }
}

asio::awaitable<Response> Api::sign_in(const Call& call) {
  Body body(call);
  const std::string email = body.email("email");
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  const std::string code = body.text_if_given("code", 100);
  body.finish();
  throttle(email, call.request);
  const User* found = engine_.directory().find_user_by_email(email);
  const std::string hash = found && found->enabled ? found->password_hash : "";
  const bool fits = co_await password_fits(password, hash);
  found = engine_.directory().find_user_by_email(email);  // it may have been changed meanwhile
  if (!fits || !found || !found->enabled || found->password_hash != hash) {
    if (found) engine_.record(audit(call, "user.sign_in_failed", "", found->id.str(), found->email));
    co_return wrong_credentials(false);
  }
  User user = *found;
  if (!user.totp_secret.empty()) {
    if (code.empty()) co_return wrong_credentials(true);
    if (!use_code(user, code)) {
      engine_.record(audit(call, "user.sign_in_failed", "", user.id.str(), user.email));
      co_return wrong_credentials(false);
    }
  }
  co_return co_await begin_session(call, std::move(user), "user.signed_in", {});
}

asio::awaitable<Response> Api::get_session(const Call& call) {
  const Principal& principal = call.principal;
  JsonWriter out;
  out.begin_object().key("kind").string(kind_name(principal.kind));
  out.key("role").string_or_null(principal.role ? name_of(*principal.role) : "");
  out.key("team_id").string_or_null(principal.team_id);
  const Session* session = engine_.directory().sessions().find(principal.session);
  out.key("expires_at").string_or_null(session ? format_rfc3339(session->expires_at) : "");
  if (const User* user = engine_.directory().find_user(principal.user)) {
    write_user(out.key("user").begin_object(), *user, principal);
    const auto token = cookie(call.request, session_cookie_name(auth_.secure(call.request)));
    out.end_object().key("csrf_token").string(csrf_token(token));
  }
  out.end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::sign_out(const Call& call) {
  std::vector<store::CatalogChange> changes{store::Removed<SessionId>{call.principal.session},
                                            audit(call, "user.signed_out", "", call.principal.id, call.principal.name)};
  const auto answer = co_await engine_.change(call.principal.session.str(), std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {{"Set-Cookie", session_cookie("", auth_.secure(call.request), Duration(0))}}};
}

asio::awaitable<Response> Api::list_sessions(const Call& call) {
  const auto own = [&](const Session& session) { return session.user == call.principal.user; };
  const auto write = [&](JsonWriter& out, const Session& session) {
    out.key("id").string(session.id.str()).key("current").boolean(session.id == call.principal.session);
    out.key("client_address").string(session.client_address).key("user_agent").string_or_null(session.user_agent);
    out.key("created_at").string(format_rfc3339(session.created_at));
    out.key("last_seen_at").string(format_rfc3339(session.last_seen_at));
    out.key("expires_at").string(format_rfc3339(session.expires_at));
  };
  co_return newest_page(call, engine_.directory().sessions().all(), own, write);
}

asio::awaitable<Response> Api::end_session(const Call& call) {
  const Session* session = engine_.directory().sessions().find(path_id<SessionId>(call, "session"));
  if (!session || session->user != call.principal.user) throw Fault{not_found("session")};
  std::vector<store::CatalogChange> changes{store::Removed<SessionId>{session->id},
                                            audit(call, "user.signed_out", "", call.principal.id, call.principal.name)};
  const auto answer = co_await engine_.change(session->id.str(), std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

// Everywhere, here too.
asio::awaitable<Response> Api::end_all_sessions(const Call& call) {
  std::vector<store::CatalogChange> changes;
  end_sessions(call.principal.user, SessionId{}, changes);
  changes.emplace_back(audit(call, "user.signed_out_everywhere", "", call.principal.id, call.principal.name));
  const auto answer = co_await engine_.change("user " + call.principal.name, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {{"Set-Cookie", session_cookie("", auth_.secure(call.request), Duration(0))}}};
}

}  // namespace limehook::api
