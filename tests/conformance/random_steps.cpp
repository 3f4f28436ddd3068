#include "random_steps.hpp"

#include <boost/json.hpp>
#include <set>
#include <sstream>

#include "model/webhook_json.hpp"

namespace limehook::store {
namespace {

constexpr auto kHour = std::chrono::hours(1);

struct LiveDelivery {
  DeliveryId id;
  WebhookId webhook;
  int attempts = 0;
};

class Steps {
 public:
  explicit Steps(std::uint64_t seed) : random_(seed) {}

  StoreStep next() {
    make_.now += Duration(random_.between(1, 3'000'000));
    const auto draw = random_.below(100);
    if (draw < 70) return {.kind = StoreStep::Kind::Commit, .batch = batch()};
    if (draw < 86) return {.kind = StoreStep::Kind::Maintain, .bound = make_.now};
    // It never goes back, as with a retention that stays as it is.
    bound_ = std::max(bound_, make_.now - Duration(random_.between(0, 60'000'000)));
    if (draw < 92) return {.kind = StoreStep::Kind::Prune, .bound = bound_};
    if (draw < 95) return {.kind = StoreStep::Kind::PruneAudit, .bound = bound_};
    return {.kind = StoreStep::Kind::Reopen};
  }

 private:
  WriteBatch batch() {
    WriteBatch batch;
    const bool large = random_.chance(0.1);
    if (random_.chance(0.25)) change_webhook(batch);
    if (random_.chance(0.3)) change_catalog(batch);
    for (auto i = random_.below(large ? 30 : 5); i-- > 0;) add_event(batch);
    for (auto i = random_.below(large ? 20 : 5); i-- > 0 && !open_.empty();) try_delivery(batch);
    if (random_.chance(0.15) && !events_.empty()) redeliver(batch);
    if (random_.chance(0.1)) put_recovery(batch);
    if (batch.empty()) add_event(batch);
    return batch;
  }

  std::string text(std::size_t size) {
    std::string out;
    while (out.size() < size) out += "xyz" + std::to_string(random_.below(1'000'000));
    return out;
  }

  WebhookId some_webhook() {
    return webhooks_.empty() ? WebhookId{make_.id()} : webhooks_[random_.below(webhooks_.size())].id;
  }

  void change_webhook(WriteBatch& batch) {
    if (webhooks_.size() > 3 && random_.chance(0.2)) {
      batch.deleted_webhooks.push_back({webhooks_.front().id, make_.now});
      batch.webhook_ends.push_back({webhooks_.front().id, make_.now, {ActorKind::Key, "key_1", "a key"}, {}});
      webhooks_.erase(webhooks_.begin());
    } else if (!webhooks_.empty() && random_.chance(0.5)) {
      Webhook& webhook = webhooks_[random_.below(webhooks_.size())];
      ++webhook.version;
      webhook.secret = "whsec_" + text(20);
      webhook.updated_at = from_us(to_us(make_.now) / 1000 * 1000);
      batch.webhooks.push_back(webhook);
      WebhookHealth health{.webhook = webhook.id};
      if (random_.chance(0.5)) health.failing_since = make_.now;
      if (random_.chance(0.5)) health.main = {.failures_in_a_row = 10, .opened_at = make_.now, .probe_at = make_.now};
      batch.healths.push_back(health);
    } else {
      Webhook webhook;
      webhook.id = WebhookId{make_.id()};
      webhook.team_id = "team_001";
      webhook.name = text(10);
      webhook.url = "https://example.com/" + text(20);
      webhook.secret = "whsec_" + text(20);
      webhook.token = text(10);
      webhooks_.push_back(webhook);
      batch.webhooks.push_back(webhook);
    }
  }

  void change_catalog(WriteBatch& batch) {
    auto& catalog = batch.catalog;
    catalog.emplace_back(
        AuditEntry{.id = AuditId{make_.id()}, .action = "thing.changed", .after = R"({"note":")" + text(100) + "\"}"});
    switch (random_.below(6)) {
      case 0:
        keys_.push_back(KeyId{make_.id()});
        catalog.emplace_back(ApiKey{.id = keys_.back(), .name = text(8), .role = Role::Read, .created_at = make_.now});
        break;
      case 1:
        if (keys_.empty()) break;
        catalog.emplace_back(KeyUse{keys_.back(), make_.now});
        if (random_.chance(0.3)) {
          catalog.emplace_back(Removed<KeyId>{keys_.back()});
          keys_.pop_back();
        }
        break;
      case 2:
        catalog.emplace_back(Number{.id = NumberId{make_.id()}, .number = "+1" + text(9), .team_id = "team_001"});
        catalog.emplace_back(Team{.id = "team_" + std::to_string(random_.below(3)), .name = text(8)});
        break;
      case 3:
        catalog.emplace_back(
            User{.id = UserId{make_.id()}, .email = text(9), .name = text(5), .password_hash = text(60)});
        break;
      case 4: {
        const SessionId session{make_.id()};
        catalog.emplace_back(Session{.id = session, .team_id = "team_001", .user_agent = text(30)});
        catalog.emplace_back(SessionUse{session, make_.now});
        if (random_.chance(0.5)) catalog.emplace_back(Removed<SessionId>{session});
        catalog.emplace_back(Link{.id = LinkId{make_.id()}, .email = text(8), .created_at = make_.now});
        break;
      }
      default:
        add_statistics(catalog);
    }
  }

  void add_statistics(std::vector<CatalogChange>& catalog) {
    // Of times that no bound comes to: stores may be late in pruning a bucket that is filled again.
    const WallTime later = make_.now + 24 * kHour;
    StatsBucket bucket{.webhook = some_webhook(), .width = kHour, .start = bucket_start(later, kHour)};
    bucket.counts.attempts = 1 + static_cast<std::uint32_t>(random_.below(9));
    bucket.counts.latency.add(Duration(random_.between(100, 100'000)));
    catalog.emplace_back(bucket);
    bucket.webhook = {};
    bucket.width = std::chrono::minutes(1);
    bucket.start = bucket_start(later, bucket.width);
    catalog.emplace_back(bucket);
  }

  void add_event(WriteBatch& batch) {
    std::vector<WebhookId> webhooks;
    for (auto i = random_.below(3); i-- > 0;) webhooks.push_back(some_webhook());
    NewEvent event =
        make_.event(webhooks, "team_001", EventType::MissedCall, {"+1" + std::to_string(random_.below(9))});
    event.event.payload = R"({"event":"missed_call","note":")" + text(random_.chance(0.1) ? 9000 : 200) + "\"}";
    if (random_.chance(0.2)) {
      event.idempotency_key = std::to_string(random_.below(20));
      event.fingerprint = std::string(random_.below(3), 'f');
      if (!used_keys_.insert(event.idempotency_key).second) event.deliveries.clear();  // perhaps a duplicate
    }
    for (const Delivery& delivery : event.deliveries) open_.push_back({delivery.id, delivery.webhook});
    events_.push_back(event.event.id);
    batch.events.push_back(std::move(event));
  }

  void try_delivery(WriteBatch& batch) {
    const std::size_t chosen = random_.below(open_.size());
    LiveDelivery& delivery = open_[chosen];
    const bool ends = random_.chance(0.7);
    const auto status = !ends                 ? DeliveryStatus::Retrying
                        : random_.chance(0.8) ? DeliveryStatus::Delivered
                        : random_.chance(0.5) ? DeliveryStatus::Failed
                                              : DeliveryStatus::Canceled;
    make_.finish(batch, delivery.id, status, ++delivery.attempts);
    if (status == DeliveryStatus::Failed) batch.updates.back().reason = EndReason::Exhausted;
    if (status == DeliveryStatus::Canceled) {
      batch.updates.back().reason = EndReason::Skipped;
      batch.updates.back().by = std::make_shared<const Actor>(Actor{ActorKind::User, "usr_1", text(8)});
    }
    batch.attempts.back().attempt.response_body = text(random_.chance(0.05) ? 5000 : 50);
    if (ends) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(chosen));
  }

  void redeliver(WriteBatch& batch) {
    batch.deliveries.push_back(make_.delivery(events_[random_.below(events_.size())], some_webhook()));
  }

  void put_recovery(WriteBatch& batch) {
    Recovery recovery;
    recovery.id = RecoveryId{make_.id()};
    recovery.webhook = some_webhook();
    recovery.created_at = recovery.updated_at = make_.now;
    batch.recoveries.push_back(recovery);
  }

  Prng random_;
  Maker make_;
  WallTime bound_ = WallTime{};
  std::vector<Webhook> webhooks_;
  std::vector<KeyId> keys_;
  std::vector<EventId> events_;
  std::vector<LiveDelivery> open_;
  std::set<std::string> used_keys_;
};

std::string text_of(const boost::json::object& json) { return boost::json::serialize(json); }

std::string time_text(const std::optional<WallTime>& time) { return time ? std::to_string(to_us(*time)) : "-"; }

void tell(std::ostream& out, const Catalog& catalog, const Store& store) {
  for (const Webhook& w : catalog.webhooks) {
    out << "webhook " << w.id.str() << ' ' << w.version << ' ' << webhook_to_stored_json(w) << ' '
        << text_of(webhook_secrets_to_json(w)) << '\n';
    for (const Recovery& r : store.list_recoveries(w.id, 0, limits::kPageMax).rows)
      out << "recovery " << r.id.str() << '\n';
  }
  for (const auto& [id, team] : catalog.deleted_webhooks) out << "deleted " << id.str() << ' ' << team << '\n';
  for (const WebhookHealth& h : catalog.healths) {
    out << "health " << h.webhook.str() << ' ' << time_text(h.failing_since) << ' ' << h.main.failures_in_a_row << ' '
        << time_text(h.main.opened_at) << '\n';
  }
  for (const ApiKey& k : catalog.keys)
    out << "key " << k.id.str() << ' ' << k.name << ' ' << time_text(k.last_used_at) << '\n';
  for (const Number& n : catalog.numbers) out << "number " << n.id.str() << ' ' << n.number << '\n';
  for (const Team& t : catalog.teams) out << "team " << t.id << ' ' << t.name << '\n';
  for (const User& u : catalog.users) {
    out << "user " << u.id.str() << ' ' << text_of(user_to_stored_json(u)) << ' ' << u.password_hash << '\n';
  }
  for (const Session& s : catalog.sessions) {
    out << "session " << s.id.str() << ' ' << s.user_agent << ' ' << time_text(s.last_seen_at) << '\n';
  }
  for (const Link& l : catalog.links) out << "link " << l.id.str() << ' ' << l.email << '\n';
  for (const Recovery& r : catalog.running_recoveries) out << "running " << r.id.str() << '\n';
}

void tell(std::ostream& out, const DeliveryDetail& detail) {
  const Delivery& d = detail.delivery;
  out << "  delivery " << d.id.str() << ' ' << d.webhook.str() << ' ' << info_of(d.status).name << ' ' << d.attempts
      << ' ' << d.http_status << ' ' << time_text(d.next_attempt_at) << ' ' << to_us(d.updated_at) << ' '
      << name_of(d.reason) << ' ' << (d.ended_by ? d.ended_by->name : "-") << '\n';
  for (const Attempt& a : detail.attempts) {
    out << "    attempt " << a.number << ' ' << a.http_status << ' ' << to_us(a.started_at) << ' ' << a.response_body
        << '\n';
  }
}

void tell_statistics(std::ostream& out, const Store& store, std::vector<WebhookId> webhooks, Duration width) {
  for (const auto& [start, counts] : store.list_stats(webhooks, width, WallTime{}, WallTime::max())) {
    out << "statistics " << to_us(start) << ' ' << counts.attempts;
    for (const auto count : counts.latency.counts) out << ' ' << count;
    out << '\n';
  }
}

}  // namespace

std::vector<StoreStep> random_steps(std::uint64_t seed, std::size_t count) {
  Steps steps(seed);
  std::vector<StoreStep> out;
  while (out.size() < count) out.push_back(steps.next());
  return out;
}

WriteBatch later_batch() {
  Maker make;
  make.now += 24 * kHour;
  WriteBatch batch;
  batch.events.push_back(make.event({WebhookId{make.id()}}));
  return batch;
}

std::string contents_of(const Store& store) {
  std::ostringstream out;
  const Catalog catalog = store.load_catalog();
  tell(out, catalog, store);
  for (AuditQuery query{.limit = limits::kPageMax};;) {
    const auto page = store.list_audit(query);
    for (const AuditEntry& entry : page.rows) out << "audit " << entry.id.str() << ' ' << entry.after << '\n';
    if ((query.before = page.next) == 0) break;
  }
  for (EventQuery query{.limit = limits::kPageMax};;) {
    const auto page = store.list_events(query);
    for (const Event& event : page.rows) {
      out << "event " << event.id.str() << ' ' << event.payload << '\n';
      const auto detail = store.get_event(event.id);
      if (!detail) throw StoreError("an event of the list is not there");
      for (const Delivery& delivery : detail->deliveries) {
        if (const auto found = store.get_delivery(delivery.id)) tell(out, *found);
      }
    }
    if ((query.before = page.next) == 0) break;
  }
  for (const OpenDelivery& open : store.list_open({}, 1'000'000)) out << "open " << open.id.str() << '\n';
  std::vector<WebhookId> webhooks;
  for (const Webhook& webhook : catalog.webhooks) webhooks.push_back(webhook.id);
  if (!webhooks.empty()) tell_statistics(out, store, webhooks, kHour);
  tell_statistics(out, store, {}, std::chrono::minutes(1));
  return out.str();
}

}  // namespace limehook::store
