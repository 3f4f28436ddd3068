#pragma once
// Deadlines of many things, cheap to set and to drop: nearly all of them are dropped, because most attempts end in
// time. A hashed wheel (Varghese & Lauck 1987, scheme 6): an item waits in the slot of its tick, and one coarse timer
// walks the slots; items of a later round stay where they are.

#include <array>
#include <boost/intrusive/list.hpp>

#include "base/time.hpp"

namespace limehook::http_client {

// One thread. Items must be dropped before they are destroyed (a scheduled item drops itself without being counted).
class DeadlineWheel {
  using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

 public:
  static constexpr Duration kTick = std::chrono::milliseconds(20);

  class Item : public Hook {
   public:
    virtual ~Item() = default;
    // Called once per schedule(), about a tick late and when its turn has come; the item is no longer scheduled then.
    virtual void on_deadline(MonotonicTime now) = 0;

   private:
    friend DeadlineWheel;
    MonotonicTime at_{};
  };

  void schedule(Item& item, MonotonicTime at, MonotonicTime now) {
    if (count_ == 0) last_tick_ = tick_of(now);
    drop(item);
    ++count_;
    item.at_ = at;
    slots_[index(std::max(tick_of(at) + 1, last_tick_ + 1))].push_back(item);
  }
  void drop(Item& item) {
    if (!item.is_linked()) return;
    item.unlink();
    --count_;
  }
  bool empty() const { return count_ == 0; }

  // Finds out what is due. expire() calls it.
  void advance(MonotonicTime now) {
    const auto now_tick = tick_of(now);
    const auto first = std::max(last_tick_ + 1, now_tick - static_cast<std::int64_t>(kSlots) + 1);
    last_tick_ = now_tick;
    for (auto tick = first; tick <= now_tick; ++tick) collect(slots_[index(tick)], now);
  }

  // Calls on_deadline of at most `max` items that are due; items may be scheduled and dropped meanwhile. Answers
  // whether more are due: a thousand deadlines in one tick must not hold up everybody else.
  bool expire(MonotonicTime now, std::size_t max) {
    for (; max > 0 && !due_.empty(); --max) {
      Item& item = due_.front();
      item.unlink();
      --count_;
      item.on_deadline(now);
    }
    return !due_.empty();
  }

 private:
  using List = boost::intrusive::list<Item, boost::intrusive::constant_time_size<false>>;
  static constexpr std::size_t kSlots = 512;

  static std::int64_t tick_of(MonotonicTime t) { return t.time_since_epoch() / kTick; }
  static std::size_t index(std::int64_t tick) { return static_cast<std::size_t>(tick) % kSlots; }

  void collect(List& slot, MonotonicTime now) {
    for (auto item = slot.begin(); item != slot.end();) {
      Item& candidate = *item++;
      if (candidate.at_ > now) continue;
      candidate.unlink();
      due_.push_back(candidate);
    }
  }

  std::array<List, kSlots> slots_;
  List due_;
  std::size_t count_ = 0;
  std::int64_t last_tick_ = 0;
};

}  // namespace limehook::http_client
