#include "mail/mailer.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace limehook::mail {

Mailer::Mailer(MailerOptions options, HandOver hand_over, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      hand_over_(std::move(hand_over)),
      metrics_(metrics),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Mailer::~Mailer() {
  thread_.request_stop();
  thread_.join();
  if (!waiting_.empty()) spdlog::warn("{} e-mails that were not sent yet are dropped.", waiting_.size());
}

void Mailer::send(Message message) { put(Clock::now(), {std::move(message)}); }

void Mailer::put(Clock::time_point due, Waiting waiting) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= options_.waiting_max) {
      give_up(waiting_.begin()->second.message, "too many are waiting");
      waiting_.erase(waiting_.begin());
    }
    waiting_.emplace(due, std::move(waiting));
  }
  wake_.notify_one();
}

void Mailer::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (waiting_.empty()) {
      wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
      continue;
    }
    const auto due = waiting_.begin()->first;
    if (due > Clock::now()) {
      wake_.wait_until(lock, stop, due, [&] { return waiting_.begin()->first < due; });
      continue;
    }
    auto first = waiting_.extract(waiting_.begin());
    lock.unlock();
    attempt(std::move(first.mapped()), stop);
    lock.lock();
  }
}

void Mailer::attempt(Waiting waiting, const std::stop_token& stop) {
  const auto [outcome, words] = hand_over_(waiting.message, stop);
  if (outcome == Outcome::Sent) {
    metrics_.mails_sent.Increment();
    if (words.empty()) spdlog::debug("The e-mail about {} was sent.", waiting.message.about);
    else spdlog::warn("The e-mail about {} was sent, but not to all: {}", waiting.message.about, words);
    return;
  }
  if (outcome == Outcome::Refused || waiting.failures >= options_.pauses.size()) {
    give_up(waiting.message, words);
    return;
  }
  const auto pause = options_.pauses[waiting.failures++];
  if (!stop.stop_requested()) {
    spdlog::warn("The e-mail about {} was not sent, and is tried again in {}: {}", waiting.message.about,
                 format_duration(pause), words);
  }
  put(Clock::now() + pause, std::move(waiting));
}

void Mailer::give_up(const Message& message, std::string_view why) {
  metrics_.mails_failed.Increment();
  spdlog::error("The e-mail about {} was not sent and is given up: {}", message.about, why);
}

}  // namespace limehook::mail
