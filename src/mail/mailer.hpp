#pragma once
// The way out for e-mail: a bounded queue that a thread of its own works off, so that a slow mail server holds up
// nobody. Notices are news, not data: the queue is in memory, and what is in it when the process ends is gone.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "mail/message.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::mail {

enum class Outcome : std::uint8_t {
  Sent,     // the server has taken it
  Failed,   // not now; trying again may help
  Refused,  // the server will never take it
};

struct Handover {
  Outcome outcome{};
  std::string words;  // why not, in the words of the server or the network; for `Sent`: whom it did not take it for
};

// Hands one message to the mail server. Blocks; returns soon after a stop was requested. Never throws.
using HandOver = std::function<Handover(const Message&, const std::stop_token&)>;

struct MailerOptions {
  // Waits before the second attempt and the following ones; when they are used up the message is given up.
  std::vector<std::chrono::milliseconds> pauses{std::chrono::seconds(5), std::chrono::minutes(1),
                                                std::chrono::minutes(5), std::chrono::minutes(30)};
  std::size_t waiting_max = 1000;  // messages
};

class Mailer {
 public:
  // `hand_over` is called on the mailer's thread. `metrics` must outlive this.
  Mailer(MailerOptions options, HandOver hand_over, telemetry::Metrics& metrics);
  // Interrupts what runs; drops what waits, and says so in the log.
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  // Any thread; never blocks on the network. When too many wait, the one that is due first makes room: it is the oldest
  // unless it is waiting for another attempt.
  void send(Message message);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    Message message;
    std::size_t failures = 0;
  };

  void run(const std::stop_token& stop);
  void attempt(Waiting waiting, const std::stop_token& stop);
  void put(Clock::time_point due, Waiting waiting);
  void give_up(const Message& message, std::string_view why);

  const MailerOptions options_;
  const HandOver hand_over_;
  telemetry::Metrics& metrics_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::multimap<Clock::time_point, Waiting> waiting_;  // by when it is due; guarded by mutex_
  std::jthread thread_;                                // the last member: it uses the others
};

}  // namespace limehook::mail
