// The log under random data and random queries, compared with a plain scan over what was put in; also with stores that
// examine so few rows for a page that most pages are short.

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <thread>

#include "store_harness.hpp"

namespace limehook::store {
namespace {

class StoreRandomListingTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(All, StoreRandomListingTest, testing::ValuesIn(subject_kinds_and_hasty_ones()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

struct ModelDelivery {
  Delivery delivery;
  std::size_t event;  // into Model::events
};

struct Model {
  std::vector<NewEvent> events;
  std::vector<ModelDelivery> deliveries;
};

class RandomLog {
 public:
  RandomLog(Maker& make, std::uint64_t seed) : make_(make), random_(seed) {
    for (int i = 0; i < 4; ++i) webhooks_.push_back(WebhookId{make.id()});
  }

  WriteBatch batch() {
    WriteBatch batch;
    for (auto i = random_.below(6); i-- > 0;) add_event(batch);
    if (!model.events.empty() && random_.chance(0.2)) {
      const std::size_t event = random_.below(model.events.size());
      add_delivery(event, make_.delivery(model.events[event].event.id, pick(webhooks_)));
      batch.deliveries.push_back(model.deliveries.back().delivery);
    }
    for (auto i = random_.below(6); i-- > 0 && !model.deliveries.empty();) {
      change(batch, model.deliveries[random_.below(model.deliveries.size())].delivery);
    }
    make_.now += Duration(random_.between(1, 3'000'000));
    return batch;
  }

  DeliveryQuery delivery_query() {
    DeliveryQuery query;
    fill(query);
    if (random_.chance(0.35)) query.webhook = pick(webhooks_);
    if (random_.chance(0.35)) query.status = static_cast<DeliveryStatus>(random_.below(5));
    return query;
  }
  EventQuery event_query() {
    EventQuery query;
    fill(query);
    return query;
  }

  std::vector<DeliveryId> expected(const DeliveryQuery& query) const {
    std::vector<DeliveryId> out;
    for (const ModelDelivery& d : model.deliveries) {
      if (passes(query, d.delivery.id.value, model.events[d.event]) &&
          (!query.webhook || d.delivery.webhook == *query.webhook) &&
          (!query.status || d.delivery.status == *query.status)) {
        out.push_back(d.delivery.id);
      }
    }
    std::ranges::sort(out, std::greater<>());
    return out;
  }
  std::vector<EventId> expected(const EventQuery& query) const {
    std::vector<EventId> out;
    for (const NewEvent& event : model.events) {
      if (passes(query, event.event.id.value, event)) out.push_back(event.event.id);
    }
    std::ranges::sort(out, std::greater<>());
    return out;
  }
  std::size_t limit() { return 1 + random_.below(40); }

  Model model;

 private:
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[random_.below(from.size())];
  }
  void add_event(WriteBatch& batch) {
    std::vector<WebhookId> to;
    for (auto i = random_.below(4); i-- > 0;) to.push_back(pick(webhooks_));
    std::vector<std::string> terms;
    for (auto i = random_.below(4); i-- > 0;) terms.push_back(pick(terms_));
    batch.events.push_back(make_.event(to, pick(teams_), static_cast<EventType>(random_.below(4)), terms));
    model.events.push_back(batch.events.back());
    for (const Delivery& d : batch.events.back().deliveries) add_delivery(model.events.size() - 1, d);
  }
  void add_delivery(std::size_t event, const Delivery& delivery) { model.deliveries.push_back({delivery, event}); }
  void change(WriteBatch& batch, Delivery& delivery) {
    delivery.status = static_cast<DeliveryStatus>(1 + random_.below(4));
    ++delivery.attempts;
    make_.finish(batch, delivery.id, delivery.status, delivery.attempts);
  }
  template <class Query>
  void fill(Query& query) {
    if (random_.chance(0.35)) query.team_id = pick(teams_);
    if (random_.chance(0.35)) query.type = static_cast<EventType>(random_.below(7));
    if (random_.chance(0.3)) query.term = pick(terms_);
    if (random_.chance(0.2)) query.since = some_time();
    if (random_.chance(0.2)) query.until = some_time();
    if (random_.chance(0.2)) query.before = first_id_at(some_time());
  }
  WallTime some_time() {
    const WallTime first = model.events.front().event.received_at;
    return first + Duration(random_.between(-1'000'000, (make_.now - first).count() + 1'000'000));
  }
  template <class Query>
  static bool passes(const Query& query, std::int64_t id, const NewEvent& event) {
    const bool term_found = query.term.empty() || std::ranges::any_of(event.terms, [&](const std::string& term) {
                              return term == query.term || term == "+" + query.term;
                            });
    return term_found && (!query.team_id || event.event.team_id == *query.team_id) &&
           (!query.type || event.event.type == *query.type) && (!query.since || id >= first_id_at(*query.since)) &&
           (!query.until || id < first_id_at(*query.until)) && (query.before == 0 || id < query.before);
  }

  Maker& make_;
  Prng random_;
  std::vector<WebhookId> webhooks_;
  const std::vector<std::string> teams_{"", "team_001", "team_002"};
  const std::vector<std::string> terms_{"+1234567890", "1234567890", "+0987654321", "123456", "a b\nc", "é"};
};

// Walks all pages.
template <class Id, class List, class Query>
std::vector<Id> walk(List list, Query query, std::size_t limit) {
  std::vector<Id> ids;
  query.limit = limit;
  while (true) {
    const auto page = list(query);
    for (const auto& row : page.rows) {
      if constexpr (requires { row.delivery; }) {
        ids.push_back(row.delivery.id);
      } else {
        ids.push_back(row.id);
      }
    }
    EXPECT_LE(page.rows.size(), limit);
    EXPECT_TRUE(page.next == 0 || query.before == 0 || page.next < query.before);
    if (page.next == 0 || testing::Test::HasFailure()) return ids;
    query.before = page.next;
  }
}

TEST_P(StoreRandomListingTest, RandomQueriesAgreeWithAPlainScan) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    reopen();
    RandomLog log(make_, seed);
    // Rows of the seeds before are not in this model; the bound keeps them out.
    const std::int64_t first = make_.id();
    Prng random(seed + 100);
    for (int step = 0; step < 120; ++step) {
      commit(log.batch());
      if (random.chance(0.5)) store().maintain(make_.now);
      if (step % 10 != 9 || log.model.events.empty()) continue;
      for (int i = 0; i < 12; ++i) {
        DeliveryQuery deliveries = log.delivery_query();
        EventQuery events = log.event_query();
        deliveries.since = std::max(deliveries.since.value_or(WallTime::min()), id_time(first) + Duration(1000));
        events.since = std::max(events.since.value_or(WallTime::min()), id_time(first) + Duration(1000));
        const auto list_deliveries = [&](const DeliveryQuery& q) { return store().list_deliveries(q); };
        const auto list_events = [&](const EventQuery& q) { return store().list_events(q); };
        ASSERT_EQ(walk<DeliveryId>(list_deliveries, deliveries, log.limit()), log.expected(deliveries))
            << "seed " << seed << " step " << step << " query " << i;
        ASSERT_EQ(walk<EventId>(list_events, events, log.limit()), log.expected(events))
            << "seed " << seed << " step " << step << " query " << i;
      }
    }
    make_.now += std::chrono::hours(1);
  }
}

std::int64_t last_id(const WriteBatch& batch) {
  std::int64_t last = 0;
  for (const NewEvent& event : batch.events) {
    last = std::max(last, event.event.id.value);
    for (const Delivery& delivery : event.deliveries) last = std::max(last, delivery.id.value);
  }
  for (const Delivery& delivery : batch.deliveries) last = std::max(last, delivery.id.value);
  return last;
}

// `found` is all that matches but for the newest, and of these none that was `known` when the walk began.
template <class Id>
void expect_complete(const std::vector<Id>& found, const std::vector<Id>& matching, std::int64_t known) {
  const auto newer = std::ranges::count_if(matching, [&](Id id) { return id.value > known; });
  ASSERT_LE(found.size(), matching.size());
  EXPECT_GE(found.size(), matching.size() - static_cast<std::size_t>(newer));
  EXPECT_TRUE(std::ranges::equal(found, std::span(matching).last(found.size())));
}

// Goal: a walk that goes on beside commits and housekeeping finds, in order and once, all that had been committed when
// it began.
TEST_P(StoreRandomListingTest, WalksBesideCommitsMissNothing) {
  RandomLog log(make_, 4);
  std::vector<WriteBatch> batches;
  for (int i = 0; i < 400; ++i) batches.push_back(log.batch());
  std::vector<std::pair<DeliveryQuery, EventQuery>> queries;
  for (int i = 0; i < 200; ++i) {
    queries.emplace_back(log.delivery_query(), log.event_query());
    queries.back().first.status.reset();  // it changes
  }
  const std::size_t limit = log.limit();
  std::atomic<std::int64_t> known{0};
  std::atomic<bool> done{false};
  const auto read = [&](std::size_t i) {
    for (; !done && !HasFailure(); i = (i + 1) % queries.size()) {
      const auto& [deliveries, events] = queries[i];
      std::int64_t before = known;
      expect_complete(walk<DeliveryId>([&](const auto& q) { return store().list_deliveries(q); }, deliveries, limit),
                      log.expected(deliveries), before);
      before = known;
      expect_complete(walk<EventId>([&](const auto& q) { return store().list_events(q); }, events, limit),
                      log.expected(events), before);
    }
  };
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < 2; ++i) readers.emplace_back(read, i * 100);
  for (const WriteBatch& batch : batches) {
    commit(batch);
    known = std::max<std::int64_t>(known, last_id(batch));
    store().maintain(make_.now);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace limehook::store
