#include "mail/mailer.hpp"

#include <gmock/gmock.h>

#include <future>

namespace limehook::mail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

Message message(std::string about) { return {.about = std::move(about), .from = "a@b.c", .to = {"d@e.f"}}; }

// A mail server that answers what it was told to, and keeps what it was given.
class Server {
 public:
  explicit Server(std::vector<Outcome> answers = {}) : answers_(std::move(answers)) {}

  HandOver hand_over() {
    return [this](const Message& given, const std::stop_token&) {
      std::unique_lock lock(mutex_);
      open_.wait(lock, [this] { return !closed_; });
      given_.push_back(given.about);
      const auto answer = given_.size() <= answers_.size() ? answers_[given_.size() - 1] : Outcome::Sent;
      changed_.notify_all();
      return Handover{answer, answer == Outcome::Sent ? "" : "no"};
    };
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    open_.notify_all();
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return given_.size() >= count; });
    return given_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable open_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::vector<Outcome> answers_;
  std::vector<std::string> given_;
};

bool becomes(const prometheus::Counter& counter, double value) {
  for (int i = 0; i < 10'000 && counter.Value() != value; ++i) std::this_thread::sleep_for(1ms);
  return counter.Value() == value;
}

class MailerTest : public testing::Test {
 protected:
  telemetry::Metrics metrics_;
};

TEST_F(MailerTest, SendsInOrder) {
  Server server;
  Mailer mailer({}, server.hand_over(), metrics_);
  for (const auto* about : {"1", "2", "3"}) mailer.send(message(about));
  EXPECT_THAT(server.wait_for(3), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(becomes(metrics_.mails_sent, 3));
}

TEST_F(MailerTest, TriesAgainUntilItSucceeds) {
  Server server({Outcome::Failed, Outcome::Failed});
  Mailer mailer({.pauses = {1ms, 1ms, 1ms}}, server.hand_over(), metrics_);
  mailer.send(message("1"));
  EXPECT_THAT(server.wait_for(3), ElementsAre("1", "1", "1"));
  EXPECT_TRUE(becomes(metrics_.mails_sent, 1));
  EXPECT_EQ(metrics_.mails_failed.Value(), 0);
}

TEST_F(MailerTest, GivesUpWhenThePausesAreUsedUp) {
  Server server({Outcome::Failed, Outcome::Failed});
  Mailer mailer({.pauses = {1ms}}, server.hand_over(), metrics_);
  mailer.send(message("1"));
  EXPECT_TRUE(becomes(metrics_.mails_failed, 1));
  EXPECT_THAT(server.wait_for(2), ElementsAre("1", "1"));
}

TEST_F(MailerTest, GivesUpAtOnceWhatIsRefused) {
  Server server({Outcome::Refused});
  Mailer mailer({}, server.hand_over(), metrics_);
  mailer.send(message("1"));
  mailer.send(message("2"));
  EXPECT_THAT(server.wait_for(2), ElementsAre("1", "2"));
  EXPECT_TRUE(becomes(metrics_.mails_failed, 1));
  EXPECT_TRUE(becomes(metrics_.mails_sent, 1));
}

// Goal: a message that waits for its next attempt holds up no other.
TEST_F(MailerTest, OthersOvertakeWhatWaits) {
  Server server({Outcome::Failed});
  Mailer mailer({.pauses = {std::chrono::hours(1)}}, server.hand_over(), metrics_);
  mailer.send(message("1"));
  server.wait_for(1);
  mailer.send(message("2"));
  EXPECT_THAT(server.wait_for(2), ElementsAre("1", "2"));
}

// Goal: the queue is bounded. Method: fill it while the server takes its time; the first of those that wait go.
TEST_F(MailerTest, DropsTheOldestOfTooMany) {
  Server server;
  server.close();
  Mailer mailer({.waiting_max = 2}, server.hand_over(), metrics_);
  for (const auto* about : {"1", "2", "3", "4", "5"}) mailer.send(message(about));
  server.open();
  // Whether "1" was taken before the others came is the threads' affair.
  const double dropped = metrics_.mails_failed.Value();
  EXPECT_TRUE(dropped == 2 || dropped == 3) << dropped;
  EXPECT_TRUE(becomes(metrics_.mails_sent, 5 - dropped));
  const auto given = server.wait_for(static_cast<std::size_t>(5 - dropped));
  EXPECT_THAT(std::vector(given.end() - 2, given.end()), ElementsAre("4", "5"));
}

// Goal: an end interrupts an attempt and every wait. Method: a server that only a stop brings to an end.
TEST_F(MailerTest, EndsAtOnce) {
  std::promise<void> begun;
  std::condition_variable_any never;
  auto mailer = std::make_unique<Mailer>(
      MailerOptions{.pauses = {std::chrono::hours(1)}},
      [&](const Message&, const std::stop_token& stop) {
        begun.set_value();
        std::mutex mutex;
        std::unique_lock lock(mutex);
        never.wait(lock, stop, [] { return false; });
        return Handover{Outcome::Failed, "stopped"};
      },
      metrics_);
  mailer->send(message("1"));
  begun.get_future().wait();
  mailer.reset();
  EXPECT_EQ(metrics_.mails_sent.Value(), 0);
}

}  // namespace
}  // namespace limehook::mail
