#pragma once
// Process logs: readable lines on a terminal, JSON lines elsewhere. Payloads, secrets and tokens never get here.

#include <spdlog/spdlog.h>

#include <string>

namespace limehook::telemetry {

enum class LogStyle { Text, Json };

// Sets up spdlog's default logger on standard error; call once, before other threads log.
void start_logging(spdlog::level::level_enum level, LogStyle style);

}  // namespace limehook::telemetry
