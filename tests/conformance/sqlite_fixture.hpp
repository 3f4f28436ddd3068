#pragma once
// What the tests of the SQLite store share.

#include <optional>

#include "store/sqlite/sqlite_store.hpp"
#include "store_harness.hpp"

namespace limehook::store {

class SqliteTest : public testing::Test {
 protected:
  std::filesystem::path directory() const { return folder_.path() / "data"; }
  std::filesystem::path file() const { return directory() / "limehook.db"; }
  SqliteOptions options() const { return {.directory = directory(), .index_segment_rows = 8}; }

  std::unique_ptr<SqliteStore> open() { return open(options()); }
  static std::unique_ptr<SqliteStore> open(const SqliteOptions& options) {
    auto store = SqliteStore::open(options);
    EXPECT_TRUE(store) << store.error();
    return store ? std::move(*store) : nullptr;
  }
  // The sentence with which opening is refused; empty: it is not.
  std::string refusal() {
    auto store = SqliteStore::open(options());
    return store ? "" : store.error();
  }

  WriteBatch batch_of(int events) {
    WriteBatch batch;
    for (int i = 0; i < events; ++i) {
      batch.events.push_back(make_.event({kWebhook}, "team_001", EventType::MissedCall, {"+1234567890"}));
    }
    return batch;
  }
  static std::size_t event_count(const Store& store) {
    std::size_t count = 0;
    EventQuery query{.limit = limits::kPageMax};
    do {
      const auto page = store.list_events(query);
      count += page.rows.size();
      query.before = page.next;
    } while (query.before != 0);
    return count;
  }

  TemporaryFolder folder_;
  Maker make_;
  const WebhookId kWebhook{make_.id()};
};

}  // namespace limehook::store
