#include "http_client/response_text.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/limits.hpp"

namespace limehook::http_client {
namespace {

// Window bits as zlib wants them: 31 gzip, 15 zlib, -15 raw.
std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct Shown {
  std::string body;
  bool cut;
  bool operator==(const Shown&) const = default;
};

Shown shown(std::string body, std::string_view coding, bool cut = false) {
  decode_body(body, cut, coding);
  return {body, cut};
}

constexpr std::string_view kText = R"({"error":"no contact with +1234567890"})";

TEST(DecodedBody, IsWhatWasMeant) {
  const Shown text{std::string(kText), false};
  EXPECT_EQ(shown(deflated(kText, 31), "gzip"), text);
  EXPECT_EQ(shown(deflated(kText, 31), "X-GZip"), text);
  EXPECT_EQ(shown(deflated(kText, 31), "identity, gzip"), text);
  EXPECT_EQ(shown(deflated(kText, 15), "deflate"), text);
  EXPECT_EQ(shown(deflated(kText, -15), "deflate"), text);
  EXPECT_EQ(shown(std::string(kText), ""), text);
  EXPECT_EQ(shown(std::string(kText), "identity"), text);
  EXPECT_EQ(shown("", "gzip"), (Shown{"", false}));
  EXPECT_EQ(shown(deflated("", 31), "gzip"), (Shown{"", false}));
  EXPECT_EQ(shown(deflated("one ", 31) + deflated("two", 31), "gzip"), (Shown{"one two", false}));
}

// Goal: however much a small body stands for, no more is made of it than the log keeps.
TEST(DecodedBody, KeepsTheLimit) {
  const std::string zeros(10'000'000, '0');
  const auto bomb = deflated(zeros, 31);
  ASSERT_LT(bomb.size(), limits::kResponseBodyBytesMax);
  EXPECT_EQ(shown(bomb, "gzip"), (Shown{zeros.substr(0, limits::kResponseBodyBytesMax), true}));
  const auto fitting = zeros.substr(0, limits::kResponseBodyBytesMax);
  EXPECT_EQ(shown(deflated(fitting, 15), "deflate"), (Shown{fitting, false}));
  std::string members;
  while (members.size() < limits::kResponseBodyBytesMax) members += deflated(zeros.substr(0, 1000), 31);
  EXPECT_EQ(shown(members, "gzip").body.size(), limits::kResponseBodyBytesMax);
}

// Goal: what has arrived of a body is shown as far as it goes, and a body that is not what it says as it is.
TEST(DecodedBody, SurvivesDamage) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::to_string(i * 7919);
  const auto whole = deflated(text, 31);
  const auto half = shown(whole.substr(0, whole.size() / 2), "gzip", true);
  EXPECT_TRUE(half.cut);
  EXPECT_GT(half.body.size(), 1000u);
  EXPECT_TRUE(text.starts_with(half.body));
  auto damaged = whole;
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_TRUE(shown(damaged, "gzip").cut);
  for (const auto* coding : {"gzip", "deflate"}) {
    EXPECT_EQ(shown(std::string(kText), coding), (Shown{std::string(kText), false})) << coding;
  }
}

TEST(DecodedBody, NamesOtherCodings) {
  EXPECT_EQ(shown("\x8b\x02\x80", "br"), (Shown{"[3 bytes, Content-Encoding: br]", false}));
  EXPECT_EQ(shown("abc", "gzip,  zstd"), (Shown{"[3 bytes, Content-Encoding: gzip, zstd]", false}));
  EXPECT_EQ(shown("abc", "br", true), (Shown{"[more than 3 bytes, Content-Encoding: br]", true}));
}

TEST(Excerpt, IsPrintableAndShort) {
  EXPECT_EQ(excerpt_of("SSH-2.0-OpenSSH_9.2\r\n"), R"(SSH-2.0-OpenSSH_9.2\r\n)");
  EXPECT_EQ(excerpt_of(std::string_view("\x15\x03\0\tx\xff", 6)), R"(\x15\x03\x00\tx\xff)");
  EXPECT_EQ(excerpt_of(""), "");
  EXPECT_EQ(excerpt_of(std::string(5000, 'x')), std::string(160, 'x'));
}

}  // namespace
}  // namespace limehook::http_client
