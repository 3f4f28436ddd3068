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

// Effects name events by their place in the batch; `places` others have come before them.
void move_events(std::vector<Effect>& effects, std::size_t places) {
  if (places == 0) return;
  for (Effect& effect : effects) {
    if (auto* events = std::get_if<AcceptEvents>(&effect)) events->first += places;
    if (auto* test = std::get_if<AcceptTest>(&effect)) test->index += places;
  }
}

template <class T>
void keep(std::vector<T>& all, std::size_t count) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());
}

}  // namespace

Journal::Sizes Journal::sizes_of(const store::WriteBatch& batch) {
  return std::apply([&](const auto&... parts) { return Sizes{{parts.size()...}, batch.bytes}; },
                    store::parts_of(batch));
}

void Journal::append(store::WriteBatch& to, store::WriteBatch&& from) {
  const auto targets = store::parts_of(to);
  const auto sources = store::parts_of(from);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (append_to(std::get<I>(targets), std::move(std::get<I>(sources))), ...);
  }(std::make_index_sequence<kParts>());
  to.bytes += from.bytes;
}

void Journal::keep_front(store::WriteBatch& batch, const Sizes& sizes) {
  const auto parts = store::parts_of(batch);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (keep(std::get<I>(parts), sizes.parts[I]), ...);
  }(std::make_index_sequence<kParts>());
  batch.bytes = sizes.bytes;
}

std::optional<Refusal> Journal::refusal(MonotonicTime now) const {
  if (!healthy(now)) {
    return last_status_ == store::CommitStatus::Full ? Refusal::StoreFull : Refusal::StoreFailed;
  }
  if (bytes().all() > bytes_max_) return Refusal::Busy;
  return std::nullopt;
}

bool Journal::can_log(MonotonicTime now) const {
  const bool store_takes = last_status_ == store::CommitStatus::Committed || (healthy(now) && idle());
  return store_takes && facts_.batch.bytes <= bytes_max_;
}

bool Journal::gathers(MonotonicTime now) const {
  return large_in_a_row_ >= 2 && bytes().all() < gather_.enough_bytes && now < taken_at_ + gather_.wait_max;
}

// Facts go first: a request may build on them (a person's change of a webhook that was just disabled).
std::optional<store::WriteBatch> Journal::take(MonotonicTime now) {
  if (outstanding_ || !healthy(now) || (requests_.empty() && facts_.empty()) || gathers(now)) return std::nullopt;
  outstanding_ = true;
  taken_at_ = now;
  large_in_a_row_ = bytes().all() >= gather_.large_bytes ? large_in_a_row_ + 1 : 0;
  ++fact_batch_;
  fact_sizes_ = sizes_of(facts_.batch);
  store::WriteBatch batch = std::exchange(facts_.batch, {});
  move_events(requests_.effects, batch.events.size());
  request_effects_ = std::exchange(requests_.effects, {});
  fact_effects_ = std::exchange(facts_.effects, {});
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
  ++fact_batch_;
  retry_at_ = now + kStorePause;
  keep_front(batch, fact_sizes_);
  // Facts are stored in the order in which they happened: the old ones go before what came since.
  move_events(facts_.effects, batch.events.size());
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
