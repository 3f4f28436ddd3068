#pragma once
// Test receivers: what has come to the URLs that Limehook itself has for trying webhooks out. In memory only.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace limehook::api {

struct ReceivedRequest {
  WallTime at{};
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case; what may be secret is masked
  std::string body;
  bool body_cut = false;                // it was longer than is kept
  WebhookId webhook;                    // which has sent it; 0: that is not known
  std::optional<bool> signature_valid;  // by the secret of `webhook`; nothing: it is not known
  std::uint64_t number = 0;             // of all requests that were kept; set by keep()
};

struct TestReceiver {
  std::string id;
  std::string team_id;  // empty: of no team
  int status = 200;     // what it answers
  Duration delay{};     // how long it takes to answer
  WallTime created_at{};
  std::uint64_t received = 0;            // since it was made
  std::deque<ReceivedRequest> requests;  // of these the newest, in that order
};

// One thread. References hold until the receiver is removed.
class TestReceivers {
 public:
  // Requests are kept as long as they have `bytes_max` together.
  explicit TestReceivers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // By id.
  const std::map<std::string, TestReceiver, std::less<>>& all() const { return receivers_; }
  TestReceiver* find(std::string_view id);
  std::size_t count_of(const std::string& team_id) const;
  // Its id must be new.
  TestReceiver& add(TestReceiver receiver);
  void remove(std::string_view id);
  // Keeps a request to `receiver`, which is one of these; the oldest make room for it, and where it is too much for all
  // receivers, the oldest of the team that has most.
  void keep(TestReceiver& receiver, ReceivedRequest request);

  std::size_t bytes() const { return bytes_; }

 private:
  struct Team {
    std::size_t bytes = 0;
    std::vector<TestReceiver*> receivers;
  };
  void drop_oldest(TestReceiver& receiver);
  void make_room();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t kept_ = 0;  // how many requests, since the start
  std::map<std::string, TestReceiver, std::less<>> receivers_;
  std::map<std::string, Team> teams_;  // those that have some
};

}  // namespace limehook::api
