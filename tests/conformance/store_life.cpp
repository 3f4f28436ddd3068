#include "store_life.hpp"

#include <algorithm>
#include <span>

#include "store/memory/memory_store.hpp"

namespace limehook::store {
namespace {

constexpr std::size_t kAllRows = 1'000'000;
constexpr int kTriesMax = 50;

// The lines in which two stores differ, the first few.
std::string difference(const std::string& is, const std::string& should_be) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      out.push_back(text.substr(at, std::min<std::size_t>(end - at, 120)));
      at = end + 1;
    }
    return out;
  };
  const auto a = lines(is);
  const auto b = lines(should_be);
  std::string out;
  const auto only_in = [&](const auto& these, const auto& those, const char* sign) {
    int told = 0;
    for (const std::string& line : these) {
      if (told < 5 && std::ranges::find(those, line) == those.end()) out += sign + line + '\n', ++told;
    }
  };
  only_in(a, b, "+ ");
  only_in(b, a, "- ");
  return out;
}

void apply(Store& store, const StoreStep& step) {
  switch (step.kind) {
    case StoreStep::Kind::Commit:
      store.commit(step.batch);
      break;
    case StoreStep::Kind::Prune:
      store.prune(step.bound, kAllRows);
      break;
    case StoreStep::Kind::PruneAudit:
      store.prune_audit(step.bound, kAllRows);
      break;
    case StoreStep::Kind::Maintain:
    case StoreStep::Kind::Reopen:
      break;
  }
}

}  // namespace

std::filesystem::path fast_folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code error;
  return std::filesystem::is_directory(memory, error) ? memory : std::filesystem::temp_directory_path();
}

std::vector<std::string> expected_contents(const std::vector<StoreStep>& steps) {
  MemoryStore reference;
  std::vector<std::string> out{contents_of(reference)};
  for (const StoreStep& step : steps) {
    apply(reference, step);
    out.push_back(step.matters() ? contents_of(reference) : out.back());
  }
  return out;
}

StoreLife::StoreLife(Places places, std::vector<StoreStep> steps, World world)
    : places_(std::move(places)),
      steps_(std::move(steps)),
      expected_(expected_contents(steps_)),
      world_(std::move(world)) {}

StoreLife::~StoreLife() = default;

// Everything small, so that a few steps cross every border.
SqliteOptions StoreLife::options(const Places& places) {
  return {
      .directory = places.directory, .page_bytes = places.page_bytes, .index_segment_rows = 16, .log_bytes = 64 * 1024};
}

void StoreLife::complain(const std::string& what) {
  if (problem_.empty()) problem_ = what;
}

void StoreLife::open() {
  for (int tries = 0; !store_; ++tries) {
    auto opened = SqliteStore::open(options(places_));
    if (opened) {
      store_ = std::move(*opened);
    } else if (tries == kTriesMax || !world_.failed()) {
      return complain("the store cannot be opened: " + opened.error());
    }
  }
}

void StoreLife::run() {
  open();
  for (std::size_t i = 0; i < steps_.size() && problem_.empty(); ++i) {
    begun_ = i + 1;
    auto outcome = Outcome::Again;
    for (int tries = 0; outcome == Outcome::Again && problem_.empty(); ++tries) {
      if (tries == kTriesMax) complain("step " + std::to_string(i) + " never succeeds");
      outcome = take(steps_[i]);
    }
    if (outcome == Outcome::Unknown) restart_after_doubt(i);
    if (steps_[i].kind == StoreStep::Kind::Commit) sure_ = i + 1;
    if (problem_.empty()) compare(i + 1);
  }
}

StoreLife::Outcome StoreLife::take(const StoreStep& step) {
  try {
    switch (step.kind) {
      case StoreStep::Kind::Commit:
        return commit(step.batch);
      case StoreStep::Kind::Maintain:
        store_->maintain(step.bound);
        return Outcome::Done;
      case StoreStep::Kind::Reopen:
        store_.reset();
        open();
        return Outcome::Done;
      default:
        apply(*store_, step);
        return Outcome::Done;
    }
  } catch (const StoreError& error) {
    if (!world_.failed()) complain(std::string("without a reason: ") + error.what());
    return Outcome::Again;
  }
}

StoreLife::Outcome StoreLife::commit(const WriteBatch& batch) {
  const CommitResult result = store_->commit(batch);
  if (result.status == CommitStatus::Committed) return Outcome::Done;
  if (!world_.failed()) complain("without a reason: " + result.error);
  return result.status == CommitStatus::Unknown ? Outcome::Unknown : Outcome::Again;
}

// As the server does: it ends, and the next one reads what there is.
void StoreLife::restart_after_doubt(std::size_t number) {
  ++unknown_;
  world_.killed(true);
  store_.reset();
  world_.killed(false);
  open();
  if (!store_) return;
  if (contents_of(*store_) == expected_[number + 1]) return;
  compare(number);
  if (problem_.empty() && commit(steps_[number].batch) != Outcome::Done) complain("no commit after a restart");
}

void StoreLife::compare(std::size_t steps_done) {
  try {
    for (int tries = 0;; ++tries) {
      try {
        const std::string contents = contents_of(*store_);
        if (contents == expected_[steps_done]) return;
        return complain("after step " + std::to_string(steps_done) + ":\n" +
                        difference(contents, expected_[steps_done]));
      } catch (const StoreError& error) {
        if (!world_.failed() || tries == kTriesMax) return complain(std::string("unreadable: ") + error.what());
      }
    }
  } catch (const std::exception& error) {
    complain(std::string("a read threw something else than StoreError: ") + error.what());
  }
}

std::string problem_of_left_store(const StoreLife::Places& places, const std::vector<std::string>& expected,
                                  std::size_t from, std::size_t to) {
  const auto listed = [](const std::vector<std::string>& problems) {
    std::string out;
    for (const std::string& problem : problems) out += problem + '\n';
    return out;
  };
  {
    auto store = SqliteStore::open(StoreLife::options(places));
    if (!store) return store.error();
    const std::string contents = contents_of(**store);
    if (std::find(expected.begin() + static_cast<std::ptrdiff_t>(from),
                  expected.begin() + static_cast<std::ptrdiff_t>(to) + 1,
                  contents) == expected.begin() + static_cast<std::ptrdiff_t>(to) + 1) {
      return "neither what was committed nor that and what had begun:\n" + difference(contents, expected[from]);
    }
    if (const auto found = check_sqlite_store(places.directory); !found.empty()) return "check: " + listed(found);
    const WriteBatch batch = later_batch();
    if (const auto result = (*store)->commit(batch); result.status != CommitStatus::Committed) return result.error;
    if (!(*store)->get_event(batch.events[0].event.id)) return "a new event is not there";
    while ((*store)->maintain(batch.events[0].event.received_at)) {
    }
  }
  if (const auto found = check_sqlite_store(places.directory); !found.empty())
    return "check afterwards: " + listed(found);
  return {};
}

}  // namespace limehook::store
