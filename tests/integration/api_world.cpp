#include "api_world.hpp"

#include <gtest/gtest.h>

#include <boost/asio.hpp>

#include "api/auth.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr std::string_view kAdminKey = "lh_configured";
const TestReceiverUrls kTestReceivers("http://127.0.0.1:8080", true);

// Every receiver acknowledges.
class AnsweringSender : public http_client::AttemptSender {
 public:
  explicit AnsweringSender(http_client::AttemptDone done) : done_(std::move(done)) {}
  void start(http_client::AttemptRequest request) override {
    http_client::AttemptResult result{.delivery = request.delivery, .attempt = {}, .retry_after = {}};
    result.attempt.number = request.number;
    result.attempt.started_at = runtime::now().wall;
    result.attempt.outcome = AttemptOutcome::Response;
    result.attempt.http_status = 200;
    result.attempt.webhook_version = request.webhook->version;
    done_(std::move(result));
  }

 private:
  http_client::AttemptDone done_;
};

Credentials with_key(std::string_view key) { return {{"authorization", "Bearer " + std::string(key)}}; }

Credentials with_cookie(const std::string& token) {
  return {{"cookie", std::string(session_cookie_name(true)) + "=" + token}, {"x-csrf-token", csrf_token(token)}};
}

}  // namespace

std::vector<std::string> TeamThings::words() const {
  return {team_id,        marker,           webhook.str(), event.str(),     delivery.str(),
          recovery.str(), number.str(),     key.str(),     user.str(),      session.str(),
          call_id,        invitation.str(), audit.str(),   phone.substr(1), test_receiver};
}

// What is in the store before the server starts.
class ApiWorld::Seed {
 public:
  explicit Seed(ApiWorld& world) : world_(world) {}

  void run() {
    world_.credentials_["nobody"] = {};
    world_.credentials_["unknown key"] = with_key("lh_unknown");
    world_.credentials_["empty key"] = with_key("");
    world_.credentials_["another scheme"] = {{"authorization", "Basic bGg6bGg="}};
    world_.credentials_["configured key"] = with_key(kAdminKey);
    world_.alpha = team("team_alpha", "Alphacorp", "+15550001", "manage");
    world_.beta = team("team_beta", "Betacorp", "+15550002", "other's manage");
    key("admin key", Role::Admin, "");
    key("key that sends for all", Role::Ingest, "");
    key("expired key", Role::Admin, "", now_ - std::chrono::minutes(1));
    people();
    commit();
  }

 private:
  std::int64_t id() { return ids_.next(now_); }
  void put(store::CatalogChange change) { batch_.catalog.emplace_back(std::move(change)); }

  void commit() {
    ASSERT_EQ(world_.store.commit(batch_).status, store::CommitStatus::Committed);
    batch_ = {};
  }

  KeyId key(const std::string& name, Role role, const std::string& team, std::optional<WallTime> expires_at = {}) {
    const std::string secret = "lh_" + name + team;
    world_.credentials_[name] = with_key(secret);
    const ApiKey key{.id = KeyId{id()},
                     .name = team.empty() ? name : marker_ + " " + name,
                     .role = role,
                     .team_id = team,
                     .hash = signing::sha256(secret),
                     .created_at = now_,
                     .expires_at = expires_at};
    put(key);
    return key.id;
  }

  // A signed-in person of that name.
  User person(const std::string& name, std::vector<Membership> teams) {
    const User user{.id = UserId{id()},
                    .email = marker_ + std::to_string(id()) + "@example.com",
                    .name = marker_ + " person",
                    .teams = std::move(teams),
                    .created_at = now_,
                    .updated_at = now_};
    put(user);
    session(name, user.id);
    return user;
  }
  SessionId session(const std::string& name, UserId user, Duration age = std::chrono::hours(1)) {
    const std::string token = "lhs_" + name;
    world_.credentials_[name] = with_cookie(token);
    const Session session{.id = SessionId{id()},
                          .hash = signing::sha256(token),
                          .user = user,
                          .created_at = now_,
                          .expires_at = now_ + age,
                          .last_seen_at = now_};
    put(session);
    return session.id;
  }
  void portal(const std::string& name, Role role, const std::string& team, Duration age = std::chrono::hours(1)) {
    const std::string token = "lhp_" + name;
    world_.credentials_[name] = with_key(token);
    put(Session{.id = SessionId{id()},
                .hash = signing::sha256(token),
                .team_id = team,
                .role = role,
                .created_at = now_,
                .expires_at = now_ + age,
                .last_seen_at = now_});
  }

  void people() {
    marker_ = "operator";
    User of_all_teams = person("admin", {});
    of_all_teams.admin = true;
    world_.admin = of_all_teams.id;
    put(of_all_teams);
    person("person of no team", {});
    User disabled = person("disabled admin", {});
    disabled.admin = true;
    disabled.enabled = false;
    put(disabled);
    session("admin whose session is over", of_all_teams.id, -std::chrono::minutes(1));
    portal("portal that is over", Role::Manage, "team_alpha", -std::chrono::minutes(1));
    Credentials forged = world_.credentials_.at("admin");
    forged.back().second = csrf_token("lhs_another");
    world_.credentials_["admin with another session's CSRF token"] = forged;
  }

  // Callers' names are without prefix for the team that is asked for.
  TeamThings team(const std::string& team_id, const std::string& marker, const std::string& phone,
                  const std::string& manage) {
    TeamThings things{.team_id = team_id, .marker = marker, .call_id = marker + "-call", .phone = phone};
    marker_ = marker;
    const std::string other = manage == "manage" ? "" : "other's ";
    put(Team{.id = team_id, .name = marker + " team", .created_at = now_, .updated_at = now_});
    key(manage + " key", Role::Manage, team_id);
    key(other + "read key", Role::Read, team_id);
    things.key = key(other + "ingest key", Role::Ingest, team_id);
    const UserId manager = person(manage + " person", {{team_id, Role::Manage}}).id;
    things.session = session(manage + " person elsewhere", manager);
    things.user = person(other + "read person", {{team_id, Role::Read}}).id;
    portal(manage + " portal", Role::Manage, team_id);
    portal(other + "read portal", Role::Read, team_id);
    add_things(things);
    return things;
  }

  void add_things(TeamThings& things) {
    const std::string& marker = things.marker;
    Webhook webhook{.id = WebhookId{id()}, .team_id = things.team_id, .name = marker + " hook"};
    auto pair = signing::generate_key_pair();
    webhook.url = "https://192.0.2.1/" + marker;
    webhook.secret = signing::generate_secret();
    webhook.token = "lht_" + marker;
    webhook.signatures.v1a = true;
    webhook.signing_key = pair.private_key;
    webhook.public_key = pair.public_key;
    webhook.created_at = webhook.updated_at = now_;
    things.webhook = webhook.id;
    things.test_receiver = signing::generate_token(kTestReceiverPrefix);
    webhook.fallback_url = kTestReceivers.url_of(things.test_receiver);
    batch_.webhooks.push_back(webhook);
    add_failed_delivery(things);

    const Recovery recovery{.id = RecoveryId{id()},
                            .webhook = things.webhook,
                            .state = Recovery::State::Done,
                            .until = now_,
                            .created_at = now_,
                            .updated_at = now_};
    things.recovery = recovery.id;
    batch_.recoveries.push_back(recovery);
    things.number = NumberId{id()};
    put(Number{things.number, things.phone, things.team_id, marker + " number", now_, now_});
    const Link invitation{.id = LinkId{id()},
                          .kind = LinkKind::Invitation,
                          .hash = signing::sha256("lhl_" + marker),
                          .email = marker + "-guest@example.com",
                          .team_id = things.team_id,
                          .role = Role::Read,
                          .created_at = now_,
                          .expires_at = now_ + std::chrono::hours(2)};
    things.invitation = invitation.id;
    put(invitation);
    things.audit = AuditId{id()};
    put(AuditEntry{.id = things.audit,
                   .actor_kind = ActorKind::Key,
                   .actor_id = things.key.str(),
                   .actor_name = marker + " key",
                   .team_id = things.team_id,
                   .action = "webhook.updated",
                   .target = things.webhook.str(),
                   .target_name = marker + " hook"});
    commit();  // ids of events must grow from batch to batch
  }

  void add_failed_delivery(TeamThings& things) {
    store::NewEvent event;
    things.event = event.event.id = EventId{id()};
    event.event.team_id = things.team_id;
    event.event.received_at = now_;
    event.event.payload = R"({"event":"missed_call","call_id":")" + things.call_id + R"(","caller_number":")" +
                          things.phone + R"(","callee_number":"+15559999","timestamp":"2025-01-30T15:00:00Z",)" +
                          R"("team_id":")" + things.team_id + R"(","status":"missed"})";
    event.terms = search_terms(event.event.payload);
    things.delivery = DeliveryId{id()};
    event.deliveries = {{.id = things.delivery, .event = things.event, .webhook = things.webhook}};
    batch_.events.push_back(event);
    batch_.updates.push_back(
        {.id = things.delivery, .status = DeliveryStatus::Failed, .attempts = 1, .updated_at = now_});
  }

  ApiWorld& world_;
  WallTime now_ = runtime::now().wall - std::chrono::minutes(1);
  IdGenerator ids_;
  std::string marker_;
  store::WriteBatch batch_;
};

ApiWorld::ApiWorld() {
  Seed(*this).run();
  engine_ = std::make_unique<runtime::Engine>(
      io_, store, runtime::EngineOptions{}, metrics_,
      [](http_client::AttemptDone done) { return std::make_unique<AnsweringSender>(std::move(done)); });
  api_ = std::make_unique<Api>(*engine_, metrics_,
                               ApiOptions{.version = "0",
                                          .admin_key = std::string(kAdminKey),
                                          .url_rules = {},
                                          .default_timeout = std::chrono::seconds(5),
                                          .sessions = {std::chrono::hours(12), std::chrono::hours(24)},
                                          .send_mail = {}});
  api_->set_sign_in({.public_url = "https://hooks.example.com", .oidc = nullptr, .oidc_name = ""});
  api_->set_test_receivers(kTestReceivers, "");  // those that the webhooks name
}

ApiWorld::~ApiWorld() {
  store.full = false;
  bool drained = false;
  asio::co_spawn(io_, engine_->drain(std::chrono::seconds(1)), [&](std::exception_ptr) { drained = true; });
  run_until([&] { return drained; });
}

Response ApiWorld::ask(std::string_view method, std::string_view target, const Credentials& who, std::string body) {
  Request request{.method = std::string(method),
                  .target = std::string(target),
                  .body = std::move(body),
                  .headers = who,
                  .client_address = "192.0.2.9"};
  if (!request.body.empty()) request.headers.emplace_back("content-type", "application/json");
  std::optional<Response> response;
  asio::co_spawn(io_, api_->handle(request), [&](const std::exception_ptr& failure, Response answer) {
    EXPECT_FALSE(failure);
    response = std::move(answer);
  });
  EXPECT_TRUE(run_until([&] { return response.has_value(); })) << method << ' ' << target;
  return response.value_or(Response{});
}

bool ApiWorld::run_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    io_.restart();
    if (io_.run_one_until(deadline) == 0 && std::chrono::steady_clock::now() >= deadline) return false;
  }
  return true;
}

std::size_t ApiWorld::audit_count() const { return store.list_audit({.limit = 1000}).rows.size(); }

}  // namespace limehook::api
