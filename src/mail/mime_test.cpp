#include "mail/mime.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "signing/signing.hpp"

namespace limehook::mail {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos) {
      lines.push_back(text.substr(at));
      break;
    }
    lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

// What a reader makes of quoted-printable (RFC 2045, section 6.7).
std::string read_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      if (text[i] != '\r') out += text[i];
    } else if (text.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

// What a reader makes of encoded words in base64 (RFC 2047).
std::string read_encoded_words(const std::string& text) {
  std::string out;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    EXPECT_LE(word.size(), 75U);
    EXPECT_THAT(word, testing::AllOf(StartsWith("=?UTF-8?B?"), testing::EndsWith("?=")));
    const auto digits = word.substr(10, word.size() - 12);
    const std::string bytes = signing::base64_decode(digits).value_or("\x80");
    // Every word must be readable by itself.
    EXPECT_NE(static_cast<unsigned char>(bytes.front()) & 0xC0, 0x80) << "a word begins inside of a character";
    out += bytes;
  }
  return out;
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

Draft draft() {
  return {.from = "limehook@example.com",
          .to = {"a@example.com"},
          .subject = "Hello",
          .text = "One\nTwo\n",
          .date = *parse_rfc3339("2026-11-03T08:05:09Z"),
          .message_id = "abc@example.com"};
}

// Goal: a message has the parts that RFC 5322 and MIME want, each once. Method: compare the whole of a small one.
TEST(Render, IsAWholeMessage) {
  EXPECT_EQ(render(draft()),
            "From: Limehook <limehook@example.com>\r\n"
            "To: a@example.com\r\n"
            "Subject: Hello\r\n"
            "Date: Tue, 03 Nov 2026 08:05:09 +0000\r\n"
            "Message-ID: <abc@example.com>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "One\r\nTwo\r\n");
}

TEST(Render, FoldsManyRecipients) {
  auto one = draft();
  one.to = {"a@example.com", "b@example.com"};
  EXPECT_THAT(render(one), HasSubstr("To: a@example.com,\r\n b@example.com\r\n"));
}

// Goal: a subject cannot add headers or begin the body. Method: line breaks of every kind in it.
TEST(Render, ASubjectStaysOneHeader) {
  for (const std::string& attack : {std::string("x\r\nBcc: b@example.com"), std::string("x\nBcc: b@example.com"),
                                    std::string("x\r\n\r\nbody"), std::string("x\0\ry", 4)}) {
    auto one = draft();
    one.subject = attack;
    const auto lines = lines_of(render(one));
    EXPECT_EQ(lines.size(), lines_of(render(draft())).size());
    for (const auto& line : lines) EXPECT_THAT(line, Not(StartsWith("Bcc")));
    for (const auto& line : lines) EXPECT_EQ(line.find_first_of(std::string("\r\n\0", 3)), std::string::npos);
  }
}

// Goal: any text comes through a header whole, in lines of legal length. Method: decode what was encoded.
TEST(HeaderText, ComesThroughWhole) {
  EXPECT_EQ(header_text("plain", 9), "plain");
  for (const std::string& text : {std::string("Grüße"), repeated("ü", 200), repeated("a🙂", 100), repeated("long ", 60),
                                  std::string(300, 'x'), std::string("=?UTF-8?Q?looks_encoded?=")}) {
    const auto header = header_text(text, 9);
    EXPECT_EQ(read_encoded_words(header), text);
    for (const auto& line : lines_of("Subject: " + header)) EXPECT_LE(line.size(), 78U);
  }
}

TEST(HeaderText, TakesWhatIsNotUtf8) {
  EXPECT_FALSE(header_text(std::string(200, '\x80'), 9).empty());
  EXPECT_EQ(header_text("", 9), "");
}

// Goal: any text comes through the body whole, in lines of at most 76 characters. Method: decode what was encoded.
TEST(QuotedPrintable, ComesThroughWhole) {
  for (const std::string& text :
       {std::string("plain\n"), std::string("trailing space \nand tab\t\n \n"), repeated("x", 1000) + "\n",
        repeated("ü", 300) + "\n", repeated("=", 100), std::string(".\n.lone dot\n..\n"), std::string("\0\x01\x7f", 3),
        std::string("\r\nBcc: a@b.c\r\n.\r\n"), repeated("word and ", 50)}) {
    const auto encoded = quoted_printable(text);
    for (const auto& line : lines_of(encoded)) {
      EXPECT_LE(line.size(), 76U);
      EXPECT_THAT(line, Not(testing::EndsWith(" ")));
      EXPECT_THAT(line, Not(StartsWith(".")));
    }
    EXPECT_EQ(read_quoted_printable(encoded), text);
  }
}

TEST(FormatDate, IsRfc5322) {
  EXPECT_EQ(format_date(from_us(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(format_date(*parse_rfc3339("2028-02-29T23:59:59.999Z")), "Tue, 29 Feb 2028 23:59:59 +0000");
}

}  // namespace
}  // namespace limehook::mail
