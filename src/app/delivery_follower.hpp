#pragma once
// Follows the log through its API: what is new and what has changed since the last look. Decides only; the requests
// are made by whoever calls it.

#include <boost/json.hpp>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/api_client.hpp"

namespace limehook::app {

// Each delivery is reported when it appears and again whenever its status or its number of attempts has changed,
// until it has ended. Deliveries opened again later (retry, recovery) are noticed while they are on the newest page.
class DeliveryFollower {
 public:
  using Fetch = std::function<ApiResult<boost::json::value>(const std::string& target)>;

  // `list_target`: path and query of the list, without limit and cursor; it must not filter by status, because a
  // delivery could then enter the list unseen. `page_size`: how many of the newest are looked at each time.
  DeliveryFollower(Fetch fetch, std::string list_target, std::size_t page_size);

  // What is there already: the newest deliveries, the oldest of them first. Call it once, before poll().
  ApiResult<std::vector<boost::json::object>> start();

  // What is new or has changed since, in order of ids.
  ApiResult<std::vector<boost::json::object>> poll();

  std::size_t open_count() const { return open_.size(); }

 private:
  struct State {
    std::string status;
    std::string attempt_count;
    bool operator==(const State&) const = default;
  };
  using Changes = std::map<std::string, boost::json::object>;  // by id

  ApiResult<boost::json::object> fetch_page(const std::string& cursor);
  ApiResult<void> read_new_pages(std::set<std::string>& looked_at, Changes& changes);
  ApiResult<void> look_at_open(const std::set<std::string>& looked_at, Changes& changes);
  bool is_known(const std::string& id) const;
  void take(const boost::json::object& delivery, Changes& changes);
  void forget_old();

  Fetch fetch_;
  std::string list_target_;
  std::size_t page_size_;
  std::string floor_;  // ids up to here are none of ours, unless known
  std::map<std::string, State> known_;
  std::map<std::string, State> open_;  // those among the known that have not ended
  std::string last_looked_at_;         // where the round through open_ stands
};

}  // namespace limehook::app
