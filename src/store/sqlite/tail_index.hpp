#pragma once
// The log index of the newest rows: in memory, in the parts of which segments are made (log_index.hpp). The writer's
// thread appends what each commit has added and takes a part out when its segment is stored; any thread searches.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "store/sqlite/log_index.hpp"

namespace limehook::store::sqlite {

// Entries that one thread appends to while others read what they have a view of.
class EntryList {
 public:
  // What the list held when the view was taken; it stays as it is.
  class View {
   public:
    View(std::shared_ptr<const LogEntry[]> entries, std::size_t size) : entries_(std::move(entries)), size_(size) {}
    std::span<const LogEntry> entries() const { return {entries_.get(), size_}; }

   private:
    std::shared_ptr<const LogEntry[]> entries_;
    std::size_t size_;
  };

  EntryList() = default;
  EntryList(const EntryList&) = delete;  // two of them would append to the same memory
  EntryList& operator=(const EntryList&) = delete;

  void append(std::span<const LogEntry> added);
  View view() const { return {entries_, size_}; }
  std::size_t size() const { return size_; }

 private:
  std::shared_ptr<LogEntry[]> entries_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class TailIndex {
 public:
  // `through`: rows up to this id are in segments. `part_rows`: a part is full with so many events and deliveries.
  TailIndex(std::int64_t through, std::size_t part_rows);

  // -- the writer's thread --
  // Rows with these entries have been committed.
  void append(const LogEntries& entries);
  bool has_full_part() const { return parts_.size() > 1; }
  // Of the oldest part, which is full: the segment to be made of it, without a number, and its entries in ascending
  // order of id.
  LogSegment first_segment() const;
  std::vector<LogEntry> first_entries(LogKind kind) const;
  // Forgets the oldest part: a segment has it now.
  void drop_first();
  // Rows with ids up to this one can no longer be added: their part is full.
  std::int64_t sealed_through() const { return parts_.back().segment.first_id - 1; }

  // -- any thread --
  // Ids of the rows in `range` that have the key, ascending. Who begins a read transaction after that finds every row
  // that was committed before, here or in a segment; and some in both.
  std::vector<std::int64_t> find(const LogKey& wanted, IdRange range) const;

 private:
  struct Part {
    LogSegment segment;  // without number and bucket_bits
    std::size_t rows = 0;
    std::array<EntryList, kLogKindCount> lists;
  };
  void add_part();

  const std::size_t part_rows_;
  mutable std::mutex mutex_;  // for all below; the writer's thread, which alone changes it, reads without
  std::deque<Part> parts_;    // ascending; the last one is being filled
  std::int64_t through_;
};

}  // namespace limehook::store::sqlite
