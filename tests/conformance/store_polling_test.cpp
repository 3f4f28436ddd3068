// The port's contract for reading events upwards (polling): each passing event once, in order, whatever the bounds.

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

class StorePollingTest : public StoreTest {
 protected:
  EventId put(std::string team = "team_001", EventType type = EventType::MissedCall, bool test = false) {
    NewEvent event = make_.event({kWebhook}, std::move(team), type);
    event.event.test = event.deliveries[0].test = test;
    commit_event(event);
    return event.event.id;
  }
  static EventsAfterQuery all() { return {.types = kAllEventTypes}; }
  // Every page from query.after on.
  std::vector<EventId> walk(EventsAfterQuery query) {
    std::vector<EventId> ids;
    for (bool done = false; !done;) {
      const EventsAfter page = store().list_events_after(query);
      EXPECT_LE(page.events.size(), query.limit);
      EXPECT_GE(page.position, query.after);
      EXPECT_TRUE(page.done || page.position > query.after) << "it goes on";
      for (const Event& event : page.events) ids.push_back(event.id);
      query.after = page.position;
      done = page.done;
    }
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(All, StorePollingTest, testing::ValuesIn(subject_kinds_and_hasty_ones()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// Goal: nothing stored is the end of the list at the position it was asked from.
TEST_P(StorePollingTest, EmptyStoreEndsWhereItBegan) {
  EventsAfterQuery query = all();
  query.after = 17;
  const EventsAfter page = store().list_events_after(query);
  EXPECT_THAT(page.events, IsEmpty());
  EXPECT_EQ(page.position, 17);
  EXPECT_TRUE(page.done);
}

// Goal: team and type decide; tests never come; events come whole.
TEST_P(StorePollingTest, FiltersByTeamAndType) {
  const EventId call = put();
  const EventId text = put("team_001", EventType::SmsReceived);
  const EventId other = put("team_002");
  const EventId nobody = put("");
  put("team_001", EventType::MissedCall, true);
  EXPECT_THAT(walk(all()), ElementsAre(call, text, other, nobody));
  EventsAfterQuery query = all();
  query.team_id = "team_001";
  EXPECT_THAT(walk(query), ElementsAre(call, text));
  query.types.reset().set(static_cast<std::size_t>(EventType::SmsReceived));
  EXPECT_THAT(walk(query), ElementsAre(text));
  query.after = text.value;
  EXPECT_THAT(walk(query), IsEmpty());
  const auto event = store().get_event(call)->event;
  query = all();
  query.limit = 1;
  EventsAfter first{.position = 0};
  while (first.events.empty()) {
    query.after = first.position;
    first = store().list_events_after(query);
  }
  EXPECT_EQ(first.events[0].payload, event.payload);
  EXPECT_EQ(first.events[0].received_at, event.received_at);
  EXPECT_EQ(first.events[0].team_id, "team_001");
}

// Goal: the end is found although what was examined last does not pass, and later events follow it.
TEST_P(StorePollingTest, GoesOnFromTheEnd) {
  std::vector<EventId> wanted;
  EventsAfterQuery query = all();
  query.team_id = "team_001";
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 7; ++i) {
      wanted.push_back(put());
      put("team_002");
    }
    std::vector<EventId> fresh;
    for (bool done = false; !done;) {
      const EventsAfter page = store().list_events_after(query);
      for (const Event& event : page.events) fresh.push_back(event.id);
      query.after = page.position;
      done = page.done;
    }
    EXPECT_THAT(fresh, ElementsAreArray(wanted.end() - 7, wanted.end()));
  }
  for (const std::size_t limit : {1U, 2U, 3U, 34U, 35U, 100U}) {
    query.after = 0;
    query.limit = limit;
    EXPECT_THAT(walk(query), ElementsAreArray(wanted)) << limit;
  }
}

// Goal: pages are bounded in bytes; an event that is larger comes alone.
TEST_P(StorePollingTest, PagesAreBoundedInBytes) {
  std::vector<EventId> wanted;
  for (const std::size_t size : {100U, 3U << 20U, 3U << 20U, 5U << 20U, 100U}) {
    NewEvent event = make_.event();
    event.event.payload = R"({"text":")" + std::string(size, 'x') + R"("})";
    commit_event(event);
    wanted.push_back(event.event.id);
  }
  EXPECT_THAT(walk(all()), ElementsAreArray(wanted));
  EventsAfterQuery query = all();
  query.after = wanted[0].value;
  EXPECT_THAT(store().list_events_after(query).events, SizeIs(1));
}

}  // namespace
}  // namespace limehook::store
