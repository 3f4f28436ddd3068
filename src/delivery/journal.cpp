#include "delivery/journal.hpp"

#include <iterator>
#include <utility>

#include "base/assert.hpp"

namespace limehook::delivery {
namespace {

constexpr Duration kStorePause = std::chrono::seconds(1);

template <class T>
void append_to(std::vector<T>& to, std::vector<T>&& from) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    from.clear();
  }
}

template <class T>
void keep(std::vector<T>& all, std::size_t count) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
}

}  // namespace

Journal::Sizes Journal::sizes_of(const store::WriteBatch& b) {
  return {b.webhooks.size(),
          b.deleted_webhooks.size(),
          b.keys.size(),
          b.deleted_keys.size(),
          b.events.size(),
          b.deliveries.size(),
          b.attempts.size(),
          b.updates.size(),
          b.recoveries.size(),
          b.stats.size(),
          b.bytes};
}

void Journal::append(store::WriteBatch& to, store::WriteBatch&& from) {
  append_to(to.webhooks, std::move(from.webhooks));
  append_to(to.deleted_webhooks, std::move(from.deleted_webhooks));
  append_to(to.keys, std::move(from.keys));
  append_to(to.deleted_keys, std::move(from.deleted_keys));
  append_to(to.events, std::move(from.events));
  append_to(to.deliveries, std::move(from.deliveries));
  append_to(to.attempts, std::move(from.attempts));
  append_to(to.updates, std::move(from.updates));
  append_to(to.recoveries, std::move(from.recoveries));
  append_to(to.stats, std::move(from.stats));
  to.bytes += from.bytes;
}

void Journal::keep_front(store::WriteBatch& batch, const Sizes& sizes) {
  keep(batch.webhooks, sizes.webhooks);
  keep(batch.deleted_webhooks, sizes.deleted_webhooks);
  keep(batch.keys, sizes.keys);
  keep(batch.deleted_keys, sizes.deleted_keys);
  keep(batch.events, sizes.events);
  keep(batch.deliveries, sizes.deliveries);
  keep(batch.attempts, sizes.attempts);
  keep(batch.updates, sizes.updates);
  keep(batch.recoveries, sizes.recoveries);
  keep(batch.stats, sizes.stats);
  batch.bytes = sizes.bytes;
}

std::optional<Refusal> Journal::refusal(MonotonicTime now) const {
  if (!healthy(now)) {
    return last_status_ == store::CommitStatus::Full ? Refusal::StoreFull : Refusal::StoreFailed;
  }
  if (requests_.batch.bytes + facts_.batch.bytes > bytes_max_) return Refusal::Busy;
  return std::nullopt;
}

bool Journal::can_log(MonotonicTime now) const {
  const bool store_takes = last_status_ == store::CommitStatus::Committed || (healthy(now) && idle());
  return store_takes && facts_.batch.bytes <= bytes_max_;
}

bool Journal::gathers(MonotonicTime now) const {
  return large_in_a_row_ >= 2 && requests_.batch.bytes + facts_.batch.bytes < gather_.enough_bytes &&
         now < taken_at_ + gather_.wait_max;
}

// Facts go first: a request may build on them (a person's change of a webhook that was just disabled).
std::optional<store::WriteBatch> Journal::take(MonotonicTime now) {
  if (outstanding_ || !healthy(now) || (requests_.empty() && facts_.empty()) || gathers(now)) return std::nullopt;
  outstanding_ = true;
  taken_at_ = now;
  large_in_a_row_ = requests_.batch.bytes + facts_.batch.bytes >= gather_.large_bytes ? large_in_a_row_ + 1 : 0;
  fact_sizes_ = sizes_of(facts_.batch);
  request_effects_ = std::exchange(requests_.effects, {});
  fact_effects_ = std::exchange(facts_.effects, {});
  store::WriteBatch batch = std::exchange(facts_.batch, {});
  LIMEHOOK_ASSERT(batch.events.empty());  // effects name events by their place in the batch
  append(batch, std::exchange(requests_.batch, {}));
  return batch;
}

std::vector<Effect> Journal::finish(MonotonicTime now, store::WriteBatch&& batch, store::CommitStatus status) {
  LIMEHOOK_ASSERT(outstanding_);
  LIMEHOOK_ASSERT(status != store::CommitStatus::Unknown);
  outstanding_ = false;
  last_status_ = status;
  std::vector<Effect> effects = std::exchange(request_effects_, {});
  std::vector<Effect> facts = std::exchange(fact_effects_, {});
  if (status == store::CommitStatus::Committed) {
    append_to(facts, std::move(effects));  // in the order of the batch
    return facts;
  }
  retry_at_ = now + kStorePause;
  keep_front(batch, fact_sizes_);
  // Facts are stored in the order in which they happened: the old ones go before what came since.
  append(batch, std::exchange(facts_.batch, {}));
  facts_.batch = std::move(batch);
  append_to(facts, std::exchange(facts_.effects, {}));
  facts_.effects = std::move(facts);
  return effects;
}

std::optional<MonotonicTime> Journal::next_deadline(MonotonicTime now) const {
  if (!healthy(now)) return retry_at_;
  if (!outstanding_ && !idle() && gathers(now)) return taken_at_ + gather_.wait_max;
  return std::nullopt;
}

}  // namespace limehook::delivery
