// Damaged files: what is missing or wrong is told at the start or by check, never passed over, and nothing crashes.

#include <fstream>
#include <functional>
#include <iostream>

#include "random_steps.hpp"
#include "sqlite_fixture.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_bytes(const fs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

void flip(const fs::path& file, std::size_t offset) {
  std::string bytes = bytes_of(file);
  bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 0x10);
  put_bytes(file, bytes);
}

class SqliteDamageTest : public SqliteTest {
 protected:
  // A folder as it is when the server has been killed after commits, the last ones of which are in the log only.
  fs::path killed_store() {
    auto store = open();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(store->commit(batch_of(3)).status, CommitStatus::Committed);
    const fs::path copy = folder_.path() / "killed";
    fs::remove_all(copy);
    fs::copy(directory(), copy);
    store.reset();
    fs::remove_all(directory());
    return copy;
  }
  static std::expected<std::unique_ptr<SqliteStore>, std::string> start(const fs::path& directory) {
    return SqliteStore::open({.directory = directory, .index_segment_rows = 8});
  }
};

struct Damage {
  const char* name;
  std::function<void(const fs::path& directory)> make;
  const char* told;
};

// Goal: commits that were reported as durable do not vanish without a word when the log, or all, is damaged or gone.
TEST_F(SqliteDamageTest, MissingCommitsAreToldAtTheStartAndByCheck) {
  const auto log = [](const fs::path& directory) { return directory / "limehook.db-wal"; };
  const std::vector<Damage> damages{
      {"first frame", [&](const fs::path& d) { flip(log(d), 40); }, "damaged or cut off after 0 of"},
      {"frame in the middle", [&](const fs::path& d) { flip(log(d), fs::file_size(log(d)) / 2); },
       "damaged or cut off"},
      {"last frame", [&](const fs::path& d) { flip(log(d), fs::file_size(log(d)) - 9); }, "damaged or cut off"},
      {"header", [&](const fs::path& d) { flip(log(d), 17); }, "damaged header"},
      {"half of it", [&](const fs::path& d) { fs::resize_file(log(d), fs::file_size(log(d)) / 2); }, "cut off"},
      {"empty", [&](const fs::path& d) { fs::resize_file(log(d), 0); }, "is empty"},
      {"removed", [&](const fs::path& d) { fs::remove(log(d)); }, "is missing"},
      {"empty database", [&](const fs::path& d) { fs::resize_file(d / "limehook.db", 0); }, "is empty, and was not"},
      {"no database", [&](const fs::path& d) { fs::remove(d / "limehook.db"); }, "is missing, and there was one"},
  };
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.name);
    const fs::path killed = killed_store();
    damage.make(killed);
    const std::string log_before = bytes_of(log(killed));
    if (fs::exists(killed / "limehook.db")) {
      EXPECT_THAT(check_sqlite_store(killed), testing::Contains(HasSubstr(damage.told)));
    }
    for (int i = 0; i < 2; ++i) {
      const auto opened = start(killed);
      ASSERT_FALSE(opened);
      EXPECT_THAT(opened.error(), AllOf(HasSubstr(damage.told), HasSubstr("limehook.mark")));
    }
    EXPECT_EQ(bytes_of(log(killed)), log_before) << "the evidence is kept";
    fs::remove(killed / "limehook.mark");
    EXPECT_TRUE(start(killed)) << "the way out that the message names";
  }
}

// Goal: no false alarm, from what a kill, a power loss, a stop or a restored backup leaves.
TEST_F(SqliteDamageTest, WhatIsNotMissedIsNotTold) {
  const std::vector<Damage> harmless{
      {"nothing", [](const fs::path&) {}, ""},
      {"a commit that was being written",
       [](const fs::path& d) {
         std::ofstream(d / "limehook.db-wal", std::ios::binary | std::ios::app) << std::string(20'000, 'x');
       },
       ""},
      {"a header torn while the log started over, all of it having been moved",
       [](const fs::path& d) {
         {
           sqlite::Database db(d / "limehook.db", sqlite::OpenMode::Existing);
           db.leave_log_at_close();
           db.number("PRAGMA wal_checkpoint(PASSIVE)");
         }
         flip(d / "limehook.db-wal", 17);
       },
       ""},
      {"no mark", [](const fs::path& d) { fs::remove(d / "limehook.mark"); }, ""},
      {"a garbled mark", [](const fs::path& d) { flip(d / "limehook.mark", 17); }, ""},
      {"a mark that was cut off", [](const fs::path& d) { fs::resize_file(d / "limehook.mark", 3); }, ""},
  };
  for (const Damage& damage : harmless) {
    SCOPED_TRACE(damage.name);
    const fs::path killed = killed_store();
    damage.make(killed);
    EXPECT_THAT(check_sqlite_store(killed), IsEmpty());
    for (int i = 0; i < 2; ++i) {  // the second time after a stop
      const auto opened = start(killed);
      ASSERT_TRUE(opened) << opened.error();
      EXPECT_EQ(event_count(**opened), 15U);
    }
  }
}

TEST_F(SqliteDamageTest, CheckLeavesTheLogOfAKilledServerAsItIs) {
  const fs::path killed = killed_store();
  const std::string before = bytes_of(killed / "limehook.db-wal");
  EXPECT_THAT(check_sqlite_store(killed), IsEmpty());
  EXPECT_EQ(bytes_of(killed / "limehook.db-wal"), before);
}

// Goal: what is written to files that nobody will find again is not reported as durable.
TEST_F(SqliteDamageTest, MovedFilesTakeNoCommits) {
  for (const char* const name : {"limehook.db", "limehook.db-wal"}) {
    SCOPED_TRACE(name);
    auto store = open();
    ASSERT_EQ(store->commit(batch_of(1)).status, CommitStatus::Committed);
    const std::size_t count = event_count(*store);
    fs::rename(directory() / name, directory() / "elsewhere");
    const CommitResult result = store->commit(batch_of(1));
    EXPECT_EQ(result.status, CommitStatus::Failed);
    EXPECT_THAT(result.error, AllOf(HasSubstr(name), HasSubstr("moved or deleted")));
    EXPECT_EQ(store->commit({}).status, CommitStatus::Failed);
    fs::rename(directory() / "elsewhere", directory() / name);
    EXPECT_EQ(store->commit(batch_of(1)).status, CommitStatus::Committed);
    EXPECT_EQ(event_count(*store), count + 1);
    store.reset();
    EXPECT_EQ(event_count(*open()), count + 1);
  }
}

struct Sweep {
  const char* name;
  std::function<void(std::string& page, Prng&)> damage;
  double found_at_least;  // share of the pages
};

// Goal: single damaged pages crash nothing and are found by check as well as SQLite without checksums of pages allows.
TEST_F(SqliteDamageTest, DamagedPagesAreFoundOrHarmless) {
  const std::vector<Sweep> sweeps{
      {"zeros", [](std::string& page, Prng&) { page.assign(page.size(), '\0'); }, 0.9},
      {"noise",
       [](std::string& page, Prng& random) {
         for (char& c : page) c = static_cast<char>(random.below(256));
       },
       0.9},
      {"half of another page",
       [](std::string& page, Prng&) { page.replace(0, page.size() / 2, page, page.size() / 2, page.size() / 2); }, 0.9},
      {"one bit", [](std::string& page, Prng& random) { page[random.below(page.size())] ^= 0x20; }, 0.0},
  };
  constexpr std::size_t kPage = 4096;
  {
    SqliteOptions small = options();
    small.page_bytes = kPage;
    auto store = open(small);
    for (const StoreStep& step : random_steps(5, 60)) {
      if (step.kind == StoreStep::Kind::Commit) store->commit(step.batch);
      if (step.kind == StoreStep::Kind::Maintain) store->maintain(step.bound);
    }
  }
  const std::string good = bytes_of(file());
  const vault::Vault vault(vault::load_keys({}, directory() / vault::kKeyFileName).value());
  ASSERT_THAT(check_sqlite_store(directory(), &vault), IsEmpty());
  Prng random(1);
  for (const Sweep& sweep : sweeps) {
    int changed = 0;
    int found = 0;
    int refused = 0;
    for (std::size_t at = 0; at < good.size(); at += kPage) {
      std::string page = good.substr(at, kPage);
      sweep.damage(page, random);
      if (good.compare(at, kPage, page) == 0) continue;
      ++changed;
      put_bytes(file(), std::string(good).replace(at, kPage, page));
      const bool told = !check_sqlite_store(directory(), &vault).empty();
      found += told;
      const auto store = SqliteStore::open(options());
      refused += !store;
      if (!store) continue;
      try {
        contents_of(**store);
      } catch (const StoreError&) {
        EXPECT_TRUE(told) << "page " << at / kPage << " cannot be read, and check finds nothing";
      }
    }
    put_bytes(file(), good);
    std::cout << "damage: " << sweep.name << ": " << changed << " pages, " << found << " found by check, " << refused
              << " refused at the start\n";
    EXPECT_GE(found, sweep.found_at_least * changed) << sweep.name;
  }
}

}  // namespace
}  // namespace limehook::store
