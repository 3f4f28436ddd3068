#pragma once
// Whose turn it is to start an attempt: teams in turn, and within a team its targets in turn, so that neither a team
// with a million deliveries nor one with a thousand webhooks delays another's single one. Owns nothing.

#include <deque>
#include <utility>

#include "delivery/target.hpp"

namespace limehook::delivery {

class Turns {
 public:
  bool empty() const { return teams_.empty(); }
  void add(Target& target) {
    if (std::exchange(target.queued, true)) return;
    TeamSlot& team = *target.slot.team;
    team.turns.push_back(&target);
    if (!std::exchange(team.queued, true)) teams_.push_back(&team);
  }
  TeamSlot& next_team() const { return *teams_.front(); }
  // The team's turn is over; it comes again when it has more.
  void pass_team() {
    TeamSlot& team = *teams_.front();
    teams_.pop_front();
    team.queued = !team.turns.empty();
    if (team.queued) teams_.push_back(&team);
  }
  // Takes the next target out of the team whose turn it is.
  Target& take() {
    TeamSlot& team = *teams_.front();
    Target& target = *team.turns.front();
    team.turns.pop_front();
    target.queued = false;
    return target;
  }

  // A target that may start something but finds no place, and the team whose turn it is likewise: both wait aside.
  void rest(Target& target) {
    target.queued = true;
    resting_.push_back(&target);
  }
  void rest_team() {
    resting_teams_.push_back(teams_.front());
    teams_.pop_front();
  }
  // Null when none rests.
  Target* take_resting() {
    if (resting_.empty()) return nullptr;
    Target* target = resting_.front();
    resting_.pop_front();
    target->queued = false;
    return target;
  }
  void wake_team() {
    if (resting_teams_.empty()) return;
    teams_.push_back(resting_teams_.front());
    resting_teams_.pop_front();
  }

 private:
  std::deque<TeamSlot*> teams_;
  std::deque<Target*> resting_;
  std::deque<TeamSlot*> resting_teams_;  // their turns go on; they stay marked as queued
};

}  // namespace limehook::delivery
