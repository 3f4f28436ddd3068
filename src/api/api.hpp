#pragma once
// The HTTP API (spec, section 5): one table of routes, each with the roles that may use it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "api/account_mail.hpp"
#include "api/call.hpp"
#include "api/daily_limit.hpp"
#include "api/pages.hpp"
#include "api/people.hpp"
#include "api/poll_places.hpp"
#include "api/request_rate.hpp"
#include "api/test_receivers.hpp"
#include "base/limits.hpp"
#include "config/config.hpp"
#include "identity/guess_throttle.hpp"
#include "identity/oidc.hpp"
#include "model/test_receiver_urls.hpp"
#include "model/webhook_json.hpp"
#include "runtime/engine.hpp"
#include "telemetry/metrics.hpp"
#include "vault/vault.hpp"

namespace limehook::api {

namespace asio = boost::asio;

// E-mails a day to people who have not agreed to any: invitations, and questions whether notices may come.
inline constexpr int kStrangerMailsPerTeam = 50;
inline constexpr int kStrangerMailsPerAddress = 5;

struct ApiOptions {
  std::string version;
  Config config{};        // for GET /v1/settings
  std::string admin_key;  // with which everything is allowed
  UrlRules url_rules;
  Duration default_timeout;  // of webhooks that set none
  SessionLimits sessions;
  SendAccountMail send_mail;
  double request_rate = 0;                   // per second and caller; 0: no limit
  std::vector<std::string> frame_ancestors;  // origins of sites that may embed the portal
};

// What can be known only when the server listens.
struct SignInOptions {
  std::string address;                         // where the server listens: "127.0.0.1:8080"
  std::string public_url;                      // where people and links reach this server; no slash at the end
  std::shared_ptr<identity::OidcClient> oidc;  // null: no single sign-on
  std::string oidc_name;                       // what people call it
};

class Api {
 public:
  Api(runtime::Engine& engine, telemetry::Metrics& metrics, ApiOptions options);

  // Refuses what has no route, or no key that may use it, by the request's head. On the engine's thread, as handle().
  // Counts it, and refuses callers that make too many.
  std::optional<Response> admit(const Request& head);
  asio::awaitable<Response> handle(const Request& request);
  // Whose answers that wait to be taken are counted together: a team's, or those of a caller's address.
  std::string payer_of(const Request& head) const;

  // Before the first request.
  void set_sign_in(SignInOptions options);
  // Where test receivers are reached; where `urls` has none, `why_none` says so to who wants one.
  void set_test_receivers(TestReceiverUrls urls, std::string why_none);
  // The link that makes the first admin; nothing when there is one.
  asio::awaitable<std::optional<std::string>> offer_setup();

  // The table of who may use what.
  static std::vector<AccessRule> access_rules();

  static std::size_t body_bytes_max(std::string_view method, std::string_view path);

 private:
  using Handler = asio::awaitable<Response> (Api::*)(const Call& call);
  struct Route : AccessRule {
    Handler handler;
  };
  static std::span<const Route> routes();

  asio::awaitable<Response> dispatch(const Request& request);
  // The request's route; fills in who asks and the path's {id}. Throws Fault when there is none for this caller.
  const Route& find_route(Call& call) const;
  static bool is_fixed(std::string_view path);
  Principal principal_of(const Request& request) const;
  // Throws a 401 when whoever sent the request may not see any more what they could see then: a key was revoked, a
  // session or portal has ended, a role was taken away while the request waited.
  void check_still_allowed(const Call& call) const;
  // admission.cpp
  std::optional<Response> rate_refusal(const Call& call, const Route& route);
  Response unknown_caller(const Request& head, Response refusal);

  // events.cpp
  asio::awaitable<Response> post_event(const Call& call);
  asio::awaitable<Response> post_batch(const Call& call);
  asio::awaitable<Response> list_events(const Call& call);
  asio::awaitable<Response> get_event(const Call& call);
  asio::awaitable<Response> list_event_types(const Call& call);
  // webhooks.cpp
  asio::awaitable<Response> list_webhooks(const Call& call);
  asio::awaitable<Response> create_webhook(const Call& call);
  asio::awaitable<Response> get_webhook(const Call& call);
  asio::awaitable<Response> patch_webhook(const Call& call);
  asio::awaitable<Response> delete_webhook(const Call& call);
  asio::awaitable<Response> enable_webhook(const Call& call);
  asio::awaitable<Response> disable_webhook(const Call& call);
  asio::awaitable<Response> test_webhook(const Call& call);
  asio::awaitable<Response> get_secret(const Call& call);
  asio::awaitable<Response> get_public_key(const Call& call);
  asio::awaitable<Response> rotate_secret(const Call& call);
  asio::awaitable<Response> switch_webhook(const Call& call, bool enabled);
  // preview.cpp
  asio::awaitable<Response> preview_payload(const Call& call);
  asio::awaitable<Response> preview_webhook(const Call& call);
  // deliveries.cpp
  asio::awaitable<Response> list_deliveries(const Call& call);
  asio::awaitable<Response> list_webhook_deliveries(const Call& call);
  asio::awaitable<Response> get_delivery(const Call& call);
  asio::awaitable<Response> retry_delivery(const Call& call);
  asio::awaitable<Response> skip_delivery(const Call& call);
  asio::awaitable<Response> answer_page(const Call& call, store::DeliveryQuery query);
  asio::awaitable<store::DeliveryDetail> load_delivery(const Call& call);
  // polling.cpp
  asio::awaitable<Response> poll_events(const Call& call);
  asio::awaitable<bool> wait_for_event(const Call& call, runtime::EventWatch& watch,
                                       std::chrono::steady_clock::time_point deadline) const;
  // recoveries.cpp
  asio::awaitable<Response> start_recovery(const Call& call);
  asio::awaitable<Response> estimate_recovery(Recovery recovery, Webhook webhook);
  asio::awaitable<Response> list_recoveries(const Call& call);
  asio::awaitable<Response> get_recovery(const Call& call);
  asio::awaitable<Response> cancel_recovery(const Call& call);
  asio::awaitable<Recovery> load_recovery(const Call& call);
  // stats.cpp
  asio::awaitable<Response> get_webhook_stats(const Call& call);
  asio::awaitable<Response> get_stats(const Call& call);
  // updates.cpp
  asio::awaitable<Response> get_updates(const Call& call);
  runtime::UpdateKinds visible_kinds(const Principal& principal) const;
  // keys.cpp
  asio::awaitable<Response> list_keys(const Call& call);
  asio::awaitable<Response> create_key(const Call& call);
  asio::awaitable<Response> get_key(const Call& call);
  asio::awaitable<Response> patch_key(const Call& call);
  asio::awaitable<Response> delete_key(const Call& call);
  // The key in the path, if the caller may see it; else a 404.
  ApiKey visible_key(const Call& call) const;
  // teams.cpp
  asio::awaitable<Response> list_teams(const Call& call);
  asio::awaitable<Response> create_team(const Call& call);
  asio::awaitable<Response> get_team(const Call& call);
  asio::awaitable<Response> patch_team(const Call& call);
  asio::awaitable<Response> delete_team(const Call& call);
  std::map<std::string, Team> known_teams() const;
  // Was the team created, or does anything belong to it?
  bool knows_team(const std::string& team_id) const;
  // Where the log begins that who is limited to a team sees; the epoch where it has no beginning.
  WallTime log_begin(const std::string& team_id) const;
  WallTime log_begin(const Principal& principal) const;
  // Throws a 422 at `pointer` for a team that nobody knows: whom or what it is given to would be in a tenant that is
  // not there. Where no admin has created a team, the platform brings its own ids, and any that can be an id will do.
  void check_known_team(const std::string& team_id, std::string_view pointer) const;
  // The same for webhooks. Programs may name a team here before anything belongs to it, as events do, but not by the
  // name of another.
  void check_team_of_webhook(const Principal& principal, const std::string& team_id) const;
  // The team that was created with this name, upper and lower case alike; null when there is none.
  const Team* team_called(std::string_view name) const;
  Team visible_team(const Call& call) const;
  std::string team_name(const std::string& team_id) const;
  // audit.cpp
  asio::awaitable<Response> list_audit(const Call& call);
  // An entry that says who does `action`; what changes is to be added. `target` is the id of what is changed.
  AuditEntry audit(const Call& call, std::string_view action, std::string_view team_id, std::string target,
                   std::string_view target_name) const;
  AuditEntry webhook_audit(const Call& call, std::string_view action, const Webhook* before,
                           const Webhook* after) const;
  // What becomes of an account; null: it was or is not there. One entry of the installation.
  void audit_account(const Call& call, std::string_view action, const User* before, const User* after,
                     std::vector<store::CatalogChange>& changes) const;
  // What becomes of their memberships: an entry for each team whose member they become or cease to be or in which they
  // get another role, with nothing of other teams. Answers whether there is any.
  bool audit_memberships(const Call& call, std::string_view action, const User* before, const User* after,
                         std::vector<store::CatalogChange>& changes) const;
  // test_receiver_routes.cpp
  asio::awaitable<Response> list_test_receivers(const Call& call);
  asio::awaitable<Response> create_test_receiver(const Call& call);
  asio::awaitable<Response> get_test_receiver(const Call& call);
  asio::awaitable<Response> patch_test_receiver(const Call& call);
  asio::awaitable<Response> delete_test_receiver(const Call& call);
  asio::awaitable<Response> receive_test(const Call& call);
  TestReceiver& visible_test_receiver(const Call& call);
  WebhookPtr sender_of(const Request& request, const TestReceiver& receiver) const;
  // numbers.cpp
  asio::awaitable<Response> list_numbers(const Call& call);
  asio::awaitable<Response> create_number(const Call& call);
  asio::awaitable<Response> get_number(const Call& call);
  asio::awaitable<Response> patch_number(const Call& call);
  asio::awaitable<Response> delete_number(const Call& call);
  // session.cpp
  asio::awaitable<Response> sign_in(const Call& call);
  asio::awaitable<Response> get_session(const Call& call);
  asio::awaitable<Response> sign_out(const Call& call);
  asio::awaitable<Response> list_sessions(const Call& call);
  asio::awaitable<Response> end_session(const Call& call);
  asio::awaitable<Response> end_all_sessions(const Call& call);
  asio::awaitable<Response> begin_session(const Call& call, User user, std::string_view action,
                                          std::vector<store::CatalogChange> changes);
  void drop_oldest_sessions(UserId user, std::vector<store::CatalogChange>& changes) const;
  void end_sessions(UserId user, SessionId but, std::vector<store::CatalogChange>& changes) const;
  bool use_code(User& user, const std::string& code);
  // Throws a 429 for who guesses.
  void throttle(std::string_view account, const Request& request);
  asio::awaitable<bool> password_fits(std::string password, std::string hash);
  asio::awaitable<std::string> hash_of(std::string password);
  template <class Run>
  asio::awaitable<std::invoke_result_t<Run>> hash_slowly(Run run);
  // account.cpp
  asio::awaitable<Response> change_password(const Call& call);
  asio::awaitable<Response> begin_totp(const Call& call);
  asio::awaitable<Response> finish_totp(const Call& call);
  asio::awaitable<Response> end_totp(const Call& call);
  asio::awaitable<Response> request_password_reset(const Call& call);
  asio::awaitable<Response> complete_password_reset(const Call& call);
  User own_account(const Call& call) const;
  asio::awaitable<User> confirmed_account(const Call& call, std::string_view field, std::string password);
  void confirmed(const Call& call);
  asio::awaitable<Response> save_account(const Call& call, const User& user, std::string_view action,
                                         std::vector<store::CatalogChange> changes, Response response);
  Issued<Link> reset_link(const User& user, std::vector<store::CatalogChange>& changes);
  std::size_t open_resets(UserId user) const;
  void void_reset_links(UserId user, std::vector<store::CatalogChange>& changes) const;
  asio::awaitable<void> mail_reset_link(std::string email, std::string url, std::vector<store::CatalogChange> changes);
  // users.cpp
  asio::awaitable<Response> list_users(const Call& call);
  asio::awaitable<Response> get_user(const Call& call);
  asio::awaitable<Response> patch_user(const Call& call);
  asio::awaitable<Response> delete_user(const Call& call);
  asio::awaitable<Response> create_reset_link(const Call& call);
  User visible_user(const Call& call) const;
  // Until it goes out of scope, the user counts as no admin: of two that leave at once, the last one must not. Throws
  // Fault for the last one.
  struct Stays {
    UserId user;
    void operator()(std::multiset<UserId>* leaving) const { leaving->erase(leaving->find(user)); }
  };
  using LeavingAdmin = std::unique_ptr<std::multiset<UserId>, Stays>;
  LeavingAdmin leave_admins(const User& user);
  asio::awaitable<Response> save_user(const Call& call, const User& before, const User& user, std::string_view action,
                                      std::vector<store::CatalogChange> changes);
  // invitations.cpp
  asio::awaitable<Response> look_at_link(const Call& call);
  asio::awaitable<Response> set_up(const Call& call);
  asio::awaitable<Response> list_invitations(const Call& call);
  asio::awaitable<Response> create_invitation(const Call& call);
  asio::awaitable<Response> delete_invitation(const Call& call);
  asio::awaitable<Response> accept_invitation(const Call& call);
  asio::awaitable<Response> join_by_invitation(const Call& call, const Link& link);
  // Throws a 409 when the team has too many links that are still open.
  void check_links(const Principal& principal, std::string_view team_id) const;
  // The link of that token and kind; else a 404.
  Link valid_link(const std::string& token, LinkKind kind) const;
  bool works(const Link& link) const;
  // notice_emails.cpp
  bool may_write_to(const std::string& email, const std::string& team_id) const;
  // Decides whom of those that it names `webhook` may write to, when `principal` saves it.
  void settle_emails(const Principal& principal, Webhook& webhook) const;
  asio::awaitable<void> ask_to_confirm(Principal principal, WebhookPtr webhook);
  bool may_mail_stranger(const std::string& team_id, const std::string& email, MonotonicTime now);
  asio::awaitable<Response> confirm_email(const Call& call);
  // portal.cpp
  asio::awaitable<Response> create_portal_link(const Call& call);
  asio::awaitable<Response> open_portal(const Call& call);
  // oidc.cpp
  asio::awaitable<Response> begin_oidc(const Call& call);
  asio::awaitable<Response> finish_oidc(const Call& call);
  asio::awaitable<Response> get_sign_in_options(const Call& call);
  std::optional<User> account_of(const identity::OidcIdentity& who, std::vector<store::CatalogChange>& changes);
  // sources.cpp
  asio::awaitable<Response> list_sources(const Call& call);
  // settings.cpp
  asio::awaitable<Response> get_settings(const Call& call);
  // operations.cpp
  asio::awaitable<Response> get_health(const Call& call);
  asio::awaitable<Response> get_readiness(const Call& call);
  asio::awaitable<Response> get_metrics(const Call& call);
  asio::awaitable<Response> get_openapi(const Call& call);

  // The number in the path, if the caller may see it; else a 404.
  Number visible_number(const Call& call) const;
  // The webhook in the path, if the caller may see it; else a 404.
  WebhookPtr visible_webhook(const Call& call) const;
  boost::json::object shown(const Webhook& webhook, const Principal& principal) const;
  Response show(int status, const Webhook& webhook, const Principal& principal) const;
  std::string team_of(const store::DeliveryDetail& detail) const;
  bool sees_webhook(const Principal& principal, WebhookId id) const;

  runtime::Engine& engine_;
  telemetry::Metrics& metrics_;
  ApiOptions options_;
  Pages pages_;
  AuthOptions auth_;
  CursorSeal cursors_;
  PollPlaces poll_places_;
  SignInOptions sign_in_;
  TestReceiverUrls test_receiver_urls_;
  std::string no_test_receivers_ = "This server has no address for test receivers.";
  TestReceivers test_receivers_{limits::kTestRequestBytesMax};
  std::shared_ptr<int> slow_answers_ = std::make_shared<int>();  // each of test receivers has a copy while it waits
  identity::GuessThrottle throttle_;
  asio::thread_pool hashing_{1};  // passwords: one at a time, so that guesses cost others no more than one core
  std::size_t hashing_now_ = 0;
  std::map<SessionId, std::string> pending_totp_;  // secrets that no code was given for yet
  std::unordered_set<LinkId> setting_up_;
  std::multiset<UserId> leaving_admins_;
  std::set<std::string> counting_;                     // teams for which a recovery is being counted
  vault::Vault oidc_flows_{{vault::Key::generate()}};  // seals sign-ins under way, which browsers keep
  DailyLimit mails_of_team_{kStrangerMailsPerTeam};
  DailyLimit mails_to_address_{kStrangerMailsPerAddress};
  std::optional<RequestRate> request_rate_;
  RequestRate unknown_callers_{limits::kUnknownKeyRate, limits::kUnknownKeyBurst};  // by address
};

template <class Run>
asio::awaitable<std::invoke_result_t<Run>> Api::hash_slowly(Run run) {
  constexpr std::size_t kWaitingMax = 32;
  if (hashing_now_ >= kWaitingMax) throw Fault{refusal(delivery::Refusal::Busy)};
  ++hashing_now_;
  const std::unique_ptr<std::size_t, void (*)(std::size_t*)> done(&hashing_now_, [](std::size_t* count) { --*count; });
  const auto work = [](Run call) -> asio::awaitable<std::invoke_result_t<Run>> { co_return call(); };
  co_return co_await asio::co_spawn(hashing_, work(std::move(run)), asio::use_awaitable);
}

}  // namespace limehook::api
