#pragma once
// Ids of rows that may pass a query's filters, from the newest down: those of the log index's tail, then its segments,
// or a walk over the rows. A source examines so many rows only; position() says where another one goes on.

#include <functional>
#include <optional>
#include <vector>

#include "model/event.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"

namespace limehook::store::sqlite {

// How to find the rows of one query.
struct Access {
  // Where the log index has them; nothing: they are walked.
  std::optional<LogKey> key;
  // Rows in a range in descending order: the id, and whether it passes what is cheaply checked. What the statement
  // leaves out by itself must cost nothing.
  std::function<Rows(IdRange)> walk;
  // Segments without this type are passed over.
  std::optional<EventType> type;
  unsigned LogSegment::* types = nullptr;
  // If set, an index of its own knows the rows that pass another filter: the largest id in a range, 0 without one. What
  // the log index finds is intersected with it by leaps from one to the other, so that the rarer of the two properties
  // says what it costs.
  std::function<std::int64_t(IdRange)> newest_in;
};

class IdSource {
 public:
  // `tail`: what TailIndex finds for the access's key in the range, taken before the read transaction began.
  IdSource(Database& db, Access access, std::vector<std::int64_t> tail, IdRange range, std::size_t rows_max);

  // Nothing: all has been found, or as many rows examined as may be.
  std::optional<std::int64_t> next();
  // Rows with this id and above have been dealt with; 0: all of them.
  std::int64_t position() const { return position_ > range_.low ? position_ : 0; }

 private:
  IdRange cut(std::int64_t low, std::int64_t high) const;
  bool spent() const { return examined_ >= rows_max_ && position_ < range_.high; }
  void start_walk(IdRange range);
  std::optional<std::int64_t> step_walk();
  void enter_tail(std::vector<std::int64_t> tail, std::int64_t low);
  bool enter_segment();
  void find_in(const LogSegment& segment);
  std::optional<std::int64_t> step_found();
  void settle() { position_ = found_.empty() ? floor_ : found_.back() + 1; }

  Database& db_;
  Access access_;
  IdRange range_;
  std::size_t rows_max_;
  std::size_t examined_ = 0;
  std::int64_t position_;
  std::int64_t floor_ = 0;  // where the present walk, the tail or the present segment ends
  std::optional<Rows> walk_;
  std::optional<Rows> segments_;
  std::vector<std::int64_t> found_;  // in the tail or the present segment; ascending
};

}  // namespace limehook::store::sqlite
