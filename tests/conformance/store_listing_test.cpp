// The port's contract for the log: filters, paging and search (store_random_listing_test.cpp has more).

#include <algorithm>
#include <optional>

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreListingTest : public StoreTest {};
LIMEHOOK_FOR_ALL_STORES(StoreListingTest);

TEST_P(StoreListingTest, EmptyStoreHasEmptyPages) {
  EXPECT_THAT(store().list_deliveries({}).rows, IsEmpty());
  EXPECT_EQ(store().list_deliveries({}).next, 0);
  EXPECT_THAT(store().list_events({}).rows, IsEmpty());
}

TEST_P(StoreListingTest, RowsSayWhatTheLogShows) {
  NewEvent event = make_.event({kWebhook}, "team_7", EventType::VoicemailReceived);
  event.deliveries[0].body = "{}";
  commit_event(event);
  WriteBatch batch;
  make_.finish(batch, event.deliveries[0].id, DeliveryStatus::Delivered);
  commit(batch);
  const auto page = store().list_deliveries({});
  ASSERT_THAT(page.rows, SizeIs(1));
  EXPECT_EQ(page.rows[0].type, EventType::VoicemailReceived);
  EXPECT_EQ(page.rows[0].team_id, "team_7");
  EXPECT_EQ(page.rows[0].delivery.status, DeliveryStatus::Delivered);
  EXPECT_EQ(page.rows[0].delivery.http_status, 200);
  EXPECT_EQ(page.rows[0].delivery.body, std::nullopt);
}

// Goal: a page is full while rows exist, and only the last one ends the list.
TEST_P(StoreListingTest, PagesAreFullToTheEnd) {
  for (int i = 0; i < 20; ++i) commit_event(make_.event({kWebhook}));
  for (const bool indexed : {false, true}) {
    if (indexed) maintain();
    DeliveryQuery query;
    query.webhook = kWebhook;
    query.limit = 10;
    const auto first = store().list_deliveries(query);
    ASSERT_THAT(first.rows, SizeIs(10));
    EXPECT_EQ(first.next, first.rows.back().delivery.id.value);
    query.before = first.next;
    const auto second = store().list_deliveries(query);
    ASSERT_THAT(second.rows, SizeIs(10));
    EXPECT_EQ(second.next, 0);
    EXPECT_LT(second.rows.front().delivery.id, first.rows.back().delivery.id);
  }
}

// Goal: payloads of any size make pages of bounded size; none is left out, and one that is too large comes alone.
TEST_P(StoreListingTest, PagesOfEventsAreBoundedInBytes) {
  const auto max = limits::kPageBytesMax;
  std::vector<EventId> expected;
  for (const std::size_t bytes : {max / 2, max / 2, std::size_t{1}, max + 1, max / 2, std::size_t{1}}) {
    NewEvent event = make_.event();
    event.event.payload = std::string(bytes, 'x');
    commit_event(event);
    expected.insert(expected.begin(), event.event.id);
  }
  std::vector<std::size_t> sizes;
  std::vector<EventId> seen;
  EventQuery query;
  do {
    const auto page = store().list_events(query);
    sizes.push_back(page.rows.size());
    for (const Event& event : page.rows) seen.push_back(event.id);
    query.before = page.next;
  } while (query.before != 0);
  EXPECT_THAT(sizes, ElementsAre(2, 1, 2, 1));
  EXPECT_EQ(seen, expected);
}

// Goal: what is rare does not make one call walk the whole log. Method: more rows than a call may examine, one that is
// looked for at the far end.
TEST_P(StoreListingTest, CallsAreBoundedInRows) {
  const NewEvent rare = make_.event({kWebhook}, "rare", EventType::SmsSent);
  commit_event(rare);
  WriteBatch batch;
  for (std::size_t i = 0; i <= limits::kRowsExaminedMax; ++i) batch.events.push_back(make_.event({kOtherWebhook}));
  commit(batch);
  const EventQuery events{.type = EventType::SmsSent};
  EXPECT_THAT(store().list_events(events).rows, IsEmpty());
  EXPECT_NE(store().list_events(events).next, 0);
  EXPECT_THAT(event_ids(events), ElementsAre(rare.event.id));
  const DeliveryQuery deliveries{.type = EventType::SmsSent};
  EXPECT_THAT(store().list_deliveries(deliveries).rows, IsEmpty());
  EXPECT_NE(store().list_deliveries(deliveries).next, 0);
  EXPECT_THAT(delivery_ids(deliveries), ElementsAre(rare.deliveries[0].id));
}

// Goal: rows that arrive while someone pages neither shift nor repeat what comes next.
TEST_P(StoreListingTest, PagingIsSteadyWhileRowsArrive) {
  std::vector<DeliveryId> expected;
  for (int i = 0; i < 30; ++i) {
    const NewEvent event = make_.event({kWebhook});
    commit_event(event);
    expected.insert(expected.begin(), event.deliveries[0].id);
  }
  std::vector<DeliveryId> seen;
  DeliveryQuery query;
  query.webhook = kWebhook;
  query.limit = 4;
  do {
    const auto page = store().list_deliveries(query);
    for (const DeliveryRow& row : page.rows) seen.push_back(row.delivery.id);
    query.before = page.next;
    commit_event(make_.event({kWebhook}));
    maintain();
  } while (query.before != 0);
  EXPECT_EQ(seen, expected);
}

// Goal: a row says what its event is about, without a look at the event.
TEST_P(StoreListingTest, RowsHaveTheTermsOfTheirEventsPayload) {
  NewEvent event = make_.event({kWebhook});
  event.event.payload = R"({"call_id":"123456","callee_number":"+0987654321","caller_number":"+1234567890"})";
  commit_event(event);
  const auto page = store().list_deliveries({});
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_THAT(page.rows[0].terms, ElementsAre("+1234567890", "+0987654321", "123456"));
}

TEST_P(StoreListingTest, SearchIsExactButForThePlus) {
  const NewEvent with_plus = make_.event({kWebhook}, "t", EventType::MissedCall, {"+1234567890", "123456"});
  const NewEvent without = make_.event({kWebhook}, "t", EventType::MissedCall, {"1234567890", "789012"});
  commit_event(with_plus);
  commit_event(without);
  for (int round = 0; round < 2; ++round) {
    EventQuery query;
    query.term = "1234567890";
    EXPECT_THAT(event_ids(query), ElementsAre(without.event.id, with_plus.event.id));
    query.term = "+1234567890";
    EXPECT_THAT(event_ids(query), ElementsAre(with_plus.event.id));
    query.term = "123456";
    EXPECT_THAT(event_ids(query), ElementsAre(with_plus.event.id));
    for (const char* none : {"12345", "+123456", "1234567890 ", "++1234567890", "+"}) {
      query.term = none;
      EXPECT_THAT(event_ids(query), IsEmpty()) << none;
    }
    DeliveryQuery deliveries;
    deliveries.term = "789012";
    EXPECT_THAT(delivery_ids(deliveries), ElementsAre(without.deliveries[0].id));
    for (int i = 0; i < 10; ++i) commit_event(make_.event({kOtherWebhook}));  // fills segments
    maintain();
  }
}

// Goal: a redelivery is found by its event's properties, in its own place.
TEST_P(StoreListingTest, RedeliveryIsListedByItsEvent) {
  const NewEvent old = make_.event({kWebhook}, "team_a", EventType::SmsSent, {"old"});
  commit_event(old);
  for (int i = 0; i < 12; ++i) commit_event(make_.event({kWebhook}, "team_b"));
  maintain();
  WriteBatch batch;
  batch.deliveries.push_back(make_.delivery(old.event.id, kOtherWebhook));
  commit(batch);
  for (int round = 0; round < 2; ++round) {
    DeliveryQuery by_term;
    by_term.term = "old";
    EXPECT_THAT(delivery_ids(by_term), ElementsAre(batch.deliveries[0].id, old.deliveries[0].id));
    DeliveryQuery by_team;
    by_team.team_id = "team_a";
    EXPECT_THAT(delivery_ids(by_team), ElementsAre(batch.deliveries[0].id, old.deliveries[0].id));
    DeliveryQuery by_type;
    by_type.type = EventType::SmsSent;
    EXPECT_THAT(delivery_ids(by_type), ElementsAre(batch.deliveries[0].id, old.deliveries[0].id));
    for (int i = 0; i < 12; ++i) commit_event(make_.event({kWebhook}, "team_b"));
    maintain();
  }
}

}  // namespace
}  // namespace limehook::store
