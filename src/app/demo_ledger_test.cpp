#include "app/demo_ledger.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

namespace limehook::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class Ledger : public testing::Test {
 protected:
  Ledger() {
    std::string pattern = (std::filesystem::temp_directory_path() / "limehook-ledger-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Ledger() override { std::filesystem::remove_all(folder_); }
  DemoLedger open() const { return DemoLedger::open(folder_ / "ledger").value(); }
  std::filesystem::path folder_;
};

TEST_F(Ledger, AnEventWaitsUntilAllItsDeliveriesHaveEnded) {
  auto ledger = open();
  ledger.note_accepted("evt_1", 2);
  ledger.note_accepted("evt_2", 1);
  ledger.note_accepted("evt_3", 0);
  ledger.note_ended("evt_1");
  ledger.note_ended("evt_unknown");
  EXPECT_THAT(ledger.waiting(), ElementsAre(Pair("evt_1", 1), Pair("evt_2", 1)));
  ledger.note_ended("evt_1");
  ledger.note_settled("evt_2");
  EXPECT_THAT(ledger.waiting(), IsEmpty());
}

// Goal: a kill at any moment loses nothing but the line being written. Method: copy the file without closing, with a
// torn line at its end, and open the copy.
TEST_F(Ledger, SurvivesAKill) {
  auto killed = open();
  killed.note_accepted("evt_1", 2);
  killed.note_accepted("evt_2", 3);
  killed.note_ended("evt_2");
  std::ofstream(folder_ / "ledger", std::ios::app) << "accep";
  const auto ledger = open();
  EXPECT_THAT(ledger.waiting(), ElementsAre(Pair("evt_1", 2), Pair("evt_2", 2)));
  EXPECT_THAT(open().waiting(), ElementsAre(Pair("evt_1", 2), Pair("evt_2", 2)));
}

TEST_F(Ledger, StaysSmall) {
  {
    auto ledger = open();
    for (int i = 0; i < 1000; ++i) {
      ledger.note_accepted("evt_" + std::to_string(i), 1);
      ledger.note_ended("evt_" + std::to_string(i));
    }
  }
  open();
  EXPECT_EQ(std::filesystem::file_size(folder_ / "ledger"), 0U);
}

TEST_F(Ledger, AFolderThatCannotBeWrittenIsAnError) { EXPECT_FALSE(DemoLedger::open(folder_ / "missing" / "ledger")); }

}  // namespace
}  // namespace limehook::app
