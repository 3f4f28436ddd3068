#pragma once
// Mistakes that can be planted between the core and the world, to show that the checks find them: what goes in and out
// is changed, lost, repeated or delayed. The auditor sees what really happened.

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "delivery/scheduler.hpp"
#include "sim/promises.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

enum class Planted : std::uint8_t {
  None,
  LosesDeliveries,
  AnswersBeforeCommit,
  LosesCommits,
  LosesAnswers,
  DropsAttempts,
  ForgetsOpenDelivery,
  OpensWhatEnded,
  RepeatsAttempts,
  MiscountsAttempts,
  ForgetsRetryAfter,
  LongerSchedule,
  MisreportsStatus,
  ResendsDelivered,
  MorePlaces,
  ForgetsRate,
  SlowBreaker,
  KeepsBodies,
  LosesDrained,
  MixesBodies,
  UsesOldVersion,
  ForgetsDisabled,
  StartsLate,
  FallsBackEarly,
  IgnoresDuplicates,
  LosesKeys,
  ForgetsOrder,
  ForgetsRetry,
  SkipsInRecovery,
  DisablesEarly,
  StoresTwice,
  LosesWatches,
  TimersLate,
  StoresOtherDueTimes,
  ForgetsHealth,
  MixesReasons,
  RecoversSkipped,
};

struct PlantedInfo {
  Planted planted;
  std::string_view name;
  Promise promise;  // that it must be found by
  int seeds_max;    // within so many
};
std::span<const PlantedInfo> planted_mistakes();

class Tamper {
 public:
  Tamper(Planted planted, Prng prng) : planted_(planted), prng_(prng) {}

  Planted planted() const { return planted_; }
  // What the core is built with; the auditor knows the true ones.
  delivery::SchedulerOptions options(delivery::SchedulerOptions options) const;
  Webhook loaded(Webhook webhook) const;
  bool loads(const store::OpenDelivery& delivery);
  bool loads_health() const { return planted_ != Planted::ForgetsHealth; }
  // What reaches the core; false: it never does.
  bool input(delivery::Input& input);
  // What comes of one output.
  std::vector<delivery::Output> output(delivery::Output output);
  // What the store is given; false: nothing.
  bool commits(store::WriteBatch& batch);
  Duration lateness() const { return planted_ == Planted::TimersLate ? std::chrono::minutes(3) : Duration(0); }

 private:
  bool is(Planted planted, double probability = 1) { return planted_ == planted && prng_.chance(probability); }
  void change(delivery::StartAttempt& start);

  const Planted planted_;
  Prng prng_;
  bool forgets_ = true;
  std::optional<DeliveryId> ended_;
  std::optional<delivery::StartAttempt> sent_;
  std::optional<delivery::StartAttempt> held_;
  std::map<WebhookId, WebhookPtr> first_versions_;
  std::vector<delivery::Output> due_;  // with the next output
};

}  // namespace limehook::sim
