#include "store/sqlite/id_source.hpp"

#include <algorithm>
#include <utility>

namespace limehook::store::sqlite {
namespace {

// What a look into a segment counts for: a page of the file that nobody else may need.
constexpr std::size_t kBucketCost = 16;

}  // namespace

IdSource::IdSource(Database& db, Access access, std::vector<std::int64_t> tail, IdRange range, std::size_t rows_max)
    : db_(db), access_(std::move(access)), range_(range), rows_max_(rows_max), position_(range.high) {
  if (!access_.key && !access_.type) {
    start_walk(range_);
    return;
  }
  const std::int64_t tail_low = indexed_through(db_) + 1;
  if (access_.key) {
    enter_tail(std::move(tail), tail_low);
  } else {
    start_walk(cut(tail_low, range_.high));
  }
  segments_.emplace(segments_between(db_, range_.low, std::min(range_.high, tail_low)));
}

IdRange IdSource::cut(std::int64_t low, std::int64_t high) const {
  return {std::max(range_.low, low), std::min(range_.high, high)};
}

std::optional<std::int64_t> IdSource::next() {
  while (position_ > range_.low && !spent()) {
    std::optional<std::int64_t> id;
    if (walk_) {
      id = step_walk();
    } else if (!found_.empty()) {
      id = step_found();
    } else if (!enter_segment()) {
      position_ = range_.low;
    }
    if (id) return id;
  }
  return std::nullopt;
}

void IdSource::enter_tail(std::vector<std::int64_t> tail, std::int64_t low) {
  if (low >= range_.high) return;
  floor_ = std::max(range_.low, low);
  found_ = std::move(tail);
  // A segment may have got them since.
  std::erase_if(found_, [&](std::int64_t id) { return id < floor_; });
  settle();
}

void IdSource::start_walk(IdRange range) {
  floor_ = range.low;
  walk_.emplace(access_.walk(range));
}

std::optional<std::int64_t> IdSource::step_walk() {
  if (!walk_->next()) {
    walk_.reset();
    position_ = std::min(position_, floor_);
    return std::nullopt;
  }
  ++examined_;
  position_ = (*walk_)->integer(0);
  return (*walk_)->small(1) != 0 ? std::optional(position_) : std::nullopt;
}

// Answers whether there was one.
bool IdSource::enter_segment() {
  if (access_.newest_in) {
    ++examined_;
    const std::int64_t newest = access_.newest_in({range_.low, position_});
    if (newest == 0) return false;
    position_ = newest + 1;
  }
  while (segments_ && segments_->next()) {
    ++examined_;
    const LogSegment segment = read_segment(**segments_);
    if (segment.first_id >= position_) continue;
    floor_ = std::max(range_.low, segment.first_id);
    if (access_.type && (segment.*access_.types >> static_cast<unsigned>(*access_.type) & 1U) == 0) {
      position_ = floor_;
    } else if (access_.key) {
      find_in(segment);
    } else {
      start_walk(cut(segment.first_id, segment.last_id + 1));
    }
    return true;
  }
  return false;
}

void IdSource::find_in(const LogSegment& segment) {
  examined_ += kBucketCost;
  found_ = find_entries(db_, segment, access_.key->kind, access_.key->key);
  std::erase_if(found_, [&](std::int64_t id) { return id < floor_ || id >= position_; });
  settle();
}

std::optional<std::int64_t> IdSource::step_found() {
  ++examined_;
  const std::int64_t id = found_.back();
  const std::int64_t passing = access_.newest_in ? access_.newest_in({found_.front(), id + 1}) : id;
  found_.pop_back();
  while (!found_.empty() && found_.back() > passing) found_.pop_back();
  settle();
  return passing == id ? std::optional(id) : std::nullopt;
}

}  // namespace limehook::store::sqlite
