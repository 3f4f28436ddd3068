#pragma once
// What is on its way to the store. Work is collected while a batch is being committed and leaves as the next one, so
// one fsync serves many requests and a lone request waits for nobody. Nobody outside hears of anything before its
// batch is durable: what is to be said or done then waits here as effects.
//
// Two kinds of work share a batch. A request can be refused when the store has no room. A fact (an attempt that was
// made, a state it led to) cannot: it is kept and tried again.

#include <optional>
#include <string>
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
struct StepStored {
  RecoveryId recovery;
};
using Effect = std::variant<AcceptEvents, AcceptTest, ApplyWebhook, ApplyDelete, Answer, AnswerRecovery, AnswerTest,
                            Reopen, Close, StepStored>;

// A batch in the making, with what follows from it.
struct Work {
  store::WriteBatch batch;
  std::vector<Effect> effects;
  bool empty() const { return batch.empty() && effects.empty(); }
};

class Journal {
 public:
  explicit Journal(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Work& requests() { return requests_; }
  Work& facts() { return facts_; }

  // Why a request cannot be taken now; nothing when it can.
  std::optional<Refusal> refusal(MonotonicTime now) const;
  // May the store be tried (again)?
  bool healthy(MonotonicTime now) const { return now >= retry_at_; }
  // Can what an attempt brings still be stored soon? If not, none should start: while the store has not taken what
  // is waiting, and while too much is waiting.
  bool can_log(MonotonicTime now) const;

  // The next batch to commit; nothing while one is outstanding, none is needed or the store needs a pause.
  std::optional<store::WriteBatch> take(MonotonicTime now);
  // The outstanding batch came back. Answers the effects to carry out now; on failure those are the effects of its
  // requests, to be refused, and the facts are queued again.
  std::vector<Effect> finish(MonotonicTime now, store::WriteBatch&& batch, store::CommitStatus status);

  bool idle() const { return !outstanding_ && requests_.empty() && facts_.empty(); }
  // When take() may have something again after a failure; nothing when it may now.
  std::optional<MonotonicTime> next_deadline(MonotonicTime now) const;

 private:
  struct Sizes {
    std::size_t webhooks, deleted_webhooks, keys, deleted_keys, events, deliveries, attempts, updates, recoveries,
        stats, bytes;
  };
  static Sizes sizes_of(const store::WriteBatch& batch);
  static void append(store::WriteBatch& to, store::WriteBatch&& from);
  static void keep_front(store::WriteBatch& batch, const Sizes& sizes);

  std::size_t bytes_max_;
  Work requests_;
  Work facts_;
  bool outstanding_ = false;
  Sizes fact_sizes_{};                   // of the outstanding batch's first part
  std::vector<Effect> request_effects_;  // of the outstanding batch
  std::vector<Effect> fact_effects_;
  MonotonicTime retry_at_ = MonotonicTime::min();
  store::CommitStatus last_status_ = store::CommitStatus::Committed;
};

}  // namespace limehook::delivery
