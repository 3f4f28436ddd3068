#pragma once
// Those who use the process: the platform that sends events, and operators who manage webhooks, retry and recover. They
// act at random moments on what they saw a moment ago.

#include "sim/process.hpp"

namespace limehook::sim {

class People {
 public:
  People(World world, Process& process, Prng prng);

  // Goes on acting until `end`.
  void act_until(MonotonicTime end);
  // An event that has to be accepted.
  void send_probe();

 private:
  void act();
  Deed draw_deed();
  void do_deed(Deed deed);
  void send_events();
  void create_webhook();
  void change_webhook();
  void delete_webhook();
  void test_webhook();
  void retry_delivery();
  void skip_delivery();
  void start_recovery();
  void cancel_recovery();
  void save_key();
  void save_statistics();
  void watch_webhook();

  EventDraft draft();
  std::string draw_team();
  void vary(Webhook& webhook);
  void vary_secret(Webhook& webhook);
  void vary_target(Webhook& webhook);
  WebhookPtr some_webhook();
  // The time between what somebody read and what the core hears of it.
  void soon(Timeline::Action action);
  // Gives the input to the core, if the process is up.
  template <class Input>
  void submit(Input input);

  World w_;
  Process& process_;
  Prng prng_;
  std::vector<EventDraft> samples_;
  MonotonicTime end_{};
  delivery::Ticket last_ticket_ = 0;
  int last_event_ = 0;
};

}  // namespace limehook::sim
