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

TEST(Printable, NothingTurnsTheLine) {
  EXPECT_EQ(printable("CRM\u202E txet"), "CRM? txet");
  EXPECT_EQ(printable("שלום"), "\u2068שלום\u2069");
  EXPECT_EQ(printable(printable("שלום")), printable("שלום"));
}

TEST(ShellWord, RunsNothing) {
  EXPECT_EQ(shell_word("lh_Ab-1"), "lh_Ab-1");
  EXPECT_EQ(shell_word("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's $(x) `y` !z"), "'it'\\''s $(x) `y` !z'");
}

TEST(Padded, CountsCharactersNotBytes) {
  EXPECT_EQ(padded("Zoë", 5), "Zoë  ");
  EXPECT_EQ(padded("too long", 3), "too long");
  EXPECT_EQ(padded(printable("שלום"), 5), "\u2068שלום\u2069 ") << "marks take no room";
}

TEST(Shortened, KeepsWholeCharacters) {
  EXPECT_EQ(shortened("Zoëëë", 5), "Zoëëë");
  EXPECT_EQ(shortened("Zoëëëë", 4), "Zoë…");
  EXPECT_EQ(shortened(printable("שלום עולם"), 4), "\u2068שלו…\u2069");
}

}  // namespace
}  // namespace limehook::app
