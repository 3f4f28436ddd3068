#pragma once
// What the demo's receiver answers: it verifies signatures and works most of the time.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>

#include "app/local_receiver.hpp"
#include "base/prng.hpp"

namespace limehook::app {

// All functions may be called by any thread.
class DemoReceiver {
 public:
  explicit DemoReceiver(Prng prng) : prng_(prng) {}

  // Requests to `path` are verified with this secret. Paths without one are answered 503, to be tried again.
  void set_secret(const std::string& path, const std::string& secret);
  // From now on nothing fails on purpose.
  void stop_failing();

  ReceiverReply handle(const ReceivedRequest& request, WallTime now);

  struct Counts {
    std::uint64_t acknowledged = 0;
    std::uint64_t repeated = 0;  // among them, with a webhook-id that had been acknowledged before
    std::uint64_t refused = 0;   // signatures that did not verify
  };
  Counts counts() const;

 private:
  ReceiverReply choose_reply(int attempt);

  mutable std::mutex mutex_;
  Prng prng_;
  bool failing_ = true;
  std::map<std::string, std::string, std::less<>> secrets_;
  std::unordered_set<std::string> acknowledged_ids_;
  Counts counts_;
};

}  // namespace limehook::app
