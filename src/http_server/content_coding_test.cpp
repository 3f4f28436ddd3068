#include "http_server/content_coding.hpp"

#include <gtest/gtest.h>
#define ZLIB_CONST  // inputs are not written
#include <zlib.h>

namespace limehook::http_server {
namespace {

std::string compressed(std::string_view text, bool gzip) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, gzip ? 15 + 16 : 15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

TEST(ContentCoding, KnowsWhatIsTaken) {
  EXPECT_EQ(content_coding(""), ContentCoding::Identity);
  EXPECT_EQ(content_coding(" Identity "), ContentCoding::Identity);
  EXPECT_EQ(content_coding("GZip"), ContentCoding::Gzip);
  EXPECT_EQ(content_coding("x-gzip"), ContentCoding::Gzip);
  EXPECT_EQ(content_coding("deflate"), ContentCoding::Deflate);
  for (const char* other : {"br", "zstd", "gzip, gzip", "gzip;q=1", "compress", "aes128gcm"}) {
    EXPECT_EQ(content_coding(other), std::nullopt) << other;
  }
}

// Goal: the limit counts decoded bytes, to the byte, and holds for what would become a thousand times as much.
TEST(ContentCoding, DecodesWithinTheLimit) {
  const std::string text(100'000, 'x');
  for (const bool gzip : {true, false}) {
    const auto coding = gzip ? ContentCoding::Gzip : ContentCoding::Deflate;
    const auto body = compressed(text, gzip);
    EXPECT_EQ(decode(coding, body, text.size()), text);
    EXPECT_EQ(decode(coding, body, text.size() - 1), std::unexpected(DecodeProblem::TooLarge));
    EXPECT_EQ(decode(coding, compressed("", gzip), 10), "");
    const auto bomb = compressed(std::string(50'000'000, '\0'), gzip);
    EXPECT_EQ(decode(coding, bomb, 1000), std::unexpected(DecodeProblem::TooLarge));
  }
  EXPECT_EQ(decode(ContentCoding::Gzip, compressed("one,", true) + compressed("two", true), 7), "one,two");
  EXPECT_EQ(decode(ContentCoding::Identity, "plain", 5), "plain");
  EXPECT_EQ(decode(ContentCoding::Identity, "plain", 4), std::unexpected(DecodeProblem::TooLarge));
}

// Goal: whatever is cut off, changed or something else is refused, and nothing of it is taken.
TEST(ContentCoding, RefusesWhatIsDamaged) {
  const auto body = compressed("some text that is not so short", true);
  const std::unexpected damaged(DecodeProblem::Damaged);
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(decode(ContentCoding::Gzip, body.substr(0, size), 1000), damaged) << size;
  }
  auto changed = body;
  changed[body.size() / 2] ^= 0x55;
  EXPECT_EQ(decode(ContentCoding::Gzip, changed, 1000), damaged);
  EXPECT_EQ(decode(ContentCoding::Gzip, R"({"event":"missed_call"})", 1000), damaged);
  EXPECT_EQ(decode(ContentCoding::Gzip, compressed("zlib", false), 1000), damaged);
  EXPECT_EQ(decode(ContentCoding::Gzip, body + "and more", 1000), damaged);
}

}  // namespace
}  // namespace limehook::http_server
