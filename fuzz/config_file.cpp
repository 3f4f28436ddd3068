// Property: any file of options gives a configuration within its bounds, or one sentence that names the file.

#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.hpp"
#include "config/load.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  // Options that name files would read the machine's.
  if (text.find("file") != std::string_view::npos || text.find("\\") != std::string_view::npos) return 0;
  const int file = memfd_create("options", 0);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  const auto name = "/proc/self/fd/" + std::to_string(file);
  const auto loaded = config::load_config({.flags = {{"config", {name}}}, .descriptors_max = 65'536});
  close(file);
  if (!loaded) {
    check(!loaded.error().empty() && loaded.error().find('\0') == std::string::npos, "an error is a sentence");
    return 0;
  }
  const Config& config = loaded->config;
  check(config.timeout >= limits::kAttemptTimeoutMin && config.timeout <= limits::kAttemptTimeoutMax, "the time limit");
  check(config.connect_timeout <= config.timeout, "connecting is part of an attempt");
  check(config.in_flight_max >= 1 && config.in_flight_max <= config.connections_max, "attempts need connections");
  check(!config.retry_schedule.empty() && config.retry_schedule.size() <= limits::kRetryStepsMax, "the schedule");
  return 0;
}
