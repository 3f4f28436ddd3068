#pragma once
// The demo's window on the server's log: prints a line for every attempt and keeps the count of how deliveries end.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/api_client.hpp"
#include "app/delivery_follower.hpp"

namespace limehook::app {

class DemoLog {
 public:
  using Ended = std::function<void(const std::string& event)>;

  // `client` and `ended` are kept; `ended` is called for every delivery that has ended.
  DemoLog(ApiClient& client, std::map<std::string, std::string> webhook_names, Ended ended);

  // Takes what is in the log already, without printing it.
  std::optional<ApiFailure> start();
  // Prints what has happened since.
  std::optional<ApiFailure> poll();

  struct Counts {
    std::uint64_t delivered = 0;
    std::uint64_t delivered_after_retry = 0;
    std::uint64_t failed = 0;
    std::uint64_t canceled = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  std::optional<ApiFailure> show(const boost::json::object& row);
  void print_attempt(const boost::json::object& delivery, const boost::json::object& attempt, bool last);
  void count(const boost::json::object& delivery);

  ApiClient& client_;
  std::map<std::string, std::string> webhook_names_;
  Ended ended_;
  DeliveryFollower follower_;
  std::map<std::string, std::int64_t> printed_attempts_;  // by delivery
  Counts counts_;
};

}  // namespace limehook::app
