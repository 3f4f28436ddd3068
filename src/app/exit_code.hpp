#pragma once

namespace limehook::app {

// What the process ends with. Scripts rely on the numbers; `--help` documents them.
enum class ExitCode {
  Ok = 0,
  Failed = 1,       // the server refused, a check failed, the server could not go on
  Usage = 2,        // a flag, a variable or a file is wrong
  Unreachable = 3,  // no answer from the server
};

inline constexpr const char* kExitCodesHelp =
    "Exit codes: 0 done, 1 the server refused or a check failed, 2 wrong usage, 3 the server cannot be reached.";

}  // namespace limehook::app
