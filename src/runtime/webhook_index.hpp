#pragma once
// The ids of all webhooks that are not deleted, by team, so that what concerns one team costs by that team's number. A
// webhook's team never changes. One thread.

#include <map>
#include <set>
#include <string>

#include "base/ids.hpp"

namespace limehook::runtime {

class WebhookIndex {
 public:
  using Ids = std::set<WebhookId>;

  void add(WebhookId id, const std::string& team) {
    all_.insert(id);
    by_team_[team].insert(id);
  }
  void remove(WebhookId id, const std::string& team) {
    all_.erase(id);
    const auto found = by_team_.find(team);
    if (found == by_team_.end()) return;
    found->second.erase(id);
    if (found->second.empty()) by_team_.erase(found);
  }

  const Ids& all() const { return all_; }
  // Those that get this team's events only; of "" those that get every team's.
  const Ids& of(const std::string& team) const {
    static const Ids kNone;
    const auto found = by_team_.find(team);
    return found == by_team_.end() ? kNone : found->second;
  }
  // Teams that have some.
  const std::map<std::string, Ids>& by_team() const { return by_team_; }

 private:
  Ids all_;
  std::map<std::string, Ids> by_team_;
};

}  // namespace limehook::runtime
