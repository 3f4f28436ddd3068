#include "base/text_direction.hpp"

#include <gtest/gtest.h>

namespace limehook::text_direction {
namespace {

// Goal: what cannot turn anything stays as it is, byte for byte: numbers are copied out of messages.
TEST(TextDirection, LeavesTheRestAlone) {
  for (const char* const text :
       {"", "CRM", "+1 (202) 555-0143", "Zoë 🙏", "日本", "a\u200Eb", "a\xFF\xC3", "a\u2066b\u2069"}) {
    EXPECT_EQ(isolated(text), text);
  }
}

// Goal: letters from right to left are between marks that end with the text.
TEST(TextDirection, IsolatesLettersFromRightToLeft) {
  EXPECT_EQ(isolated("שלום"), "\u2068שלום\u2069");
  EXPECT_EQ(isolated("CRM مكتب 5"), "\u2068CRM مكتب 5\u2069");
  EXPECT_EQ(isolated("a\u200F"), "\u2068a\u200F\u2069");
  EXPECT_EQ(isolated("𐤀"), "\u2068𐤀\u2069");
}

// Goal: no mark in a text reaches beyond it, and none is left that waits for its end.
TEST(TextDirection, EndsMarks) {
  EXPECT_EQ(isolated("CRM\u202E txet"), "CRM txet");
  EXPECT_EQ(isolated("CRM\u202E txet", "?"), "CRM? txet");
  EXPECT_EQ(isolated("a\u202Ab\u202Cc"), "abc");
  EXPECT_EQ(isolated("a\u2069b\u2067c"), "abc");
  EXPECT_EQ(isolated("a\u2067ש"), "\u2068aש\u2069");
  EXPECT_EQ(isolated("ש\u2069\u202Etxet"), "\u2068שtxet\u2069") << "its end must not be the outer one's";
}

// Goal: each paragraph stands for itself, as the algorithm has it.
TEST(TextDirection, TakesLinesOneByOne) {
  EXPECT_EQ(isolated("שלום\nyes\u2067\u2029עולם\n"), "\u2068שלום\u2069\nyes\u2029\u2068עולם\u2069\n");
}

// Goal: what is put together of isolated texts can be isolated again.
TEST(TextDirection, TwiceIsOnce) {
  const auto once = isolated("שלום");
  EXPECT_EQ(isolated(once), once);
  EXPECT_EQ(isolated("name: " + once + " → " + once), "name: " + once + " → " + once);
}

}  // namespace
}  // namespace limehook::text_direction
