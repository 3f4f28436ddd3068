#pragma once
// A file system for SQLite that fails on command: everything goes to the real one until a chosen operation on a chosen
// file comes up. Becomes the process's default on first use.

#include <string>

namespace limehook::store {

enum class FileOperation { Write, Sync };

// From the operation number `after` + 1 on, counted from now, `operation` on files whose names end in `suffix` fails
// with the SQLite result `code`.
void fail_file_operations(FileOperation operation, const std::string& suffix, int after, int code);
// All operations work again. Answers whether one was made to fail.
bool heal_file_operations();

}  // namespace limehook::store
