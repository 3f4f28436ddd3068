#include "http_client/response_text.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <memory>
#include <optional>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kExcerptBytes = 160;

// How zlib is told what to expect.
constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;
constexpr int kRawDeflate = -15;

struct Inflated {
  std::string text;
  bool whole = false;   // its end has been read
  bool broken = false;  // what came after `text` is not in the coding
};

// The limit bounds what is made of a small input that stands for a large output.
Inflated inflated(std::string_view body, int window_bits) {
  Inflated result;
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return result;
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> owner(&stream, &inflateEnd);
  result.text.resize(limits::kResponseBodyBytesMax + 1);  // one more tells whether there is more
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.text.data());
  stream.avail_out = static_cast<uInt>(result.text.size());
  int step = inflate(&stream, Z_SYNC_FLUSH);
  // RFC 1952 section 2.2: one gzip file may follow another.
  while (step == Z_STREAM_END && window_bits == kGzip && stream.avail_in > 0 && stream.avail_out > 0) {
    if (inflateReset(&stream) != Z_OK) break;
    step = inflate(&stream, Z_SYNC_FLUSH);
  }
  result.text.resize(result.text.size() - stream.avail_out);
  result.whole = step == Z_STREAM_END;
  result.broken = !result.whole && step != Z_OK && step != Z_BUF_ERROR;
  return result;
}

std::optional<Inflated> decoded(std::string_view body, std::string_view coding) {
  if (ascii::same(coding, "gzip") || ascii::same(coding, "x-gzip")) return inflated(body, kGzip);
  if (!ascii::same(coding, "deflate")) return std::nullopt;
  // It should be zlib's format, and is raw with some (RFC 9110 section 8.4.1.2).
  if (auto result = inflated(body, kZlib); !result.broken || !result.text.empty()) return result;
  auto result = inflated(body, kRawDeflate);
  if (result.broken) result.text.clear();  // nearly any bytes begin like it
  return result;
}

// Without those that change nothing.
std::string codings_in(std::string_view list) {
  std::string codings;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto coding = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (coding.starts_with(' ') || coding.starts_with('\t')) coding.remove_prefix(1);
    while (coding.ends_with(' ') || coding.ends_with('\t')) coding.remove_suffix(1);
    if (coding.empty() || ascii::same(coding, "identity")) continue;
    codings.append(codings.empty() ? "" : ", ").append(coding);
  }
  return codings;
}

}  // namespace

void decode_body(std::string& body, bool& cut, std::string_view content_encoding) {
  const auto coding = codings_in(content_encoding);
  if (coding.empty() || body.empty()) return;
  auto result = decoded(body, coding);
  if (!result) {
    body = fmt::format("[{}{} bytes, Content-Encoding: {}]", cut ? "more than " : "", body.size(), excerpt_of(coding));
    return;
  }
  if (result->text.empty() && !result->whole) return;
  cut = !result->whole || result->text.size() > limits::kResponseBodyBytesMax;
  body = std::move(result->text);
  if (body.size() > limits::kResponseBodyBytesMax) body.resize(limits::kResponseBodyBytesMax);
}

std::string excerpt_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, kExcerptBytes)) {
    if (c == '\r') text += "\\r";
    else if (c == '\n') text += "\\n";
    else if (c == '\t') text += "\\t";
    else if (c >= ' ' && c <= '~') text += c;
    else text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace limehook::http_client
