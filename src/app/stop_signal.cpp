#include "app/stop_signal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace limehook::app {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

StopSignal::StopSignal() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC);
  LIMEHOOK_ASSERT(descriptor_ >= 0);
}

StopSignal::~StopSignal() { close(descriptor_); }

bool StopSignal::wait_for(Duration limit) {
  pollfd entry{descriptor_, POLLIN, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  if (!stopped_ && poll(&entry, 1, static_cast<int>(ms)) > 0) stopped_ = true;
  return stopped_;
}

void restore_stop_signals() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace limehook::app
