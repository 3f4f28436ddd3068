#pragma once
// Which webhooks have open deliveries that only the store holds, so that memory does not grow with a backlog. Knows
// counts and bounds, not the deliveries: those are found again by sweeps through the store's open deliveries in the
// order of their ids.

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace limehook::delivery {

struct BacklogLimits {
  std::size_t open_max = 200'000;           // deliveries in memory, from which on webhooks keep only webhook_min each
  int webhook_max = 10'000;                 // deliveries of a webhook in memory
  int webhook_min = 16;                     // likewise, when memory is full
  Duration soon = std::chrono::minutes(2);  // what is due later need not be in memory
  std::size_t page = 2000;                  // rows of a sweep's step
  Duration pause = std::chrono::milliseconds(10);  // between two looks for room
};

class Backlog {
 public:
  struct Part {
    std::int64_t count = 0;
    DeliveryId first = kNone;                  // none of them has a smaller id
    MonotonicTime due = MonotonicTime::max();  // none of them is due sooner
    DeliveryId cancel_through{};               // up to this one they are to be canceled
    bool swept = false;                        // first and due are being found out anew
    bool passed_over = false;                  // this sweep has left one behind that is due soon
    DeliveryId first_before = kNone;           // what they were before
    MonotonicTime due_before = MonotonicTime::max();
  };
  static constexpr DeliveryId kNone{std::numeric_limits<std::int64_t>::max()};

  bool empty() const { return parts_.empty(); }
  const std::map<WebhookId, Part>& parts() const { return parts_; }
  Part* find(WebhookId webhook) {
    const auto found = parts_.find(webhook);
    return found == parts_.end() ? nullptr : &found->second;
  }
  std::int64_t count(WebhookId webhook) const {
    const auto found = parts_.find(webhook);
    return found == parts_.end() ? 0 : found->second.count;
  }
  std::int64_t total() const { return total_; }

  void add(WebhookId webhook, DeliveryId id, MonotonicTime due) {
    Part& part = parts_[webhook];
    ++part.count;
    ++total_;
    keep(part, id, due);
  }
  // One of them stays where it is.
  static void keep(Part& part, DeliveryId id, MonotonicTime due) {
    part.first = std::min(part.first, id);
    part.due = std::min(part.due, due);
  }
  // One of them is in memory now.
  void remove(Part& part) {
    --part.count;
    --total_;
  }

  // From the first id on that is looked at.
  void begin_sweep(DeliveryId from) {
    sweep_from_ = from;
    for (auto& [webhook, part] : parts_) {
      part.swept = true;
      part.passed_over = false;
      part.first_before = std::exchange(part.first, kNone);
      part.due_before = std::exchange(part.due, MonotonicTime::max());
    }
  }
  // Whether the sweep has left others with smaller ids behind, or not looked at them.
  bool left_before(const Part& part, DeliveryId id) const {
    return part.first < id || (part.swept && part.first_before < sweep_from_);
  }
  // `through`: the last id that was looked at; nothing when all were.
  void end_sweep(std::optional<DeliveryId> through) {
    for (auto part = parts_.begin(); part != parts_.end();) {
      auto& [webhook, p] = *part;
      if (std::exchange(p.swept, false)) {
        const DeliveryId first = std::exchange(p.first_before, kNone);
        const MonotonicTime due = std::exchange(p.due_before, MonotonicTime::max());
        if (first < sweep_from_ || (!through && p.first == kNone)) keep(p, first, due);
        else if (through) keep(p, std::max(first, DeliveryId{through->value + 1}), due);
      }
      part = p.count == 0 ? parts_.erase(part) : std::next(part);
    }
  }

 private:
  std::map<WebhookId, Part> parts_;
  std::int64_t total_ = 0;
  DeliveryId sweep_from_;
};

}  // namespace limehook::delivery
