#include "app/demo_receiver.hpp"

#include <charconv>

namespace limehook::app {
namespace {

using Kind = ReceiverReply::Kind;

int number_in(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Enough to notice repetitions during a demo.
constexpr std::size_t kIdsMax = 1'000'000;

}  // namespace

void DemoReceiver::set_secret(const std::string& path, const std::string& secret) {
  const std::lock_guard lock(mutex_);
  secrets_[path] = secret;
}

void DemoReceiver::stop_failing() {
  const std::lock_guard lock(mutex_);
  failing_ = false;
}

DemoReceiver::Counts DemoReceiver::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

ReceiverReply DemoReceiver::handle(const ReceivedRequest& request, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto secret = secrets_.find(request.target);
  if (secret == secrets_.end()) return {Kind::Answer, 503, {{"Retry-After", "2"}}, "not set up yet\n", {}};
  if (const auto problem = signature_problem(request, {.secret = secret->second}, now)) {
    ++counts_.refused;
    return {Kind::Answer, 401, {}, *problem + "\n", {}};
  }
  auto reply = choose_reply(number_in(request.header("X-LimeCall-Attempt")));
  if (reply.kind == Kind::Answer && reply.status == 200) {
    ++counts_.acknowledged;
    if (acknowledged_ids_.size() >= kIdsMax) acknowledged_ids_.clear();
    if (!acknowledged_ids_.insert(std::string(request.header("webhook-id"))).second) ++counts_.repeated;
  }
  return reply;
}

// First attempts fail one time in ten, each in one of the ways that receivers have; second ones one time in five, so
// that later steps of the schedule are seen too; third ones succeed.
ReceiverReply DemoReceiver::choose_reply(int attempt) {
  const auto dice = prng_.below(100);
  const Duration delay(prng_.between(8'000, 120'000));
  if (failing_ && attempt == 1) {
    if (dice < 4) return {Kind::Answer, 500, {}, "the database is asleep\n", delay};
    if (dice < 6) return {Kind::Answer, 503, {{"Retry-After", "3"}}, "busy, come back in 3 seconds\n", delay};
    if (dice < 8) return {Kind::Hang, 0, {}, "", {}};
    if (dice < 10) return {Kind::Reset, 0, {}, "", {}};
  }
  if (failing_ && attempt == 2 && dice < 20) return {Kind::Answer, 502, {}, "bad gateway\n", delay};
  return {Kind::Answer, 200, {{"Content-Type", "text/plain"}}, "ok\n", delay};
}

}  // namespace limehook::app
