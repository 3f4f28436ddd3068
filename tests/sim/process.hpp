#pragma once
// The simulated process: drives the core as runtime::Engine does, on simulated time, with a store that is slow, full or
// failing, and dies at any output. What it had in memory is then gone; the store and the receivers stay.

#include <optional>

#include "sim/auditor.hpp"
#include "sim/tamper.hpp"

namespace limehook::sim {

// What the process works with; all outlive it.
struct World {
  Scenario& scenario;
  Timeline& timeline;
  store::MemoryStore& store;
  Receivers& receivers;
  Auditor& auditor;
  Marks& marks;
  Trace& trace;
  Tamper& tamper;
};

class Process {
 public:
  Process(World world, Prng prng) : w_(world), store_prng_(prng.split()), crash_prng_(prng.split()) {}

  // Null while the process is down.
  const delivery::Scheduler* core() const { return core_ ? &*core_ : nullptr; }
  void start();
  // Grows with every crash: what was asked of an earlier life gets no answer.
  int life() const { return life_; }
  // Gives the core an input, if the process is up.
  void handle(delivery::Input input);
  void watch(WebhookId webhook);
  void unwatch(WebhookId webhook);
  // Ends the process as a signal would: it finishes what runs, for a limited time.
  void drain();
  bool drained() const { return drained_; }
  // Builds a second core from the store, if all is stored, and lets the auditor compare the two.
  void compare_with_rebuilt();
  // Checks that nothing is left to do.
  void finish() { w_.auditor.finish(*core_, w_.receivers); }

 private:
  // `action` belongs to this life of the process.
  void later(Duration delay, Timeline::Action action);
  void schedule_pump();
  void pump();
  // Answers whether the process has died of it.
  bool execute_or_crash(delivery::Output&& output);
  void arm_timer();
  void fire_timer();
  void crash();
  void commit(store::CommitStatus status);
  void load(delivery::Scheduler& core) const;
  Duration read_time() { return between(store_prng_, Duration(100), w_.scenario.read_latency_max); }
  void load_bodies(std::vector<DeliveryId> wanted);

  void execute(delivery::PersistBatch&& output);
  void execute(delivery::StartAttempt&& output);
  void execute(delivery::BodiesWanted&& output);
  void execute(delivery::OpenWanted&& output);
  void execute(delivery::RecoveryStepWanted&& output);
  void execute(delivery::Notice&& output);
  void execute(delivery::MailDue&&) { w_.marks.hit("mail"); }
  void execute(delivery::Drained&& output);
  template <class Other>
  void execute(Other&& output);

  World w_;
  Prng store_prng_;
  Prng crash_prng_;
  std::optional<delivery::Scheduler> core_;
  int life_ = 0;
  bool pump_scheduled_ = false;
  bool drained_ = false;
  std::optional<MonotonicTime> armed_;
  std::optional<store::WriteBatch> committing_;
  store::CommitStatus committing_status_{};
};

}  // namespace limehook::sim
