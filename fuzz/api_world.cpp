#include "api_world.hpp"

#include "fuzz_input.hpp"
#include "identity/password.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 300ms;  // for what waits, such as polls; then the server stops

// Ids that do not change from run to run, so that inputs can name them; `docs` in README.md lists them.
constexpr std::int64_t kFirstId = 1000;

WallTime start() { return from_us(1'738'249'200'000'000); }

ApiKey key(std::int64_t id, Role role, std::string team, std::string_view text) {
  return {.id = KeyId{id},
          .name = std::string(name_of(role)),
          .role = role,
          .team_id = std::move(team),
          .hash = signing::sha256(text),
          .hint = "abcd",
          .created_at = start()};
}

Webhook webhook(std::int64_t id, std::string team, std::string name) {
  Webhook made;
  made.id = WebhookId{id};
  made.team_id = std::move(team);
  made.url = "https://example.com/" + name;
  made.name = std::move(name);
  made.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  made.token = made.name + "-token";
  made.created_at = made.updated_at = start();
  return made;
}

store::NewEvent event(std::int64_t id, std::string team, WebhookId webhook, const std::string& word) {
  const auto payload = R"({"event":"missed_call","call_id":")" + word +
                       R"(","caller_number":"+12025550100","callee_number":"+12025550101",)"
                       R"("timestamp":"2025-01-30T15:00:00Z"})";
  store::NewEvent made;
  made.event = {EventId{id}, EventType::MissedCall, std::move(team), start(), payload};
  made.terms = search_terms(payload);
  made.deliveries = {{.id = DeliveryId{id + 1},
                      .event = EventId{id},
                      .webhook = webhook,
                      .status = DeliveryStatus::Failed,
                      .attempts = 1,
                      .http_status = 500,
                      .updated_at = start()}};
  return made;
}

void add_people(store::WriteBatch& batch) {
  static const std::string password_hash = identity::hash_password(kUserPassword);  // takes its time
  const auto later = runtime::now().wall + 24h;
  batch.catalog.emplace_back(User{.id = UserId{kFirstId + 1},
                                  .email = "ann@example.com",
                                  .name = "Ann",
                                  .teams = {{"team_001", Role::Manage}},
                                  .created_at = start(),
                                  .updated_at = start(),
                                  .password_hash = password_hash});
  batch.catalog.emplace_back(User{.id = UserId{kFirstId + 2},
                                  .email = std::string(kOtherTeamsWord) + "@example.com",
                                  .name = std::string(kOtherTeamsWord),
                                  .teams = {{"team_002", Role::Manage}},
                                  .created_at = start(),
                                  .updated_at = start()});
  Session session{.id = SessionId{kFirstId + 3},
                  .hash = signing::sha256(kUserToken),
                  .user = UserId{kFirstId + 1},
                  .created_at = start(),
                  .expires_at = later,
                  .last_seen_at = runtime::now().wall};
  batch.catalog.emplace_back(session);
  session.id = SessionId{kFirstId + 4};
  session.hash = signing::sha256(kPortalToken);
  session.user = {};
  session.team_id = "team_001";
  session.role = Role::Manage;
  batch.catalog.emplace_back(session);
}

void add_team(store::WriteBatch& batch, std::int64_t first_id, const std::string& team, const std::string& word) {
  batch.catalog.emplace_back(Team{team, word, start(), start()});
  batch.catalog.emplace_back(
      Number{NumberId{first_id}, team == "team_001" ? "+12025550101" : "+12025550202", team, word, start(), start()});
  batch.catalog.emplace_back(AuditEntry{.id = AuditId{first_id},
                                        .actor_kind = ActorKind::Key,
                                        .team_id = team,
                                        .action = "team.updated",
                                        .target = team,
                                        .target_name = word});
  batch.catalog.emplace_back(Link{.id = LinkId{first_id},
                                  .kind = LinkKind::Invitation,
                                  .hash = signing::sha256("lhl_" + team),
                                  .email = word + "@example.org",
                                  .team_id = team,
                                  .role = Role::Read,
                                  .created_at = start(),
                                  .expires_at = runtime::now().wall + 24h});
  batch.webhooks.push_back(webhook(first_id + 10, team, word));
  batch.events.push_back(event(first_id + 20, team, WebhookId{first_id + 10}, word));
  batch.attempts.push_back(
      {DeliveryId{first_id + 21}, {.number = 1, .started_at = start(), .http_status = 500, .response_body = word}});
}

}  // namespace

void InstantSender::start(http_client::AttemptRequest request) {
  Attempt attempt{.number = request.number, .started_at = runtime::now().wall, .duration = 1ms};
  attempt.http_status = request.webhook->url.find("fail") == std::string::npos ? 200 : 500;
  done_({request.delivery, std::move(attempt), std::nullopt});
}

ApiWorld::ApiWorld() : io_(1) {
  store::WriteBatch batch;
  batch.catalog.emplace_back(key(kFirstId + 5, Role::Manage, "team_001", kManageKey));
  batch.catalog.emplace_back(key(kFirstId + 6, Role::Read, "team_001", kReadKey));
  batch.catalog.emplace_back(key(kFirstId + 7, Role::Ingest, "team_001", kIngestKey));
  add_people(batch);
  add_team(batch, kFirstId + 100, "team_001", "w0rd-0f-team-1");
  add_team(batch, kFirstId + 200, "team_002", std::string(kOtherTeamsWord));
  check(store_.commit(batch).status == store::CommitStatus::Committed, "the world is made");
  engine_.emplace(io_, store_, runtime::EngineOptions{.reader_threads = 1}, metrics_,
                  [](http_client::AttemptDone done) { return std::make_unique<InstantSender>(std::move(done)); });
  api_.emplace(*engine_, metrics_,
               api::ApiOptions{.version = "0",
                               .admin_key = std::string(kAdminKey),
                               .default_timeout = 15s,
                               .sessions = {std::chrono::hours(8), std::chrono::hours(24 * 7)},
                               .send_mail = [](api::AccountMail) {}});
  api_->set_sign_in({.public_url = "https://hooks.example.com"});
}

ApiWorld::~ApiWorld() { drain(); }

http_server::Response ApiWorld::answer(const http_server::Request& request) {
  if (const auto refusal = api_->admit(request)) return *refusal;
  std::optional<http_server::Response> response;
  boost::asio::co_spawn(io_, api_->handle(request), [&](const std::exception_ptr& error, http_server::Response made) {
    check(!error, "the API throws nothing");
    response = std::move(made);
  });
  while (!response) {
    if (io_.run_one_for(kPatience) == 0) drain();
  }
  return std::move(*response);
}

void ApiWorld::drain() {
  if (std::exchange(drained_, true)) {
    io_.run_one_for(kPatience);
    return;
  }
  bool done = false;
  boost::asio::co_spawn(io_, engine_->drain(0s), [&](const std::exception_ptr&) { done = true; });
  while (!done) io_.run_one();
}

}  // namespace limehook::fuzz
