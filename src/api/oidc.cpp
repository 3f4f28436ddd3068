// /v1/oidc: signing in with OpenID Connect. Browsers come here, not programs: what goes wrong is told to the sign-in
// page, in the part of the URL behind '#'.

#include <spdlog/spdlog.h>
#include <boost/asio.hpp>
#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/people.hpp"
#include "base/ascii.hpp"
#include "identity/oidc.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kFlowCookie = "limehook_oidc";

Response redirect(std::string url) {
  return {303, "text/plain; charset=utf-8", "", {{"Location", std::move(url)}, {"Cache-Control", "no-store"}}};
}

Response failed(std::string_view why) { return redirect("/sign-in#error=" + std::string(why)); }

Response failed(const identity::OidcProblem& found) {
  spdlog::warn("A sign-in with OpenID Connect failed: {}", found.log);
  return failed(found.kind == identity::OidcProblem::Kind::Unavailable ? "unavailable" : "refused");
}

std::string flow_cookie(std::string_view value, bool secure) {
  std::string out(kFlowCookie);
  out += "=" + std::string(value) + "; Path=/v1/oidc; HttpOnly; SameSite=Lax; Max-Age=" + (value.empty() ? "0" : "600");
  return secure ? out + "; Secure" : out;
}

// A flow stays with its browser, sealed: however many are begun, none pushes out another.
std::string sealed(const vault::Vault& vault, const identity::OidcFlow& flow) {
  const std::string text = boost::json::serialize(boost::json::object{{"state", flow.state},
                                                                      {"nonce", flow.nonce},
                                                                      {"verifier", flow.verifier},
                                                                      {"return_to", flow.return_to},
                                                                      {"expires_at", to_us(flow.expires_at)}});
  const std::string bytes = vault.seal(text, kFlowCookie);
  return signing::base64({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::optional<identity::OidcFlow> opened(const vault::Vault& vault, std::string_view cookie_value) {
  const auto bytes = signing::base64_decode(cookie_value);
  const auto text = bytes ? vault.open(*bytes, kFlowCookie)
                          : std::expected<std::string, vault::OpenError>(std::unexpected(vault::OpenError::NotSealed));
  if (!text) return std::nullopt;
  const auto json = boost::json::parse(*text).as_object();
  const auto member = [&](std::string_view name) { return std::string(json.at(name).as_string()); };
  return identity::OidcFlow{.state = member("state"),
                            .nonce = member("nonce"),
                            .verifier = member("verifier"),
                            .return_to = member("return_to"),
                            .expires_at = from_us(json.at("expires_at").as_int64())};
}

// Lets a coroutine wait for an answer that comes once, on any thread.
template <class T, class Start>
asio::awaitable<std::expected<T, identity::OidcProblem>> answer_of(Start start) {
  using Result = std::expected<T, identity::OidcProblem>;
  struct Waiter {
    asio::steady_timer signal;
    std::optional<Result> result;
  };
  const auto executor = co_await asio::this_coro::executor;
  const auto waiter =
      std::make_shared<Waiter>(asio::steady_timer(executor, asio::steady_timer::time_point::max()), std::nullopt);
  start([waiter, executor](Result result) {
    asio::post(executor, [waiter, result = std::move(result)]() mutable {
      waiter->result = std::move(result);
      waiter->signal.cancel();
    });
  });
  while (!waiter->result) co_await waiter->signal.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return *std::move(waiter->result);
}

}  // namespace

asio::awaitable<Response> Api::begin_oidc(const Call& call) {
  if (!sign_in_.oidc) throw Fault{problem(404, "There is no single sign-on here.")};
  const auto flow = identity::make_flow(call.parameter("return_to").value_or("/"), runtime::now().wall);
  const auto url = co_await answer_of<std::string>([&](auto answer) { sign_in_.oidc->begin(flow, std::move(answer)); });
  if (!url) co_return failed(url.error());
  Response response = redirect(*url);
  response.headers.emplace_back("Set-Cookie", flow_cookie(sealed(oidc_flows_, flow), auth_.secure(call.request)));
  co_return response;
}

asio::awaitable<Response> Api::finish_oidc(const Call& call) {
  if (!sign_in_.oidc) throw Fault{problem(404, "There is no single sign-on here.")};
  const auto begun = opened(oidc_flows_, cookie(call.request, kFlowCookie));
  if (!begun) co_return failed("refused");
  const identity::OidcFlow& flow = *begun;
  const identity::OidcCallback callback{.state = call.parameter("state"),
                                        .code = call.parameter("code"),
                                        .error = call.parameter("error"),
                                        .issuer = call.parameter("iss")};
  const auto code = identity::code_of_callback(flow, callback, sign_in_.oidc->issuer(), runtime::now().wall);
  if (!code) co_return failed(code.error());
  const auto who = co_await answer_of<identity::OidcIdentity>(
      [&](auto answer) { sign_in_.oidc->finish(flow, *code, std::move(answer)); });
  if (!who) co_return failed(who.error());
  std::vector<store::CatalogChange> changes;
  const auto user = account_of(*who, changes);
  if (!user) co_return failed("no_account");
  Response session = co_await begin_session(call, *user, "user.signed_in_with_oidc", std::move(changes));
  if (session.status != 200) co_return failed("unavailable");
  Response response = redirect(flow.return_to);
  for (auto& header : session.headers) {
    if (header.first == "Set-Cookie") response.headers.push_back(std::move(header));
  }
  response.headers.emplace_back("Set-Cookie", flow_cookie("", auth_.secure(call.request)));
  co_return response;
}

// By the provider's name for the person; the first time by the e-mail address, if the provider has verified it: then
// the account is tied to that name, or made if the address is invited. Admins' invitations are taken at once.
std::optional<User> Api::account_of(const identity::OidcIdentity& who, std::vector<store::CatalogChange>& changes) {
  const std::string subject = who.issuer + " " + who.subject;
  const auto& directory = engine_.directory();
  if (const User* known = directory.find_user_by_subject(subject)) {
    return known->enabled ? std::optional(*known) : std::nullopt;
  }
  if (!who.email_verified || who.email.empty()) return std::nullopt;
  const std::string email = ascii::lower(who.email);
  const WallTime now = runtime::now().wall;
  std::optional<User> user;
  if (const User* known = directory.find_user_by_email(email)) {
    if (!known->enabled || !known->oidc_subject.empty()) return std::nullopt;
    user = *known;
  }
  for (const auto& [id, link] : directory.links().all()) {
    if (link.kind != LinkKind::Invitation || link.email != email || !works(link)) continue;
    if (!user) user = User{.id = UserId{engine_.new_id()}, .email = email, .name = who.name, .created_at = now};
    // A team's managers can invite anybody: who wants to join their team says so, by opening the invitation.
    if (role_of_maker(link.made_by, link.team_id, directory, now) != Role::Admin) continue;
    take_invitation(*user, link);
    changes.emplace_back(store::Removed<LinkId>{id});
  }
  if (user) {
    user->oidc_subject = subject;
    user->updated_at = now;
  }
  return user;
}

// What the sign-in page offers.
asio::awaitable<Response> Api::get_sign_in_options(const Call&) {
  JsonWriter out;
  out.begin_object().key("setup").boolean(engine_.directory().users().empty());
  out.key("password_reset").boolean(static_cast<bool>(options_.send_mail));
  out.key("oidc_name").string_or_null(sign_in_.oidc ? sign_in_.oidc_name : "").end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
