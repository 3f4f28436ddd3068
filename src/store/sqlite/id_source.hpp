#pragma once
// Ids of rows that may pass a query's filters, from the newest down: the walk over the tail that is not indexed yet,
// then the segments of the log index.

#include <functional>
#include <optional>
#include <vector>

#include "model/event.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"

namespace limehook::store::sqlite {

struct IdRange {
  std::int64_t low = 1;   // included
  std::int64_t high = 0;  // not included
};

// How to find the rows of one query.
struct Access {
  // Ids in a range in descending order, by a statement that filters what it cheaply can.
  std::function<Rows(IdRange)> walk;
  // Where the log index has them; nothing: segments are walked like the tail.
  std::optional<LogKind> kind;
  std::uint64_t key = 0;
  // Segments without this type are passed over.
  std::optional<EventType> type;
  unsigned LogSegment::* types = nullptr;
};

class IdSource {
 public:
  IdSource(Database& db, Access access, IdRange range);
  std::optional<std::int64_t> next();

 private:
  void enter(const LogSegment& segment);
  IdRange cut(std::int64_t low, std::int64_t high) const;

  Database& db_;
  Access access_;
  IdRange range_;
  std::optional<Rows> walk_;
  std::optional<Rows> segments_;
  std::vector<std::int64_t> found_;  // ascending
};

}  // namespace limehook::store::sqlite
