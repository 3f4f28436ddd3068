#pragma once
// The HTTP API over a store in memory, without sockets: two teams with a thing of each kind, and everybody who may ask.

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.hpp"
#include "base/ids.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::api {

// One thing of each kind that belongs to a team. The names of all begin with `marker`.
struct TeamThings {
  std::string team_id;
  std::string marker;
  WebhookId webhook;
  EventId event;
  DeliveryId delivery;
  RecoveryId recovery;
  NumberId number;
  KeyId key;  // an ingest key
  UserId user;
  SessionId session;  // another one of the person who manages the team
  LinkId invitation;
  AuditId audit;
  std::string test_receiver;
  std::string call_id;
  std::string phone;

  // Everything of the team that no other may see, as it stands in answers.
  std::vector<std::string> words() const;
};

// A store that refuses everything while `full`.
class FillableStore : public store::MemoryStore {
 public:
  store::CommitResult commit(const store::WriteBatch& batch) override {
    if (full) return {store::CommitStatus::Full, "full", {}};
    return MemoryStore::commit(batch);
  }
  std::atomic<bool> full = false;
};

// Headers that say who asks, by the caller's name.
using Credentials = std::vector<std::pair<std::string, std::string>>;

class ApiWorld {
 public:
  ApiWorld();
  ~ApiWorld();
  ApiWorld(const ApiWorld&) = delete;
  ApiWorld& operator=(const ApiWorld&) = delete;

  Response ask(std::string_view method, std::string_view target, const Credentials& who, std::string body = "");
  // Runs until `condition` holds; false when that took too long.
  bool run_until(const std::function<bool()>& condition);
  // How many audit entries are stored: whatever changes something leaves one.
  std::size_t audit_count() const;
  // Of every caller whose name the tests use; "nobody" has none.
  const Credentials& credentials(const std::string& name) const { return credentials_.at(name); }

  TeamThings alpha;  // of the team that is asked for
  TeamThings beta;
  UserId admin;
  FillableStore store;

 private:
  class Seed;

  boost::asio::io_context io_{1};
  telemetry::Metrics metrics_;
  std::map<std::string, Credentials> credentials_;
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<Api> api_;
};

}  // namespace limehook::api
