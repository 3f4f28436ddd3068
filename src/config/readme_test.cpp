// Holds the table of options in README.md against the table in options.cpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "config/options.hpp"

namespace limehook::config {
namespace {

// The table's rows about options: those that begin with a flag.
std::vector<std::string> documented_rows() {
  std::ifstream readme(LIMEHOOK_README);
  std::vector<std::string> rows;
  for (std::string line; std::getline(readme, line);) {
    if (line.starts_with("| `--")) rows.push_back(line);
  }
  return rows;
}

std::string row_of(const Option& option) {
  const auto placeholder = option.placeholder.empty() ? std::string() : " " + std::string(option.placeholder);
  return "| `" + option.flag() + placeholder + "` | " + std::string(option.default_text) +
         (option.default_text.empty() ? "| " : " | ") + std::string(option.help) + " |";
}

TEST(Readme, HasARowForEachOptionAsTheHelpTellsIt) {
  const auto rows = documented_rows();
  for (const Option& option : options()) {
    EXPECT_NE(std::ranges::find(rows, row_of(option)), rows.end()) << "missing in README.md:\n" << row_of(option);
  }
}

TEST(Readme, HasNoRowForWhatIsNoOption) { EXPECT_EQ(documented_rows().size(), options().size()); }

}  // namespace
}  // namespace limehook::config
