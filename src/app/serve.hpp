#pragma once
// The server: builds every object of the product, connects them and runs until it is told to stop.

#include "config/config.hpp"

namespace limehook {

// Blocks until SIGTERM or SIGINT, then drains. Answers the process' exit code; what went wrong has been printed.
// While it listens, DIR/limehook.address in the data folder holds its address.
int run_serve(const Config& config);

}  // namespace limehook
