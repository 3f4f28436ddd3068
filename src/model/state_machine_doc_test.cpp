// Holds the table of statuses in docs/state_machine.md against kDeliveryStatuses.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "model/delivery.hpp"

namespace limehook {
namespace {

// The first two cells of the rows under the header "| status | open |".
std::vector<std::string> documented_statuses() {
  std::ifstream document(LIMEHOOK_STATE_MACHINE_DOC);
  std::vector<std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| status | open |")) inside = true;
    else if (!line.starts_with("|")) inside = false;
    else if (inside && line.starts_with("| `")) rows.push_back(line.substr(0, line.find('|', line.find('|', 1) + 1)));
  }
  return rows;
}

TEST(StateMachineDocument, HasEveryStatusInOrderAndSaysWhetherItIsOpen) {
  std::vector<std::string> expected;
  for (const DeliveryStatusInfo& info : kDeliveryStatuses) {
    expected.push_back("| `" + std::string(info.name) + "` | " + (info.open ? "yes" : "no") + " ");
  }
  EXPECT_EQ(documented_statuses(), expected);
}

}  // namespace
}  // namespace limehook
