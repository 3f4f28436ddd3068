// Power loss: whatever of the unsynced writes is left on the disk, and whenever it happens, every batch that commit()
// reported as committed is whole in the store, and no other is there in part. Long: ./dev power SEEDS.

#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "disk_model.hpp"
#include "store_life.hpp"

namespace limehook::store {
namespace {

constexpr std::size_t kSteps = 40;
constexpr const char* kMark = "limehook.mark";

// POWER_SEEDS: so many seeds, with each kind of loss at every operation. Without it a short form.
int seeds_asked() {
  const char* const text = std::getenv("POWER_SEEDS");
  return text ? std::atoi(text) : 0;
}
std::uint64_t first_seed() {
  const char* const text = std::getenv("POWER_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 1;
}

// The moment before an operation that changes a file.
struct Moment {
  Disk disk;
  std::string mark;  // that of the log (limehook.mark) as of then: a false alarm is wrong, too
  std::size_t sure;
  std::size_t begun;
};

class SqlitePowerTest : public testing::Test {
 protected:
  ~SqlitePowerTest() override { observe_files(nullptr); }

  static std::string mark_of(const StoreLife::Places& lived) {
    std::ifstream in(lived.directory / kMark, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static StoreLife::Places places(const TemporaryFolder& folder, std::uint64_t seed) {
    constexpr std::array kPageBytes{1024, 4096, 16384};
    return {folder.path() / "data", kPageBytes[seed % kPageBytes.size()]};
  }

  // Leaves what a loss leaves, and says what is wrong with that.
  static std::string problem_after(Loss loss, const Moment& moment, const StoreLife::Places& lived,
                                   const std::vector<std::string>& expected, Prng& random) {
    const TemporaryFolder folder(fast_folder());
    const StoreLife::Places left{folder.path(), lived.page_bytes};
    moment.disk.leave(loss, random, left.directory);
    std::ofstream(left.directory / kMark, std::ios::binary) << moment.mark;
    std::error_code none_yet;
    std::filesystem::copy_file(lived.directory / vault::kKeyFileName, left.directory / vault::kKeyFileName, none_yet);
    return problem_of_left_store(left, expected, moment.sure, moment.begun);
  }
};

// Goal: the loss comes at each operation of a store's life, from the first start on.
TEST_F(SqlitePowerTest, CommittedBatchesSurviveALossAtAnyOperation) {
  const int seeds = seeds_asked() > 0 ? seeds_asked() : 2;
  std::size_t losses = 0;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + static_cast<std::uint64_t>(seeds); ++seed) {
    const TemporaryFolder folder(fast_folder());
    const auto lived = places(folder, seed);
    std::vector<Moment> moments;
    StoreLife life(lived, random_steps(seed, kSteps), {});
    DiskModel model(lived.directory.string() + "/", [&](int, const FileCall&, const Disk& disk) {
      moments.push_back({disk, mark_of(lived), life.sure(), life.begun()});
      return SQLITE_OK;
    });
    observe_files(&model);
    life.run();
    life.close();
    observe_files(nullptr);
    ASSERT_EQ(life.problem(), "") << "seed " << seed;
    Prng random(seed);
    for (std::size_t i = 0; i < moments.size(); ++i) {
      for (int kind = 0; kind < kLossCount; ++kind) {
        if (seeds_asked() == 0 && random.below(kLossCount * 3) != 0) continue;
        ++losses;
        ASSERT_EQ(problem_after(static_cast<Loss>(kind), moments[i], lived, life.expected(), random), "")
            << "seed " << seed << ", operation " << i << " of " << moments.size() << ", loss " << kind;
      }
    }
  }
  std::cout << "power: " << seeds << " seeds, " << losses << " losses, nothing committed lost\n";
}

// Goal: when a sync fails, what it was for may never reach the disk, although it is read back (fsync(2)): nothing that
// is committed later, here or after a new start, may depend on it.
TEST_F(SqlitePowerTest, AFailedSyncIsNotBuiltUpon) {
  const int seeds = seeds_asked() > 0 ? seeds_asked() : 8;
  int failures = 0;
  int losses = 0;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + static_cast<std::uint64_t>(seeds); ++seed) {
    const TemporaryFolder folder(fast_folder());
    const auto lived = places(folder, seed);
    Prng random(seed);
    std::vector<Moment> moments;
    std::atomic<bool> dead = false;
    std::atomic<bool> failed = false;
    int syncs_left = static_cast<int>(random.below(60));
    std::string failed_file;  // the other descriptor that the process has of it is told of that, too (fsync(2)), once
    const auto killed = [&](bool now) {
      dead = now;
      if (!now) failed_file.clear();
    };
    StoreLife life(lived, random_steps(seed, kSteps), {.killed = killed, .failed = [&] { return failed.load(); }});
    DiskModel model(lived.directory.string() + "/", [&](int, const FileCall& call, const Disk& disk) {
      if (dead) return SQLITE_IOERR;
      if (failed) moments.push_back({disk, mark_of(lived), life.sure(), life.begun()});
      if (call.operation != FileOperation::Sync) return SQLITE_OK;
      if (failed_file == call.name) return failed_file.clear(), SQLITE_IOERR_FSYNC;
      if (syncs_left-- != 0) return SQLITE_OK;
      failed_file = call.name;
      failed = true;
      return SQLITE_IOERR_FSYNC;
    });
    observe_files(&model);
    life.run();
    life.close();
    observe_files(nullptr);
    ASSERT_EQ(life.problem(), "") << "seed " << seed;
    failures += failed;
    for (std::size_t i = 0; i < moments.size(); ++i) {
      if (seeds_asked() == 0 && random.below(12) != 0) continue;
      ++losses;
      ASSERT_EQ(problem_after(Loss::Everything, moments[i], lived, life.expected(), random), "")
          << "seed " << seed << ", operation " << i << " of " << moments.size() << " since the failed sync";
    }
  }
  std::cout << "power: " << failures << " failed syncs, " << losses << " losses after them, nothing committed lost\n";
}

}  // namespace
}  // namespace limehook::store
