#pragma once
// A newcomer's first minute: a server, a receiver and the phone events of a small business, all on this machine.
//
// The server is a child process (`limehook serve`) with a store in the demo's folder; the receiver is part of this
// process; events go in through the HTTP API like anybody's. Everything may be killed at any moment: the next run
// compares its own ledger of accepted events with the server's log and says what it finds.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "app/exit_code.hpp"
#include "base/time.hpp"

namespace limehook::app {

struct DemoOptions {
  std::filesystem::path data = "./demo-data";
  std::string listen = "127.0.0.1:8080";
  std::string admin_key;  // empty: the one of the run before, or a new one
  std::string retry_schedule = "5s,10s,20s,30s";
  double rate = 3;                    // events per second
  std::optional<std::uint64_t> seed;  // nothing: from the clock
  std::optional<Duration> length;     // nothing: until Ctrl-C
};

ExitCode run_demo(const DemoOptions& options);

}  // namespace limehook::app
