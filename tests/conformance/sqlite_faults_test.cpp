// Every kind of call to the file system fails, once or from then on, at any point of a store's life: nothing is lost,
// what commit() says is true, reads that fail say so, and once the fault is gone all goes on.

#include <sqlite3.h>

#include <cstdlib>
#include <iostream>

#include "failing_vfs.hpp"
#include "store_life.hpp"

namespace limehook::store {
namespace {

constexpr std::uint64_t kSeed = 11;
constexpr std::size_t kSteps = 16;

struct Fault {
  const char* name;
  FileOperation operation;
  const char* suffix;
  int code;
};

// The codes are those of SQLite's own file system for these calls.
constexpr std::array kFaults{
    Fault{"open", FileOperation::Open, "", SQLITE_CANTOPEN},
    Fault{"delete", FileOperation::Delete, "", SQLITE_IOERR_DELETE},
    Fault{"access", FileOperation::Access, "", SQLITE_IOERR_ACCESS},
    Fault{"read", FileOperation::Read, "", SQLITE_IOERR_READ},
    Fault{"read: no memory", FileOperation::Read, "", SQLITE_IOERR_NOMEM},
    Fault{"read: damaged", FileOperation::Read, "", SQLITE_IOERR_CORRUPTFS},
    Fault{"write to the log", FileOperation::Write, "-wal", SQLITE_IOERR_WRITE},
    Fault{"write to the log: full", FileOperation::Write, "-wal", SQLITE_FULL},
    Fault{"write to the file", FileOperation::Write, ".db", SQLITE_IOERR_WRITE},
    Fault{"write to the file: full", FileOperation::Write, ".db", SQLITE_FULL},
    Fault{"truncate", FileOperation::Truncate, "", SQLITE_IOERR_TRUNCATE},
    Fault{"sync of the log", FileOperation::Sync, "-wal", SQLITE_IOERR_FSYNC},
    Fault{"sync of the file", FileOperation::Sync, ".db", SQLITE_IOERR_FSYNC},
    Fault{"file size", FileOperation::FileSize, "", SQLITE_IOERR_FSTAT},
    Fault{"lock", FileOperation::Lock, "", SQLITE_IOERR_LOCK},
    Fault{"map shared memory", FileOperation::ShmMap, "", SQLITE_IOERR_SHMSIZE},
    Fault{"lock shared memory", FileOperation::ShmLock, "", SQLITE_IOERR_SHMLOCK},
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

// The process has ended: nothing that its store still does reaches a file.
class DeadProcess : public FileObserver {
 public:
  int before(const FileCall& call) override {
    const auto op = call.operation;
    return op == FileOperation::Write || op == FileOperation::Truncate || op == FileOperation::Delete ? SQLITE_IOERR
                                                                                                      : SQLITE_OK;
  }
};

class SqliteFaultsTest : public testing::TestWithParam<Fault> {
 protected:
  ~SqliteFaultsTest() override { observe_files(nullptr); }

  // Answers whether the life had so many of these calls.
  bool live_through(int after, bool once) {
    const Fault& fault = GetParam();
    const TemporaryFolder folder(fast_folder());
    const StoreLife::Places places{folder.path() / "data"};
    DeadProcess dead;
    bool reached = false;
    // A fault that stays is gone once it has been noticed.
    const auto failed = [&] { return reached = heal_file_operations() || reached; };
    const auto killed = [&](bool now) {
      if (!now) return observe_files(nullptr);
      failed();
      observe_files(&dead);
    };
    StoreLife life(places, random_steps(kSeed, kSteps), {killed, failed});
    fail_file_operations(fault.operation, fault.suffix, after, fault.code, once ? 1 : 1'000'000);
    life.run();
    failed();
    EXPECT_EQ(life.problem(), "") << fault.name << ", number " << after << (once ? ", once" : ", and all after it");
    doubts_ += life.unknown();
    life.close();
    EXPECT_EQ(problem_of_left_store(places, life.expected(), life.sure(), life.begun()), "")
        << fault.name << ", number " << after << (once ? ", once" : ", and all after it");
    return reached;
  }

  int doubts_ = 0;
};

TEST_P(SqliteFaultsTest, NothingIsLostAndAllGoesOn) {
  const bool thorough = std::getenv("POWER_SEEDS") != nullptr;
  int faults = 0;
  bool reached = true;
  for (int after = 0; reached && !testing::Test::HasFailure(); after += thorough ? 1 + after / 50 : 1 + after / 3) {
    reached = live_through(after, true);
    faults += reached;
    faults += live_through(after, false);
  }
  EXPECT_GT(faults, 1);
  std::cout << "faults: " << GetParam().name << ": " << faults << " injected, " << doubts_
            << " restarts after a commit in doubt, nothing lost\n";
}
INSTANTIATE_TEST_SUITE_P(All, SqliteFaultsTest, testing::ValuesIn(kFaults));

}  // namespace
}  // namespace limehook::store
