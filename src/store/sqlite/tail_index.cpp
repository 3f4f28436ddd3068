#include "store/sqlite/tail_index.hpp"

#include <algorithm>
#include <utility>

namespace limehook::store::sqlite {
namespace {

constexpr std::size_t kListCapacity = 64;  // of a list with its first entry

}  // namespace

void EntryList::append(std::span<const LogEntry> added) {
  if (added.size() > capacity_ - size_) {
    // Views keep the old memory.
    capacity_ = std::max({kListCapacity, capacity_ * 2, size_ + added.size()});
    auto larger = std::make_shared_for_overwrite<LogEntry[]>(capacity_);
    std::copy_n(entries_.get(), size_, larger.get());
    entries_ = std::move(larger);
  }
  std::ranges::copy(added, entries_.get() + size_);
  size_ += added.size();
}

TailIndex::TailIndex(std::int64_t through, std::size_t part_rows) : part_rows_(part_rows), through_(through) {
  add_part();
}

void TailIndex::add_part() {
  parts_.emplace_back();
  parts_.back().segment.first_id = through_ + 1;
}

void TailIndex::append(const LogEntries& entries) {
  const std::lock_guard lock(mutex_);
  Part& part = parts_.back();
  for (std::size_t i = 0; i < kLogKindCount; ++i) part.lists[i].append(entries.lists[i]);
  part.segment.event_types |= entries.event_types;
  part.segment.delivery_types |= entries.delivery_types;
  part.segment.last_id = through_ = std::max(through_, entries.last_id);
  part.rows += entries.rows;
  if (part.rows >= part_rows_) add_part();
}

LogSegment TailIndex::first_segment() const {
  LogSegment segment = parts_.front().segment;
  std::size_t entries_max = 0;
  for (const EntryList& list : parts_.front().lists) entries_max = std::max(entries_max, list.size());
  segment.bucket_bits = bucket_bits_for(entries_max);
  return segment;
}

std::vector<LogEntry> TailIndex::first_entries(LogKind kind) const {
  const EntryList::View view = parts_.front().lists[static_cast<std::size_t>(kind)].view();
  std::vector<LogEntry> entries(view.entries().begin(), view.entries().end());
  // Deliveries of a recovery and of new events may have been made in turns.
  if (!std::ranges::is_sorted(entries, {}, &LogEntry::id)) std::ranges::sort(entries, {}, &LogEntry::id);
  return entries;
}

void TailIndex::drop_first() {
  const std::lock_guard lock(mutex_);
  parts_.pop_front();
}

std::vector<std::int64_t> TailIndex::find(const LogKey& wanted, IdRange range) const {
  std::vector<EntryList::View> views;
  {
    const std::lock_guard lock(mutex_);
    for (const Part& part : parts_) {
      if (part.segment.first_id >= range.high || part.segment.last_id < range.low) continue;
      views.push_back(part.lists[static_cast<std::size_t>(wanted.kind)].view());
    }
  }
  std::vector<std::int64_t> ids;
  for (const EntryList::View& view : views) {
    for (const LogEntry& entry : view.entries()) {
      if (entry.key == wanted.key && entry.id >= range.low && entry.id < range.high) ids.push_back(entry.id);
    }
  }
  if (!std::ranges::is_sorted(ids)) std::ranges::sort(ids);
  // A row may have the same key twice: a number with and without its '+'.
  const auto again = std::ranges::unique(ids);
  ids.erase(again.begin(), again.end());
  return ids;
}

}  // namespace limehook::store::sqlite
