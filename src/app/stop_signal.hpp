#pragma once

#include "base/time.hpp"

namespace limehook::app {

// Turns SIGINT and SIGTERM into something to wait for. Make it before any other thread, which then inherits that the
// signals do not interrupt it. One per process.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Waits until a signal comes or `limit` is over; answers whether one has come, now or earlier.
  bool wait_for(Duration limit);

 private:
  int descriptor_;
  bool stopped_ = false;
};

// For a child between fork and exec: signals act again as they do in a fresh process.
void restore_stop_signals();

}  // namespace limehook::app
