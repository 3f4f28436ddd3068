// The port's contract for what is small: webhooks, keys, recoveries, statistics.

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreCatalogTest : public StoreTest {
 protected:
  Webhook webhook() {
    Webhook w;
    w.id = WebhookId{make_.id()};
    w.team_id = "team_001";
    w.name = "CRM";
    w.url = "https://example.com/hook?x=1";
    w.events.set(0).set(3);
    w.filter = Filter{Filter::Match::Any, {{"caller_number", FilterOp::In, {"\"+1\"", "\"+2\""}}}};
    w.payload.content = PayloadFields{{"call_id", "id"}};
    w.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    w.token = "tok_1";
    w.signatures.v1a = true;
    w.signing_key = "whsk_1";
    w.public_key = "whpk_1";
    w.signature_header = "X-Sig";
    w.oauth = OauthSettings{.token_url = "https://id.example/", .client_id = "me", .client_secret = "s3cret"};
    w.client_certificate = ClientCertificate{"certificate", "key", "CN=me", from_us(1'770'000'000'000'000)};
    w.headers = {{"X-A", "1"}, {"X-B", "2"}};
    w.numbers = {"+1234567890"};
    w.retry_schedule = std::vector<Duration>{std::chrono::seconds(1), std::chrono::minutes(2)};
    w.timeout = std::chrono::seconds(7);
    w.max_concurrency = 3;
    w.fallback_url = "https://example.net/spare";
    w.rate_limit = 0.25;
    w.ordered = Ordering::Call;
    w.notify_emails = {"ops@example.com", "new@example.com"};
    w.confirmed_emails = {"ops@example.com"};
    w.created_at = make_.now;
    w.updated_at = make_.now + Duration(1);
    return w;
  }
  void put(const Webhook& w) {
    WriteBatch batch;
    batch.webhooks.push_back(w);
    commit(batch);
  }
};
LIMEHOOK_FOR_ALL_STORES(StoreCatalogTest);

TEST_P(StoreCatalogTest, WebhooksComeBackWhole) {
  Webhook w = webhook();
  w.previous_secrets = {{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", make_.now + Duration(123'456'789)},
                        {"whsec_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", make_.now + Duration(1)}};
  Webhook plain;
  plain.id = WebhookId{make_.id()};
  plain.name = "plain";
  plain.url = "https://example.com/";
  plain.enabled = false;
  plain.disabled_reason = "410";
  plain.disabled_at = make_.now;
  plain.created_at = plain.updated_at = make_.now;
  put(w);
  put(plain);
  reopen();
  EXPECT_THAT(store().load_catalog().webhooks, ElementsAre(w, plain));
}

// Goal: the log says where each version's attempts went.
TEST_P(StoreCatalogTest, OlderVersionsKeepTheirTarget) {
  Webhook w = webhook();
  put(w);
  const NewEvent event = make_.event({w.id});
  commit_event(event);
  WriteBatch first;
  make_.finish(first, event.deliveries[0].id, DeliveryStatus::Retrying, 1);
  commit(first);
  w.version = 2;
  w.url = "https://example.org/new";
  w.fallback_url.clear();
  w.headers.clear();
  put(w);
  w.version = 3;
  put(w);
  WriteBatch second;
  NewAttempt attempt = Maker::attempt(event.deliveries[0].id, 2, 200, make_.now);
  attempt.attempt.webhook_version = 2;
  second.attempts.push_back(attempt);
  commit(second);
  const auto targets = store().get_delivery(event.deliveries[0].id)->targets;
  ASSERT_THAT(targets, SizeIs(2));
  EXPECT_EQ(targets[0].version, 1);
  EXPECT_EQ(targets[0].url, "https://example.com/hook?x=1");
  EXPECT_THAT(targets[0].header_names, ElementsAre("X-A", "X-B"));
  EXPECT_EQ(targets[0].fallback_url, "https://example.net/spare");
  EXPECT_EQ(targets[0].signature_header, "X-Sig");
  EXPECT_EQ(targets[1].version, 2);
  EXPECT_EQ(targets[1].fallback_url, "");
  EXPECT_EQ(targets[1].url, "https://example.org/new");
  EXPECT_THAT(targets[1].header_names, IsEmpty());
  EXPECT_THAT(store().load_catalog().webhooks, ElementsAre(w));
}

TEST_P(StoreCatalogTest, DeletedWebhooksLeaveTheCatalogButNotTheLog) {
  const Webhook w = webhook();
  put(w);
  const NewEvent event = make_.event({w.id});
  commit_event(event);
  WriteBatch batch;
  make_.finish(batch, event.deliveries[0].id, DeliveryStatus::Canceled);
  batch.deleted_webhooks.push_back({w.id, make_.now});
  commit(batch);
  reopen();
  EXPECT_THAT(store().load_catalog().webhooks, IsEmpty());
  EXPECT_THAT(store().load_catalog().deleted_webhooks, ElementsAre(std::pair(w.id, w.team_id)));
  EXPECT_THAT(store().get_delivery(event.deliveries[0].id)->targets, SizeIs(1));
  store().prune(make_.now, 1000);
  EXPECT_THAT(store().load_catalog().deleted_webhooks, SizeIs(1));
  store().prune(make_.now + std::chrono::milliseconds(1), 1000);
  EXPECT_THAT(store().load_catalog().deleted_webhooks, IsEmpty());
}

// Goal: how a webhook fares is kept as it was put last, until it works again or is deleted.
TEST_P(StoreCatalogTest, HealthIsKeptUntilItWorksOrIsDeleted) {
  const auto put_health = [&](WebhookId id, std::optional<WallTime> since, bool noticed) {
    WriteBatch batch;
    batch.healths.push_back({.webhook = id, .failing_since = since, .noticed = noticed});
    commit(batch);
  };
  const auto healths = [&] {
    reopen();
    return store().load_catalog().healths;
  };
  const Webhook first = webhook();
  const Webhook second = webhook();
  put(first);
  put(second);
  EXPECT_THAT(healths(), IsEmpty());
  put_health(first.id, make_.now + Duration(1), false);
  put_health(second.id, make_.now, true);
  auto all = healths();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].webhook, first.id);
  EXPECT_EQ(all[0].failing_since, make_.now + Duration(1));
  EXPECT_FALSE(all[0].noticed);
  EXPECT_EQ(all[1].webhook, second.id);
  EXPECT_TRUE(all[1].noticed);
  put_health(first.id, make_.now, true);
  put(first);  // a change of the webhook is none of its health
  all = healths();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].failing_since, make_.now);
  EXPECT_TRUE(all[0].noticed);
  put_health(first.id, std::nullopt, false);
  put_health(first.id, std::nullopt, false);
  EXPECT_THAT(healths(), SizeIs(1));
  WriteBatch batch;
  batch.deleted_webhooks.push_back({second.id, make_.now});
  commit(batch);
  EXPECT_THAT(healths(), IsEmpty());
}

// Goal: how each URL fares comes back as it was, to the microsecond; a webhook whose URLs all work leaves nothing.
TEST_P(StoreCatalogTest, HealthOfEachUrlComesBackWhole) {
  const Webhook w = webhook();
  put(w);
  WebhookHealth health{.webhook = w.id, .failing_since = make_.now - Duration(7), .noticed = true};
  health.main = {.failures_in_a_row = 12,
                 .opened_at = make_.now - Duration(5),
                 .probe_at = make_.now + Duration(3),
                 .pause = Duration(1'234'567)};
  health.fallback = {.failures_in_a_row = 3};
  for (const WebhookHealth& stored : {health, WebhookHealth{.webhook = w.id, .fallback = health.main},
                                      WebhookHealth{.webhook = w.id, .main = {.failures_in_a_row = 1}}}) {
    WriteBatch batch;
    batch.healths.push_back(stored);
    commit(batch);
    reopen();
    EXPECT_THAT(store().load_catalog().healths, ElementsAre(stored));
  }
  WriteBatch batch;
  batch.healths.push_back({.webhook = w.id});
  commit(batch);
  EXPECT_THAT(store().load_catalog().healths, IsEmpty());
}

// Goal: a new webhook and how it fares may come in one batch, and of two states in a batch the later one stays.
TEST_P(StoreCatalogTest, HealthComesAfterItsWebhookInABatch) {
  const Webhook w = webhook();
  WriteBatch batch;
  batch.healths.push_back({.webhook = w.id});
  batch.healths.push_back({.webhook = w.id, .failing_since = make_.now, .noticed = true});
  batch.webhooks.push_back(w);
  commit(batch);
  reopen();
  ASSERT_THAT(store().load_catalog().healths, SizeIs(1));
  EXPECT_EQ(store().load_catalog().healths[0].failing_since, make_.now);
  std::ranges::reverse(batch.healths);
  commit(batch);
  EXPECT_THAT(store().load_catalog().healths, IsEmpty());
}

// Goal: pruning does not touch how webhooks fare.
TEST_P(StoreCatalogTest, HealthOutlivesPruning) {
  const Webhook w = webhook();
  WriteBatch batch;
  batch.webhooks.push_back(w);
  batch.healths.push_back({.webhook = w.id, .failing_since = make_.now, .noticed = true});
  commit(batch);
  store().prune(make_.now + std::chrono::hours(1000), 1000);
  maintain();
  EXPECT_THAT(store().load_catalog().healths, SizeIs(1));
}

TEST_P(StoreCatalogTest, KeysComeBackWholeUntilDeleted) {
  ApiKey key{KeyId{make_.id()}, "ingest", Role::Ingest, "team_001", {}, "…7f3a", make_.now};
  key.expires_at = make_.now + std::chrono::hours(1);
  key.hash[0] = 0;
  key.hash[31] = 0xff;
  ApiKey other{KeyId{make_.id()}, "admin", Role::Admin, "", {}, "", make_.now};
  WriteBatch batch;
  batch.catalog = {key, other};
  commit(batch);
  reopen();
  auto keys = store().load_catalog().keys;
  ASSERT_THAT(keys, SizeIs(2));
  EXPECT_EQ(keys[0], key);
  WriteBatch removal;
  removal.catalog = {Removed<KeyId>{key.id}};
  commit(removal);
  keys = store().load_catalog().keys;
  ASSERT_THAT(keys, SizeIs(1));
  EXPECT_EQ(keys[0].id, other.id);
}

// Goal: a number comes back whole, as it was put last, until it is deleted.
TEST_P(StoreCatalogTest, NumbersComeBackWholeUntilDeleted) {
  Number number{NumberId{make_.id()}, "+1234567890", "team_001", "Front desk", make_.now, make_.now + Duration(1)};
  const Number other{NumberId{make_.id()}, "+0987654321", "team_002", "", make_.now, make_.now};
  WriteBatch batch;
  batch.catalog = {number, other};
  EXPECT_FALSE(batch.empty());
  commit(batch);
  number.team_id = "team_003";
  WriteBatch change;
  change.catalog = {number};
  commit(change);
  reopen();
  EXPECT_THAT(store().load_catalog().numbers, ElementsAre(number, other));
  EXPECT_EQ(store().load_catalog().last_id, other.id.value);
  WriteBatch removal;
  removal.catalog = {Removed<NumberId>{number.id}};
  EXPECT_FALSE(removal.empty());
  commit(removal);
  EXPECT_THAT(store().load_catalog().numbers, ElementsAre(other));
}

// Goal: no id is given out twice after a restart, whatever kind the largest one is of.
TEST_P(StoreCatalogTest, LastIdIsTheLargestOfAnyKind) {
  EXPECT_EQ(store().load_catalog().last_id, 0);
  const Webhook w = webhook();
  put(w);
  EXPECT_EQ(store().load_catalog().last_id, w.id.value);
  const NewEvent event = make_.event({w.id});
  commit_event(event);
  EXPECT_EQ(store().load_catalog().last_id, event.deliveries[0].id.value);
  const NewEvent lone = make_.event();
  commit_event(lone);
  EXPECT_EQ(store().load_catalog().last_id, lone.event.id.value);
  WriteBatch batch;
  batch.recoveries.push_back({.id = RecoveryId{make_.id()}, .webhook = w.id});
  commit(batch);
  EXPECT_EQ(store().load_catalog().last_id, batch.recoveries[0].id.value);
}

TEST_P(StoreCatalogTest, RecoveriesAreReplacedWhole) {
  Recovery recovery{.id = RecoveryId{make_.id()}, .webhook = kWebhook};
  recovery.kind = Recovery::Kind::Missing;
  recovery.since = make_.now - Duration(1);
  recovery.until = make_.now;
  recovery.events.reset().set(static_cast<std::size_t>(EventType::SmsSent));
  recovery.term = "+1234567890";
  recovery.http_status = 503;
  recovery.outcome = AttemptOutcome::Response;
  recovery.created_at = recovery.updated_at = make_.now;
  Recovery other{.id = RecoveryId{make_.id()}, .webhook = kWebhook};
  other.state = Recovery::State::Canceled;
  Recovery foreign{.id = RecoveryId{make_.id()}, .webhook = kOtherWebhook};
  WriteBatch batch;
  batch.recoveries = {recovery, other, foreign};
  commit(batch);
  recovery.position = make_.id();
  recovery.examined = 17;
  recovery.redelivered = 3;
  recovery.updated_at += Duration(5);
  WriteBatch change;
  change.recoveries = {recovery};
  commit(change);
  reopen();
  const auto stored = store().get_recovery(recovery.id);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->webhook, kWebhook);
  EXPECT_EQ(stored->kind, recovery.kind);
  EXPECT_EQ(stored->events, recovery.events);
  EXPECT_EQ(stored->term, recovery.term);
  EXPECT_EQ(stored->http_status, 503);
  EXPECT_EQ(stored->outcome, AttemptOutcome::Response);
  EXPECT_TRUE(store().get_recovery(other.id)->events.all());
  EXPECT_EQ(store().get_recovery(other.id)->outcome, std::nullopt);
  EXPECT_EQ(stored->state, Recovery::State::Running);
  EXPECT_EQ(stored->since, recovery.since);
  EXPECT_EQ(stored->until, recovery.until);
  EXPECT_EQ(stored->position, recovery.position);
  EXPECT_EQ(stored->examined, 17);
  EXPECT_EQ(stored->redelivered, 3);
  EXPECT_EQ(stored->created_at, recovery.created_at);
  EXPECT_EQ(stored->updated_at, recovery.updated_at);
  const auto list = store().list_recoveries(kWebhook, 0, 2);
  ASSERT_THAT(list.rows, SizeIs(2));
  EXPECT_EQ(list.rows[0].id, other.id);
  EXPECT_EQ(list.rows[1].id, recovery.id);
  EXPECT_EQ(list.next, 0);
  const auto first = store().list_recoveries(kWebhook, 0, 1);
  ASSERT_THAT(first.rows, SizeIs(1));
  EXPECT_EQ(first.next, other.id.value);
  const auto second = store().list_recoveries(kWebhook, first.next, 1);
  ASSERT_THAT(second.rows, SizeIs(1));
  EXPECT_EQ(second.rows[0].id, recovery.id);
  EXPECT_EQ(second.next, 0);
  const auto running = store().load_catalog().running_recoveries;
  ASSERT_THAT(running, SizeIs(2));
  EXPECT_EQ(running[0].id, recovery.id);
  EXPECT_EQ(running[1].id, foreign.id);
}

// Goal: parts of a batch are applied in order: of two values of one thing the later one stays, and both versions of a
// webhook are in the log.
TEST_P(StoreCatalogTest, LaterInABatchWins) {
  Webhook first = webhook();
  Webhook second = first;
  second.version = 2;
  second.url = "https://example.org/new";
  Webhook third = second;
  third.version = 3;
  third.name = "Third";
  Recovery running{.id = RecoveryId{make_.id()}, .webhook = first.id};
  Recovery done = running;
  done.state = Recovery::State::Done;
  done.position = 5;
  Recovery again{.id = RecoveryId{make_.id()}, .webhook = first.id, .state = Recovery::State::Canceled};
  Recovery resumed = again;
  resumed.state = Recovery::State::Running;
  const NewEvent event = make_.event({first.id});
  WriteBatch batch;
  batch.webhooks = {first, second, third};
  batch.recoveries = {running, again, done, resumed};
  batch.events.push_back(event);
  for (int i = 1; i <= 3; ++i) {
    batch.attempts.push_back(Maker::attempt(event.deliveries[0].id, i, 500, make_.now));
    batch.attempts.back().attempt.webhook_version = i;
  }
  commit(batch);
  reopen();
  EXPECT_THAT(store().load_catalog().webhooks, ElementsAre(third));
  const auto targets = store().get_delivery(event.deliveries[0].id)->targets;
  ASSERT_THAT(targets, SizeIs(3));
  EXPECT_EQ(targets[0].url, first.url);
  EXPECT_EQ(targets[1].url, second.url);
  EXPECT_EQ(store().get_recovery(done.id)->state, Recovery::State::Done);
  EXPECT_EQ(store().get_recovery(done.id)->position, 5);
  const auto still_running = store().load_catalog().running_recoveries;
  ASSERT_THAT(still_running, SizeIs(1));
  EXPECT_EQ(still_running[0].id, resumed.id);

  WriteBatch replaced;
  Webhook other = webhook();
  replaced.webhooks = {third, other, second};  // an older version that comes later
  replaced.deleted_webhooks.push_back({other.id, make_.now});
  commit(replaced);
  EXPECT_THAT(store().load_catalog().webhooks, ElementsAre(second));
  EXPECT_THAT(store().load_catalog().deleted_webhooks, ElementsAre(std::pair(other.id, other.team_id)));
}

constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kHour = std::chrono::hours(1);

StatsBucket bucket(WebhookId webhook, Duration width, WallTime start, std::uint32_t attempts) {
  StatsBucket b{webhook, width, start, {}};
  b.counts.attempts = attempts;
  b.counts.attempts_failed = 1;
  b.counts.delivered = 2;
  b.counts.failed = 3;
  b.counts.latency.counts[4] = attempts;
  return b;
}

// Goal: what is counted of one bucket in several batches adds up, apart for each webhook and width.
TEST_P(StoreCatalogTest, StatsAreAddedUp) {
  const WallTime start = bucket_start(make_.now, kHour);
  WriteBatch batch;
  batch.catalog = {bucket(kWebhook, kHour, start, 5),   bucket(kWebhook, kHour, start, 6),
                   bucket(kWebhook, kMinute, start, 3), bucket(kOtherWebhook, kHour, start, 100),
                   bucket({}, kMinute, start, 1),       bucket(kOtherWebhook, kMinute, start, 100)};
  commit(batch);
  commit(batch);
  reopen();
  struct Case {
    std::vector<WebhookId> webhooks;
    Duration width;
    std::uint32_t attempts;
    std::uint32_t buckets;
  };
  for (const auto& [webhooks, width, attempts, buckets] : {Case{{kWebhook}, kHour, 22, 4},
                                                           {{kWebhook}, kMinute, 6, 2},
                                                           {{kWebhook, kOtherWebhook}, kHour, 222, 6},
                                                           {{kWebhook, kOtherWebhook}, kMinute, 206, 4},
                                                           {{}, kMinute, 2, 2}}) {
    const auto series = store().list_stats(webhooks, width, start, start + Duration(1));
    ASSERT_THAT(series, SizeIs(1));
    const auto& [at, counts] = *series.begin();
    EXPECT_EQ(at, start);
    EXPECT_EQ(counts.attempts, attempts);
    EXPECT_EQ(counts.attempts_failed, buckets);
    EXPECT_EQ(counts.delivered, 2 * buckets);
    EXPECT_EQ(counts.failed, 3 * buckets);
    EXPECT_EQ(counts.latency.counts[4], attempts);
  }
}

// Goal: a range has the buckets that start in it, of the webhooks asked for, by time; empty ones are left out.
TEST_P(StoreCatalogTest, StatsAreListedByTimeForTheWebhooksAskedFor) {
  for (const Duration width : {kHour, kMinute}) {
    const WallTime t = bucket_start(make_.now, kHour) + 24 * width;
    const auto attempts = [&](const std::vector<WebhookId>& webhooks, WallTime since, WallTime until) {
      std::vector<std::uint32_t> out;
      for (const auto& [at, counts] : store().list_stats(webhooks, width, since, until)) out.push_back(counts.attempts);
      return out;
    };
    WriteBatch batch;
    batch.catalog = {bucket(kWebhook, width, t + 2 * width, 1), bucket(kOtherWebhook, width, t, 2),
                     bucket(kWebhook, width, t + width, 3), bucket(kWebhook, width, t - width, 5)};
    commit(batch);
    EXPECT_THAT(attempts({kWebhook, kOtherWebhook}, t, t + 3 * width), ElementsAre(2, 3, 1));
    EXPECT_THAT(attempts({kWebhook}, t, t + 2 * width), ElementsAre(3));
    EXPECT_THAT(attempts({kWebhook}, t - width, from_us(std::numeric_limits<std::int64_t>::max())),
                ElementsAre(5, 3, 1));
    EXPECT_THAT(attempts({kOtherWebhook}, t + width, t + 3 * width), IsEmpty());
    EXPECT_THAT(attempts({}, t, t + 3 * width), IsEmpty());
  }
}

// Goal: housekeeping removes webhooks' minutes when their time is over, and no other statistics.
TEST_P(StoreCatalogTest, MinutesOfWebhooksAreKeptForSomeHours) {
  const WallTime start = bucket_start(make_.now, kHour);
  const std::vector<WebhookId> webhooks{kWebhook, kOtherWebhook};
  WriteBatch batch;
  for (int i = 0; i < 60; ++i) {
    batch.catalog.emplace_back(bucket({}, kMinute, start + i * kMinute, 1));
    for (const WebhookId webhook : webhooks)
      batch.catalog.emplace_back(bucket(webhook, kMinute, start + i * kMinute, 1));
  }
  for (const WebhookId webhook : webhooks) batch.catalog.emplace_back(bucket(webhook, kHour, start, 60));
  commit(batch);
  const auto left = [&](const std::vector<WebhookId>& of, Duration width) {
    return store().list_stats(of, width, start, start + kHour);
  };
  make_.now = start + limits::kStatsMinutesKept;
  maintain();
  EXPECT_THAT(left(webhooks, kMinute), SizeIs(60));
  make_.now += 20 * kMinute;
  maintain();
  ASSERT_THAT(left(webhooks, kMinute), SizeIs(40));
  EXPECT_EQ(left(webhooks, kMinute).begin()->first, start + 20 * kMinute);
  EXPECT_EQ(left(webhooks, kMinute).begin()->second.attempts, 2U);
  make_.now += kHour;
  maintain();
  EXPECT_THAT(left(webhooks, kMinute), IsEmpty());
  EXPECT_THAT(left(webhooks, kHour), SizeIs(1));
  EXPECT_THAT(left({}, kMinute), SizeIs(60));
}

}  // namespace
}  // namespace limehook::store
