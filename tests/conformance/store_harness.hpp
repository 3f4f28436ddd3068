#pragma once
// What the storage tests share: a store of each kind to test, and values to put into it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "store/store.hpp"

namespace limehook::store {

// A folder that is removed at the end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A store of one kind.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Store& store() = 0;
  // Closes it and opens it again; a store that keeps nothing stays as it is.
  virtual void reopen() = 0;
};

struct SubjectKind {
  const char* name;
  std::unique_ptr<Subject> (*make)();
};
inline void PrintTo(const SubjectKind& kind, std::ostream* out) { *out << kind.name; }

// The kinds every test of the port runs for.
std::vector<SubjectKind> subject_kinds();
// The same ones, also with lists that examine only a few rows for a page.
std::vector<SubjectKind> subject_kinds_and_hasty_ones();

// Makes coherent values with growing ids.
class Maker {
 public:
  WallTime now = from_us(1'738'249'200'123'456);  // 2025-01-30T15:00:00.123456Z
  std::int64_t id() { return ids_.next(now); }

  NewEvent event(std::vector<WebhookId> webhooks = {}, std::string team = "team_001",
                 EventType type = EventType::MissedCall, std::vector<std::string> terms = {});
  Delivery delivery(EventId event, WebhookId webhook);
  static NewAttempt attempt(DeliveryId delivery, int number, int http_status, WallTime at);
  DeliveryUpdate update(DeliveryId delivery, DeliveryStatus status, int attempts);
  // Adds a finished attempt number `number` and the state it leads to.
  void finish(WriteBatch& batch, DeliveryId delivery, DeliveryStatus status, int number = 1);

 private:
  IdGenerator ids_;
};

class StoreTest : public testing::TestWithParam<SubjectKind> {
 protected:
  Store& store() { return subject_->store(); }
  void reopen() { subject_->reopen(); }
  // Commits and expects it to be durable.
  CommitResult commit(const WriteBatch& batch);
  void commit_event(const NewEvent& event);
  // Lets the store do all its housekeeping.
  void maintain();
  std::vector<OpenDelivery> open_deliveries();
  // All pages, one after the other.
  std::vector<DeliveryId> delivery_ids(DeliveryQuery query);
  std::vector<EventId> event_ids(EventQuery query);

  Maker make_;
  const WebhookId kWebhook{make_.id()};
  const WebhookId kOtherWebhook{make_.id()};

 private:
  std::unique_ptr<Subject> subject_ = GetParam().make();
};

#define LIMEHOOK_FOR_ALL_STORES(suite)                                     \
  INSTANTIATE_TEST_SUITE_P(All, suite, testing::ValuesIn(subject_kinds()), \
                           [](const auto& param_info) { return std::string(param_info.param.name); })

}  // namespace limehook::store
