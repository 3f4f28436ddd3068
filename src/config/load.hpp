#pragma once
// Makes a Config from flags, the environment and a file; the first of these that names an option decides it.

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace limehook::config {

// What was found outside, as text. Nothing in here is checked yet.
struct Sources {
  // By option name ("allow-net"); switches have "true" or "false". "config" names the file.
  std::map<std::string, std::vector<std::string>, std::less<>> flags;
  // The LIMEHOOK_* variables, by their whole names. Empty values count as not set. LIMEHOOK_CONFIG names the file.
  std::map<std::string, std::string, std::less<>> variables;
  std::size_t descriptors_max = 1024;  // files and sockets that this process may open
};

struct Loaded {
  Config config;
  std::vector<std::string> warnings;  // sentences for the log: variables that nothing reads
};

// Reads the file, and nothing else, from disk. The error is one sentence that names the flag, the variable or the
// file's line that is wrong, and what is expected there.
std::expected<Loaded, std::string> load_config(const Sources& sources);

// The LIMEHOOK_* part of an environment in the form of environ(7).
std::map<std::string, std::string, std::less<>> limehook_variables(const char* const* environment);

}  // namespace limehook::config
