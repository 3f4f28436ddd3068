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
void drop(std::vector<T>& from, std::size_t count) {
  from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

Journal::Sizes Journal::sizes_of(const store::WriteBatch& b) {
  return {b.webhooks.size(),   b.deleted_webhooks.size(), b.keys.size(),    b.deleted_keys.size(), b.events.size(),
          b.deliveries.size(), b.attempts.size(),         b.updates.size(), b.recoveries.size(),   b.stats.size()};
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

void Journal::drop_front(store::WriteBatch& batch, const Sizes& sizes) {
  drop(batch.webhooks, sizes.webhooks);
  drop(batch.deleted_webhooks, sizes.deleted_webhooks);
  drop(batch.keys, sizes.keys);
  drop(batch.deleted_keys, sizes.deleted_keys);
  drop(batch.events, sizes.events);
  drop(batch.deliveries, sizes.deliveries);
  drop(batch.attempts, sizes.attempts);
  drop(batch.updates, sizes.updates);
  drop(batch.recoveries, sizes.recoveries);
  drop(batch.stats, sizes.stats);
}

std::optional<Refusal> Journal::refusal(MonotonicTime now) const {
  if (!healthy(now)) {
    return last_status_ == store::CommitStatus::Full ? Refusal::StoreFull : Refusal::StoreFailed;
  }
  if (requests_.batch.bytes + facts_.batch.bytes > bytes_max_) return Refusal::Busy;
  return std::nullopt;
}

std::optional<store::WriteBatch> Journal::take(MonotonicTime now) {
  if (outstanding_ || !healthy(now) || (requests_.empty() && facts_.empty())) return std::nullopt;
  outstanding_ = true;
  request_sizes_ = sizes_of(requests_.batch);
  request_effects_ = std::exchange(requests_.effects, {});
  fact_effects_ = std::exchange(facts_.effects, {});
  store::WriteBatch batch = std::exchange(requests_.batch, {});
  append(batch, std::exchange(facts_.batch, {}));
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
    append_to(effects, std::move(facts));
    return effects;
  }
  retry_at_ = now + kStorePause;
  drop_front(batch, request_sizes_);
  // Facts are stored in the order in which they happened: the old ones go before what came since.
  append(batch, std::exchange(facts_.batch, {}));
  facts_.batch = std::move(batch);
  append_to(facts, std::exchange(facts_.effects, {}));
  facts_.effects = std::move(facts);
  return effects;
}

std::optional<MonotonicTime> Journal::next_deadline() const {
  if (retry_at_ == MonotonicTime::min() || last_status_ == store::CommitStatus::Committed) return std::nullopt;
  return retry_at_;
}

}  // namespace limehook::delivery
