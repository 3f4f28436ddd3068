#pragma once
// The tables (docs/data_model.md says why they are as they are) and how an older file becomes one of this version.

#include <expected>
#include <span>
#include <string>

#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Brings a store from version number - 1 to `number`. Never changed once released.
struct Migration {
  int number;
  const char* sql;
};

// Numbered from 1 without gaps.
std::span<const Migration> migrations();

// Applies what the file lacks, each migration in a transaction of its own, so that an interrupted upgrade goes on where
// it stopped. Refuses files of a newer version and databases that are not Limehook's, in words for the operator.
std::expected<void, std::string> migrate(Database& db, std::span<const Migration> steps);

// What is wrong with the file's version for a reader of version `current`; empty: nothing.
std::string version_problem(Database& db, int current);

}  // namespace limehook::store::sqlite
