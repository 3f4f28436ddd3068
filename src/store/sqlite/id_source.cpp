#include "store/sqlite/id_source.hpp"

#include <algorithm>
#include <utility>

namespace limehook::store::sqlite {

IdSource::IdSource(Database& db, Access access, IdRange range) : db_(db), access_(std::move(access)), range_(range) {
  if (!access_.kind && !access_.type) {
    walk_.emplace(access_.walk(range_));
    return;
  }
  const std::int64_t tail = indexed_through(db_) + 1;
  walk_.emplace(access_.walk(cut(tail, range_.high)));
  segments_.emplace(segments_between(db_, range_.low, std::min(range_.high, tail)));
}

IdRange IdSource::cut(std::int64_t low, std::int64_t high) const {
  return {std::max(range_.low, low), std::min(range_.high, high)};
}

std::optional<std::int64_t> IdSource::next() {
  while (true) {
    if (walk_) {
      if (walk_->next()) return (*walk_)->integer(0);
      walk_.reset();
    }
    while (!found_.empty()) {
      const std::int64_t id = found_.back();
      found_.pop_back();
      if (id >= range_.low && id < range_.high) return id;
    }
    if (!segments_ || !segments_->next()) return std::nullopt;
    enter(read_segment(**segments_));
  }
}

void IdSource::enter(const LogSegment& segment) {
  if (access_.type && (segment.*access_.types >> static_cast<unsigned>(*access_.type) & 1U) == 0) return;
  if (access_.kind) {
    found_ = find_entries(db_, segment, *access_.kind, access_.key);
  } else {
    walk_.emplace(access_.walk(cut(segment.first_id, segment.last_id + 1)));
  }
}

}  // namespace limehook::store::sqlite
