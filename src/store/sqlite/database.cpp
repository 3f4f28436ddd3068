#include "store/sqlite/database.hpp"

#include <utility>

namespace limehook::store::sqlite {
namespace {

[[noreturn]] void fail(sqlite3* db) {
  throw SqliteError(sqlite3_extended_errcode(db), std::string("SQLite: ") + sqlite3_errmsg(db));
}

// SQLite's count of its memory costs a lock for every allocation, and nobody reads it.
void configure_library() { [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// As a file: URI (RFC 8089), in which these have a meaning of their own.
std::string uri_of(const std::string& file) {
  std::string uri = "file:";
  for (const char c : file) {
    if (c == '%') uri += "%25";
    else if (c == '?') uri += "%3f";
    else if (c == '#') uri += "%23";
    else uri += c;
  }
  return uri;
}

}  // namespace

Statement::Statement(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) fail(db);
  statement_.reset(statement);
}

bool Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      fail(sqlite3_db_handle(statement_.get()));
  }
}

void Statement::reset() noexcept { sqlite3_reset(statement_.get()); }

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  return data ? std::string_view(static_cast<const char*>(data),
                                 static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
              : std::string_view();
}

std::optional<WallTime> Statement::optional_time(int column) const {
  return is_null(column) ? std::nullopt : std::optional(time(column));
}

// A null pointer would store NULL, which an empty view may hold.
void Statement::bind_value(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_value(int index, Blob blob) {
  sqlite3_bind_blob64(statement_.get(), index, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                      SQLITE_STATIC);
}

Database::Database(const std::string& file, OpenMode mode) {
  configure_library();
  sqlite3* db = nullptr;
  const bool reads_only = mode == OpenMode::Unchanging || mode == OpenMode::Unlocked;
  const int flags = SQLITE_OPEN_NOMUTEX | (reads_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (mode == OpenMode::Create ? SQLITE_OPEN_CREATE : 0) |
                    (mode == OpenMode::Unchanging ? SQLITE_OPEN_URI : 0);
  const std::string name = mode == OpenMode::Unchanging ? uri_of(file) + "?immutable=1" : file;
  const int code = sqlite3_open_v2(name.c_str(), &db, flags, mode == OpenMode::Unlocked ? "unix-none" : nullptr);
  handle_.reset(db);
  if (code != SQLITE_OK) {
    throw SqliteError(code, "cannot open " + file + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
  }
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  if (mode == OpenMode::Unlocked) script("PRAGMA locking_mode=EXCLUSIVE");  // the log's index is in this process then
}

Statement& Database::prepared(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  return statements_.emplace(sql, Statement(handle_.get(), sql)).first->second;
}

void Database::script(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_.get());
}

void Database::leave_log_at_close() { sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

sqlite3_file* Database::log_file() const {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  return log && log->pMethods ? log : nullptr;
}

bool Cells::seek(std::int64_t row) {
  int code = SQLITE_OK;
  if (blob_) {
    code = sqlite3_blob_reopen(blob_.get(), row);
  } else {
    sqlite3_blob* blob = nullptr;
    code = sqlite3_blob_open(db_.handle(), "main", table_, column_, row, 1, &blob);
    blob_.reset(blob);
  }
  if (code == SQLITE_OK) return true;
  blob_.reset();  // after a failure it is of no use
  if (code == SQLITE_ERROR) return false;
  fail(db_.handle());
}

void Cells::read(std::span<char> bytes) {
  if (sqlite3_blob_read(blob_.get(), bytes.data(), static_cast<int>(bytes.size()), 0) != SQLITE_OK) fail(db_.handle());
}

void Cells::write(std::string_view bytes) {
  if (sqlite3_blob_write(blob_.get(), bytes.data(), static_cast<int>(bytes.size()), 0) != SQLITE_OK) {
    fail(db_.handle());
  }
}

Transaction::Transaction(Database& db, Kind kind) : db_(db) {
  if (kind == Kind::Write) {
    db_.run("BEGIN IMMEDIATE");
  } else {
    db_.run("BEGIN");
  }
}

Transaction::~Transaction() {
  // What fails here left no transaction to roll back.
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() { db_.run("COMMIT"); }

}  // namespace limehook::store::sqlite
