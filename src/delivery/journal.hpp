#pragma once
// What is on its way to the store. Work is collected while a batch is being committed and leaves as the next one, so
// one fsync serves many requests and a lone request waits for nobody. Nobody outside hears of anything before its
// batch is durable: what is to be said or done then waits here as effects.
//
// Two kinds of work share a batch. A request can be refused when the store has no room. A fact (an attempt that was
// made, a state it led to) cannot: it is kept and tried again.

#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "delivery/messages.hpp"

namespace limehook::delivery {

// ---- effects: what happens when the batch is durable --------------------------------------------------------

struct AcceptEvents {  // events [first, first + count) of the batch
  Ticket ticket;
  std::size_t first;
  std::size_t count;
};
struct AcceptTest {  // the event at `index`
  Ticket ticket;
  std::size_t index;
};
struct ApplyWebhook {
  Ticket ticket;
  WebhookPtr webhook;
};
struct ApplyDelete {
  Ticket ticket;
  WebhookId webhook;
};
struct Answer {
  Ticket ticket;
};
struct AnswerRecovery {
  Ticket ticket;
  Recovery recovery;
};
struct AnswerTest {
  Ticket ticket;
  DeliveryId delivery;
  Attempt attempt;
};
struct Reopen {
  Ticket ticket;  // 0: nobody asks
  store::OpenDelivery delivery;
};
struct Close {
  DeliveryId delivery;
};
struct Park {  // it is in the store and need not be in memory before it is due
  DeliveryId delivery;
  MonotonicTime due;
};
struct StepStored {
  RecoveryId recovery;
};
using Effect = std::variant<AcceptEvents, AcceptTest, ApplyWebhook, ApplyDelete, Answer, AnswerRecovery, AnswerTest,
                            Reopen, Close, Park, StepStored>;

// A batch in the making, with what follows from it.
struct Work {
  store::WriteBatch batch;
  std::vector<Effect> effects;
  bool empty() const { return batch.empty() && effects.empty(); }
};

// When to wait for more before a commit. Only under load, which is when one large batch has followed another: each
// commit has a price of its own (its fsync, pages that are written for one row), and nobody's wait is longer than
// `wait_max`.
struct GatherRule {
  std::size_t large_bytes = 128 * 1024;               // such a batch is large
  std::size_t enough_bytes = 1024 * 1024;             // such a batch does not wait
  Duration wait_max = std::chrono::milliseconds(10);  // from the start of the commit before
};

class Journal {
 public:
  explicit Journal(std::size_t bytes_max, GatherRule gather = {}) : bytes_max_(bytes_max), gather_(gather) {}

  Work& requests() { return requests_; }
  Work& facts() { return facts_; }
  // Names the batch that facts() are collected for: as long as it is the same, what was put into them is where it was.
  std::uint64_t fact_batch() const { return fact_batch_; }

  // Why a request cannot be taken now; nothing when it can.
  std::optional<Refusal> refusal(MonotonicTime now) const;
  // May the store be tried (again)?
  bool healthy(MonotonicTime now) const { return now >= retry_at_; }
  // Can what an attempt brings still be stored soon? If not, none should start: while the store has not taken what
  // is waiting, and while too much is waiting.
  bool can_log(MonotonicTime now) const;

  // The next batch to commit; nothing while one is outstanding, none is needed, more is gathered for it or the store
  // needs a pause.
  std::optional<store::WriteBatch> take(MonotonicTime now);
  // The outstanding batch came back. Answers the effects to carry out now; on failure those are the effects of its
  // requests, to be refused, and the facts are queued again.
  std::vector<Effect> finish(MonotonicTime now, store::WriteBatch&& batch, store::CommitStatus status);

  // Of what waits to be stored, without the batch that is on its way.
  struct Bytes {
    std::size_t requests;
    std::size_t facts;
    std::size_t all() const { return requests + facts; }
  };
  Bytes bytes() const { return {requests_.batch.bytes, facts_.batch.bytes}; }
  bool idle() const { return !outstanding_ && requests_.empty() && facts_.empty(); }
  // When take() may have something again; nothing when it may now or waits for finish().
  std::optional<MonotonicTime> next_deadline(MonotonicTime now) const;

 private:
  static constexpr std::size_t kParts =
      std::tuple_size_v<decltype(store::parts_of(std::declval<store::WriteBatch&>()))>;
  struct Sizes {
    std::array<std::size_t, kParts> parts;
    std::size_t bytes;
  };
  bool gathers(MonotonicTime now) const;
  static Sizes sizes_of(const store::WriteBatch& batch);
  static void append(store::WriteBatch& to, store::WriteBatch&& from);
  static void keep_front(store::WriteBatch& batch, const Sizes& sizes);

  std::size_t bytes_max_;
  GatherRule gather_;
  Work requests_;
  Work facts_;
  std::uint64_t fact_batch_ = 1;
  bool outstanding_ = false;
  Sizes fact_sizes_{};                   // of the outstanding batch's first part
  std::vector<Effect> request_effects_;  // of the outstanding batch
  std::vector<Effect> fact_effects_;
  MonotonicTime retry_at_ = MonotonicTime::min();
  MonotonicTime taken_at_{};  // of the last batch
  int large_in_a_row_ = 0;    // batches up to the last one
  store::CommitStatus last_status_ = store::CommitStatus::Committed;
};

}  // namespace limehook::delivery
