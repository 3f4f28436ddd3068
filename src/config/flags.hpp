#pragma once
// The server's options as command line flags.

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "config/options.hpp"

namespace limehook::config {

// Adds --config and a flag for every option of the table.
void add_flags(CLI::App& command);

// What was given on the command line, for Sources::flags. Call after parsing.
std::map<std::string, std::vector<std::string>, std::less<>> given_flags(const CLI::App& command);

}  // namespace limehook::config
