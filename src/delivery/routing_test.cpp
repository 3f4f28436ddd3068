#include "delivery/routing.hpp"

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

WebhookPtr put(RoutingTable& table, int id, auto change) {
  Webhook webhook = CoreHarness::webhook();
  webhook.id = WebhookId{id};
  change(webhook);
  const auto shared = std::make_shared<const Webhook>(std::move(webhook));
  table.put(shared);
  return shared;
}

std::vector<int> match(const RoutingTable& table, const EventDraft& event) {
  std::vector<WebhookPtr> found;
  table.match(event, found);
  std::vector<int> ids;
  for (const auto& webhook : found) ids.push_back(static_cast<int>(webhook->id.value));
  return ids;
}

// Goal: event types, numbers, filters and being enabled each decide; a put replaces, a remove removes.
TEST(Routing, AppliesEveryCondition) {
  RoutingTable table;
  put(table, 1, [](Webhook&) {});
  put(table, 2, [](Webhook& w) { w.events.reset().set(static_cast<std::size_t>(EventType::SmsSent)); });
  put(table, 3, [](Webhook& w) { w.numbers = {"+0987654321"}; });
  put(table, 4, [](Webhook& w) { w.numbers = {"+4930123456"}; });
  put(table, 5, [](Webhook& w) { w.filter = Filter{Filter::Match::All, {{"call_id", FilterOp::Eq, {"\"123456\""}}}}; });
  put(table, 6, [](Webhook& w) { w.filter = Filter{Filter::Match::All, {{"call_id", FilterOp::Eq, {"\"other\""}}}}; });
  put(table, 7, [](Webhook& w) { w.enabled = false; });
  const auto event = CoreHarness::draft();
  EXPECT_EQ(match(table, event), (std::vector{1, 3, 5}));
  put(table, 1, [](Webhook& w) { w.team_id = "team_002"; });
  table.remove(WebhookId{3});
  table.remove(WebhookId{3});
  EXPECT_EQ(match(table, event), std::vector{5});
  EXPECT_EQ(match(table, CoreHarness::draft("team_002")), std::vector{1});
}

}  // namespace
}  // namespace limehook::delivery
