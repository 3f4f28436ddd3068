#include "store_harness.hpp"

#include <cstdlib>
#include <stdexcept>

#include "base/limits.hpp"
#include "store/memory/memory_store.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::store {
namespace {

constexpr std::size_t kFewRows = 20;

class MemorySubject : public Subject {
 public:
  explicit MemorySubject(std::size_t rows_examined_max) : store_(rows_examined_max) {}
  Store& store() override { return store_; }
  void reopen() override {}

 private:
  MemoryStore store_;
};

class SqliteSubject : public Subject {
 public:
  explicit SqliteSubject(std::size_t rows_examined_max) : rows_examined_max_(rows_examined_max) { open(); }
  Store& store() override { return *store_; }
  void reopen() override {
    store_.reset();
    open();
  }

 private:
  void open() {
    // Small segments, so that a few rows cross their borders.
    auto opened = SqliteStore::open(
        {.directory = folder_.path() / "data", .index_segment_rows = 8, .rows_examined_max = rows_examined_max_});
    if (!opened) throw std::runtime_error(opened.error());
    store_ = std::move(*opened);
  }
  TemporaryFolder folder_;
  std::size_t rows_examined_max_;
  std::unique_ptr<SqliteStore> store_;
};

template <class Kind, std::size_t rows_examined_max>
std::unique_ptr<Subject> make_subject() {
  return std::make_unique<Kind>(rows_examined_max);
}

}  // namespace

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
  std::string pattern = (parent / "limehook_store_XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot create " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::vector<SubjectKind> subject_kinds() {
  return {{"Memory", make_subject<MemorySubject, limits::kRowsExaminedMax>},
          {"Sqlite", make_subject<SqliteSubject, limits::kRowsExaminedMax>}};
}

std::vector<SubjectKind> subject_kinds_and_hasty_ones() {
  auto kinds = subject_kinds();
  kinds.push_back({"HastyMemory", make_subject<MemorySubject, kFewRows>});
  kinds.push_back({"HastySqlite", make_subject<SqliteSubject, kFewRows>});
  return kinds;
}

NewEvent Maker::event(std::vector<WebhookId> webhooks, std::string team, EventType type,
                      std::vector<std::string> terms) {
  NewEvent added;
  added.event.id = EventId{id()};
  added.event.type = type;
  added.event.team_id = std::move(team);
  added.event.received_at = now;
  added.event.payload = R"({"event":"missed_call","call_id":")" + added.event.id.str() + "\"}";
  added.terms = std::move(terms);
  for (const WebhookId webhook : webhooks) added.deliveries.push_back(delivery(added.event.id, webhook));
  return added;
}

Delivery Maker::delivery(EventId event, WebhookId webhook) {
  Delivery made;
  made.id = DeliveryId{id()};
  made.event = event;
  made.webhook = webhook;
  made.updated_at = now;
  return made;
}

NewAttempt Maker::attempt(DeliveryId delivery, int number, int http_status, WallTime at) {
  NewAttempt added{delivery, {}};
  Attempt& attempt = added.attempt;
  attempt.number = number;
  attempt.started_at = at;
  attempt.duration = Duration(12'345);
  attempt.outcome = http_status ? AttemptOutcome::Response : AttemptOutcome::Timeout;
  attempt.http_status = http_status;
  attempt.error = http_status ? "" : "no answer in time";
  attempt.response_head = http_status ? "Content-Type: text/plain" : "";
  attempt.response_body = http_status ? "ok" : "";
  attempt.signatures = std::string(64, '\x07');
  attempt.webhook_version = 1;
  return added;
}

DeliveryUpdate Maker::update(DeliveryId delivery, DeliveryStatus status, int attempts) {
  DeliveryUpdate update;
  update.id = delivery;
  update.status = status;
  update.attempts = attempts;
  if (status == DeliveryStatus::Retrying) update.next_attempt_at = now + std::chrono::minutes(5);
  update.http_status = status == DeliveryStatus::Delivered ? 200 : 0;
  update.last_outcome = status == DeliveryStatus::Delivered ? AttemptOutcome::Response : AttemptOutcome::Timeout;
  update.updated_at = now;
  return update;
}

void Maker::finish(WriteBatch& batch, DeliveryId delivery, DeliveryStatus status, int number) {
  batch.attempts.push_back(attempt(delivery, number, status == DeliveryStatus::Delivered ? 200 : 0, now));
  batch.updates.push_back(update(delivery, status, number));
}

CommitResult StoreTest::commit(const WriteBatch& batch) {
  CommitResult result = store().commit(batch);
  EXPECT_EQ(result.status, CommitStatus::Committed) << result.error;
  return result;
}

void StoreTest::commit_event(const NewEvent& event) {
  WriteBatch batch;
  batch.events.push_back(event);
  commit(batch);
}

void StoreTest::maintain() {
  while (store().maintain(make_.now)) {
  }
}

std::vector<DeliveryId> StoreTest::delivery_ids(DeliveryQuery query) {
  std::vector<DeliveryId> ids;
  do {
    const auto page = store().list_deliveries(query);
    for (const DeliveryRow& row : page.rows) ids.push_back(row.delivery.id);
    query.before = page.next;
  } while (query.before != 0);
  return ids;
}

std::vector<EventId> StoreTest::event_ids(EventQuery query) {
  std::vector<EventId> ids;
  do {
    const auto page = store().list_events(query);
    for (const Event& event : page.rows) ids.push_back(event.id);
    query.before = page.next;
  } while (query.before != 0);
  return ids;
}

std::vector<OpenDelivery> StoreTest::open_deliveries() {
  // In small pages, as few stores would be asked to: what holds for them holds for large ones.
  std::vector<OpenDelivery> all;
  for (DeliveryId after;;) {
    const auto page = store().list_open(after, 2);
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < 2) return all;
    after = page.back().id;
  }
}

}  // namespace limehook::store
