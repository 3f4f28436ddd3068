#include "store/sqlite/key_migration.hpp"

#include <algorithm>

#include "store/idempotency.hpp"

namespace limehook::store::sqlite {
namespace {

std::string_view bytes_of(sqlite3_value* value) {
  const auto* const begin = static_cast<const char*>(sqlite3_value_blob(value));
  return begin ? std::string_view(begin, static_cast<std::size_t>(sqlite3_value_bytes(value))) : std::string_view();
}

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

void answer(sqlite3_context* context, const std::string& bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

// The caller's key in a stored one; a caller's key has no zero byte.
std::string_view own_key(std::string_view stored) { return stored.substr(stored.rfind('\0') + 1); }

void key_of_event(sqlite3_context* context, int, sqlite3_value** arguments) {
  answer(context, stored_key(bytes_of(arguments[1]), own_key(bytes_of(arguments[0]))));
}

void key_of_item(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto key = own_key(bytes_of(arguments[0]));
  const auto mark = key.rfind('#');
  const bool has_place = mark != std::string_view::npos && mark > 0 && mark + 1 < key.size() &&
                         std::ranges::all_of(key.substr(mark + 1), [](char c) { return c >= '0' && c <= '9'; });
  if (!has_place || is_null(arguments[2])) return sqlite3_result_null(context);
  const std::string item = item_key(key.substr(0, mark), fingerprint_of(bytes_of(arguments[2])));
  answer(context, stored_key(bytes_of(arguments[1]), item));
}

void add_function(Database& db, const char* name, int arguments,
                  void (*function)(sqlite3_context*, int, sqlite3_value**)) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
  const int code =
      sqlite3_create_function_v2(db.handle(), name, arguments, kFlags, nullptr, function, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw SqliteError(code, sqlite3_errmsg(db.handle()));
}

}  // namespace

void add_key_functions(Database& db) {
  add_function(db, "key_of_event", 2, &key_of_event);
  add_function(db, "key_of_item", 3, &key_of_item);
}

}  // namespace limehook::store::sqlite
