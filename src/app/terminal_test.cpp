#include "app/terminal.hpp"

#include <gtest/gtest.h>

namespace limehook::app {
namespace {

TEST(Printable, NothingSteersTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\tc\x7f"), "a?[2Jb?  c?");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "2Jb"),
            "a?2Jb")
      << "a control sequence introducer in UTF-8";
  EXPECT_EQ(printable("Zoë 🙏"), "Zoë 🙏");
}

TEST(Padded, CountsCharactersNotBytes) {
  EXPECT_EQ(padded("Zoë", 5), "Zoë  ");
  EXPECT_EQ(padded("too long", 3), "too long");
}

TEST(Shortened, KeepsWholeCharacters) {
  EXPECT_EQ(shortened("Zoëëë", 5), "Zoëëë");
  EXPECT_EQ(shortened("Zoëëëë", 4), "Zoë…");
}

}  // namespace
}  // namespace limehook::app
