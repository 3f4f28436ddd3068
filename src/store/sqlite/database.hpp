#pragma once
// A thin owner of one SQLite connection and its prepared statements. A connection and everything made from it belong
// to one thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace limehook::store::sqlite {

// Never leaves the store: commit() makes a CommitResult of it, reads make a StoreError of it.
struct SqliteError : std::runtime_error {
  SqliteError(int code_, const std::string& text) : std::runtime_error(text), code(code_) {}
  int code;  // extended result code
};

// Bytes that are not text: may hold zero bytes and invalid UTF-8.
struct Blob {
  std::string_view bytes;
};

class Statement {
 public:
  Statement(sqlite3* db, const char* sql);

  // Text and blobs are bound by reference: they must live until the last step.
  template <class... Args>
  void bind(const Args&... args) {
    int index = 0;
    (bind_one(++index, args), ...);
  }
  // Is there a (further) row?
  bool step();
  void reset() noexcept;

  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  int small(int column) const { return sqlite3_column_int(statement_.get(), column); }
  // Valid until the next step or reset.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }
  WallTime time(int column) const { return from_us(integer(column)); }
  std::optional<WallTime> optional_time(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  template <class T>
  void bind_one(int index, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else {
      bind_value(index, value);
    }
  }
  template <class Tag>
  void bind_value(int index, const Id<Tag>& id) {
    bind_integer(index, id.value);
  }
  void bind_value(int index, WallTime t) { bind_integer(index, to_us(t)); }
  void bind_value(int index, std::string_view text);
  void bind_value(int index, Blob blob);
  template <class T>
  void bind_value(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      sqlite3_bind_null(statement_.get(), index);
    }
  }
  void bind_integer(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One use of a prepared statement; gives it back at the end.
class Rows {
 public:
  template <class... Args>
  explicit Rows(Statement& statement, const Args&... args) : statement_(&statement) {
    statement_->bind(args...);
  }
  Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  Rows& operator=(Rows&&) = delete;
  ~Rows() {
    if (statement_) statement_->reset();
  }
  bool next() { return statement_->step(); }
  const Statement* operator->() const { return statement_; }
  const Statement& operator*() const { return *statement_; }

 private:
  Statement* statement_;
};

inline constexpr int kBusyTimeoutMs = 10'000;  // for other connections' locks

enum class OpenMode : std::uint8_t {
  Create,
  Existing,
  Unchanging,  // to read, where nobody writes: takes no locks and looks for no write-ahead log
  Unlocked,    // to read, where nobody writes: takes no locks, needs no shared memory for the write-ahead log
};

class Database {
 public:
  Database(const std::string& file, OpenMode mode);

  // `sql` must be a literal: its address is the statement's name. A statement serves one use at a time.
  Statement& prepared(const char* sql);

  // Reads: text and blobs must outlive the rows.
  template <class... Args>
  Rows query(const char* sql, const Args&... args) {
    return Rows(prepared(sql), args...);
  }
  // Writes: runs to the end.
  template <class... Args>
  void run(const char* sql, const Args&... args) {
    Rows rows(prepared(sql), args...);
    while (rows.next()) {
    }
  }
  // Several statements without arguments, not kept.
  void script(const std::string& sql);
  // The first column of the first row, 0 without one.
  template <class... Args>
  std::int64_t number(const char* sql, const Args&... args) {
    Rows rows(prepared(sql), args...);
    return rows.next() ? rows->integer(0) : 0;
  }

  // The last connection to be closed leaves the write-ahead log as it is, instead of moving and removing it.
  void leave_log_at_close();

  // The write-ahead log; null while there is none.
  sqlite3_file* log_file() const;

  int changes() const { return sqlite3_changes(handle_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<const char*, Statement> statements_;
};

// The blobs of one column, overwritten in place: each keeps its size. Used within one transaction, which must not be
// committed while this lives. One thread.
class Cells {
 public:
  // `table` and `column` are literals; nothing happens before the first seek().
  Cells(Database& db, const char* table, const char* column) : db_(db), table_(table), column_(column) {}

  // To the row with this id; false when there is none.
  bool seek(std::int64_t row);
  // The first bytes of the row's blob.
  void read(std::span<char> bytes);
  void write(std::string_view bytes);

 private:
  struct Close {
    void operator()(sqlite3_blob* blob) const { sqlite3_blob_close(blob); }
  };
  Database& db_;
  const char* table_;
  const char* column_;
  std::unique_ptr<sqlite3_blob, Close> blob_;
};

// A transaction that is rolled back unless it was committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t { Read, Write };
  Transaction(Database& db, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& db_;
};

}  // namespace limehook::store::sqlite
