#pragma once
// Files that fail on command, until they are healed.

#include <string>

#include "observed_vfs.hpp"

namespace limehook::store {

// From the operation number `after` + 1 on, counted from now, `operation` on files whose names end in `suffix` fails
// with the SQLite result `code`, and errno as given: at most `times` of them.
void fail_file_operations(FileOperation operation, const std::string& suffix, int after, int code,
                          int times = 1'000'000'000, int system_error = 0);
// All operations work again. Answers whether one was made to fail.
bool heal_file_operations();

}  // namespace limehook::store
