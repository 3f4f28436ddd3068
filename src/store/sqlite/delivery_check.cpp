#include "store/sqlite/delivery_check.hpp"

#include <map>

#include "store/sqlite/delivery_state.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kReportsMax = 20;  // of one kind

// Reports a kind of problem so many times.
class Reports {
 public:
  explicit Reports(std::vector<std::string>& problems) : problems_(problems) {}
  void add(const std::string& problem, const std::string& name) {
    if (++counts_[problem] <= kReportsMax) problems_.push_back(problem + ": " + name);
  }
  bool none() const { return counts_.empty(); }

 private:
  std::vector<std::string>& problems_;
  std::map<std::string, int> counts_;
};

// What is wrong with a state in itself; empty: nothing.
std::string state_problem(const DeliveryState& s) {
  if (!is_open(s.status) && s.next_attempt_at) return "closed delivery with a next attempt";
  if ((s.status == DeliveryStatus::Retrying || s.status == DeliveryStatus::Delivered) && s.attempts == 0) {
    return "delivery in retry without an attempt";
  }
  if (s.round_start < 0 || s.round_start > s.attempts) return "delivery with an impossible retry round";
  return {};
}

// Do the attempts from `attempt` back bear the numbers from `count` down to 1?
bool chain_is_whole(AttemptReader& reader, DeliveryId delivery, AttemptRef attempt, int count) {
  for (; attempt != 0; --count) {
    const auto stored = reader.read(attempt);
    if (!stored || stored->delivery != delivery || stored->attempt.number != count) return false;
    attempt = stored->previous;
  }
  return count == 0;
}

// As many as the block says, to its last byte?
bool block_is_whole(std::string_view block, std::int64_t count) {
  std::size_t offset = 0;
  for (; count > 0; --count) {
    if (!read_attempt(block, offset)) return false;
  }
  return offset == block.size();
}

// Answers how many attempts are stored that are not pruned.
std::int64_t check_blocks(Database& db, Reports& reports) {
  std::int64_t stored = 0;
  for (Rows rows = db.query("SELECT id,attempt_count,attempts FROM attempt_blocks"); rows.next();) {
    stored += rows->integer(1);
    if (!block_is_whole(rows->bytes(2), rows->integer(1))) reports.add("damaged block of attempts", rows->text(0));
  }
  return stored - db.number("SELECT sum(attempt_count) FROM pruned_attempts");
}

bool is_listed(Database& db, DeliveryId id, DeliveryStatus status) {
  return db.number("SELECT EXISTS(SELECT 1 FROM undelivered WHERE status=? AND delivery=?)", status, id) != 0;
}

}  // namespace

void check_deliveries(Database& db, std::vector<std::string>& problems) {
  const UndeliveredList list(db);
  AttemptReader reader(db);
  Reports reports(problems);
  std::int64_t linked = 0;
  std::int64_t listed = 0;
  for (Rows rows = db.query("SELECT id,state FROM deliveries"); rows.next();) {
    const DeliveryId id{rows->integer(0)};
    const auto state = decode_state(rows->bytes(1));
    if (!state) {
      reports.add("delivery with a damaged state", id.str());
      continue;
    }
    if (const auto problem = state_problem(*state); !problem.empty()) reports.add(problem, id.str());
    if (list.lists(id, state->status)) {
      ++listed;
      if (!is_listed(db, id, state->status)) reports.add("delivery that would not be found by its status", id.str());
    }
    linked += state->attempts;
    if (!chain_is_whole(reader, id, state->last_attempt, state->attempts)) {
      reports.add("delivery whose attempts are not numbered 1 to " + std::to_string(state->attempts), id.str());
    }
  }
  const std::int64_t stored = check_blocks(db, reports);
  if (!reports.none()) return;
  if (stored != linked) {
    problems.push_back(std::to_string(stored) + " attempts are stored, but deliveries count " + std::to_string(linked));
  }
  if (listed != db.number("SELECT count(*) FROM undelivered")) {
    problems.push_back("deliveries are listed under a status that is not theirs");
  }
}

}  // namespace limehook::store::sqlite
