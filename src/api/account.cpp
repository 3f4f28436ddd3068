// /v1/session/…, /v1/password-reset: what people do with their own account.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/people.hpp"
#include "identity/password.hpp"
#include "identity/totp.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kTotpIssuer = "Limehook";
constexpr std::size_t kCodeBytesMax = 100;
// So many links for a new password are sent to somebody within the time that they are valid.
constexpr std::size_t kOpenResetsMax = 3;

Response no_content() { return {204, "", "", {}}; }

Fault wrong_field(std::string_view pointer, std::string_view detail) {
  return Fault{problem(403, "This could not be confirmed.", {{std::string(pointer), std::string(detail)}})};
}

Response totp_is_on() { return problem(409, "The second factor is on already. Turn it off first."); }

}  // namespace

// The account of who asks, as it is now.
User Api::own_account(const Call& call) const {
  const User* user = engine_.directory().find_user(call.principal.user);
  if (!user) throw Fault{unauthorized("Sign in first.")};
  return *user;
}

// Whoever finds an open browser must not be able to take the account over. The attempt counts as a failed guess until
// confirmed() says that nothing else had to be right.
asio::awaitable<User> Api::confirmed_account(const Call& call, std::string_view field, std::string password) {
  const User before = own_account(call);
  if (before.password_hash.empty()) {
    throw Fault{problem(409, "This account has no password yet. Use the link of a password reset.")};
  }
  throttle(before.email, call.request);
  const bool fits = co_await password_fits(std::move(password), before.password_hash);
  User user = own_account(call);
  if (!fits || user.password_hash != before.password_hash) throw wrong_field(field, "is wrong");
  co_return user;
}

void Api::confirmed(const Call& call) {
  throttle_.succeeded(call.principal.name, call.request.client_address, runtime::now().mono);
}

// Stores a change of an account by its owner or by a link that proves who they are.
asio::awaitable<Response> Api::save_account(const Call& call, const User& user, std::string_view action,
                                            std::vector<store::CatalogChange> changes, Response response) {
  audit_account(call, action, engine_.directory().find_user(user.id), &user, changes);
  changes.emplace_back(user);
  const auto answer = co_await engine_.change("user " + user.email, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return std::move(response);
}

asio::awaitable<Response> Api::change_password(const Call& call) {
  Body body(call);
  const std::string current = body.text("current_password", limits::kPasswordFieldBytesMax);
  const std::string password = body.text("new_password", limits::kPasswordFieldBytesMax);
  check_new_password(body, "new_password", password, call.principal.name);
  body.finish();
  const User before = co_await confirmed_account(call, "/current_password", current);
  confirmed(call);
  const std::string hash = co_await hash_of(password);
  User user = own_account(call);
  if (user.password_hash != before.password_hash) co_return refusal(delivery::Refusal::Conflict);
  user.password_hash = hash;
  user.updated_at = runtime::now().wall;
  std::vector<store::CatalogChange> changes;
  end_sessions(user.id, call.principal.session, changes);
  void_reset_links(user.id, changes);  // somebody else may have one, which is why the password is changed
  co_return co_await save_account(call, user, "user.password_changed", std::move(changes), no_content());
}

// ---- second factor ------------------------------------------------------------------------------------------

// Begins: the secret counts from the first code on.
asio::awaitable<Response> Api::begin_totp(const Call& call) {
  Body body(call);
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  body.finish();
  const User user = co_await confirmed_account(call, "/password", password);
  confirmed(call);
  if (!user.totp_secret.empty()) co_return totp_is_on();
  const std::string secret = identity::generate_totp_secret();
  std::erase_if(pending_totp_, [&](const auto& entry) { return !engine_.directory().sessions().find(entry.first); });
  pending_totp_[call.principal.session] = secret;
  JsonWriter out;
  out.begin_object().key("secret").string(secret).key("uri");
  out.string(identity::totp_uri(secret, user.email, kTotpIssuer)).end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::finish_totp(const Call& call) {
  Body body(call);
  const std::string code = body.text("code", kCodeBytesMax);
  body.finish();
  const auto pending = pending_totp_.find(call.principal.session);
  if (pending == pending_totp_.end()) co_return problem(409, "Begin with POST /v1/session/totp.");
  User user = own_account(call);
  if (!user.totp_secret.empty()) co_return totp_is_on();  // turned on in another session meanwhile
  const auto step = identity::totp_step(pending->second, code, runtime::now().wall, 0);
  if (!step) throw wrong_field("/code", "is not the code that belongs to the secret now");
  user.totp_secret = pending->second;
  user.totp_step = *step;
  pending_totp_.erase(pending);
  const auto codes = identity::generate_recovery_codes();
  user.recovery_code_hashes.clear();
  JsonWriter out;
  out.begin_object().key("recovery_codes").begin_array();
  for (const std::string& recovery : codes) {
    out.string(recovery);
    user.recovery_code_hashes.push_back(signing::hex(*identity::recovery_code_hash(recovery)));
  }
  out.end_array().end_object();
  Response response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
  co_return co_await save_account(call, user, "user.totp_enabled", {}, std::move(response));
}

asio::awaitable<Response> Api::end_totp(const Call& call) {
  Body body(call);
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  const std::string code = body.text("code", kCodeBytesMax);
  body.finish();
  User user = co_await confirmed_account(call, "/password", password);
  if (!user.totp_secret.empty() && !use_code(user, code)) throw wrong_field("/code", "is wrong");
  confirmed(call);
  if (user.totp_secret.empty()) co_return no_content();
  user.totp_secret.clear();
  user.recovery_code_hashes.clear();
  co_return co_await save_account(call, user, "user.totp_disabled", {}, no_content());
}

// ---- forgotten passwords ------------------------------------------------------------------------------------

void Api::void_reset_links(UserId user, std::vector<store::CatalogChange>& changes) const {
  for (const auto& [id, link] : engine_.directory().links().all()) {
    if (link.kind == LinkKind::PasswordReset && link.user == user) changes.emplace_back(store::Removed<LinkId>{id});
  }
}

std::size_t Api::open_resets(UserId user) const {
  const WallTime now = runtime::now().wall;
  return static_cast<std::size_t>(std::ranges::count_if(engine_.directory().links().all(), [&](const auto& row) {
    return row.second.kind == LinkKind::PasswordReset && row.second.user == user && row.second.expires_at > now;
  }));
}

// Older ones go on working until one is used.
Issued<Link> Api::reset_link(const User& user, std::vector<store::CatalogChange>& changes) {
  auto issued = new_link(engine_.new_id(), LinkKind::PasswordReset, runtime::now().wall, limits::kResetLinkValid);
  issued.row.user = user.id;
  changes.emplace_back(issued.row);
  return issued;
}

// The answer is the same whether there is such an account or not, and does not wait for anything that depends on it.
asio::awaitable<Response> Api::request_password_reset(const Call& call) {
  Body body(call);
  const std::string email = body.email("email");
  body.finish();
  if (!options_.send_mail) co_return problem(409, "There is no mail server. Ask an admin for a link.");
  // By address: a stranger who asks again and again must not keep the owner from asking, nor void what they were sent.
  throttle("reset " + email + " from " + call.request.client_address, call.request);
  const User* user = engine_.directory().find_user_by_email(email);
  if (user && user->enabled && open_resets(user->id) < kOpenResetsMax) {
    std::vector<store::CatalogChange> changes;
    const auto issued = reset_link(*user, changes);
    changes.emplace_back(audit(call, "user.password_reset_requested", "", user->id.str(), user->email));
    asio::co_spawn(co_await asio::this_coro::executor,
                   mail_reset_link(email, link_url(sign_in_.public_url, issued), std::move(changes)), asio::detached);
  }
  co_return Response{202, "application/json", R"({"status":"accepted"})", {}};
}

asio::awaitable<void> Api::mail_reset_link(std::string email, std::string url,
                                           std::vector<store::CatalogChange> changes) {
  if (!co_await engine_.change("reset " + email, std::move(changes))) co_return;
  options_.send_mail({AccountMail::Kind::PasswordReset, email, url, limits::kResetLinkValid});
}

asio::awaitable<Response> Api::complete_password_reset(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  const Link link = token.empty() ? Link{} : valid_link(token, LinkKind::PasswordReset);
  const User* user = engine_.directory().find_user(link.user);
  check_new_password(body, "password", password, user ? user->email : "");
  body.finish();
  const std::string hash = co_await hash_of(password);
  valid_link(token, LinkKind::PasswordReset);  // it may have been used meanwhile
  user = engine_.directory().find_user(link.user);
  if (!user || !user->enabled) co_return problem(404, "There is no such account any more.");
  User changed = *user;
  changed.password_hash = hash;
  changed.updated_at = runtime::now().wall;
  std::vector<store::CatalogChange> changes;
  void_reset_links(changed.id, changes);
  end_sessions(changed.id, SessionId{}, changes);
  throttle_.forget(changed.email);
  co_return co_await save_account(call, changed, "user.password_reset", std::move(changes), no_content());
}

}  // namespace limehook::api
