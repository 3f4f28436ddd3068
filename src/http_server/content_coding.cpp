#include "http_server/content_coding.hpp"

#define ZLIB_CONST  // inputs are not written
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "base/ascii.hpp"

namespace limehook::http_server {
namespace {

using Problem = std::unexpected<DecodeProblem>;

constexpr int kWindowBits = 15;
constexpr int kGzip = 16;  // added to the bits: a gzip header and nothing else

class Inflater {
 public:
  explicit Inflater(ContentCoding coding) : ready_(open(coding)) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }

  std::expected<std::string, DecodeProblem> decode(std::string_view body, std::size_t bytes_max) {
    constexpr std::size_t kPieceBytes = 64 * 1024;
    if (!ready_) return Problem(DecodeProblem::Damaged);
    stream_.next_in = reinterpret_cast<const Bytef*>(body.data());
    stream_.avail_in = static_cast<uInt>(body.size());
    std::string out;
    while (true) {
      const std::size_t before = out.size();
      // One byte more than may be tells that there is more.
      out.resize(std::min(before + kPieceBytes, bytes_max + 1));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(out.size() - before);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      out.resize(out.size() - stream_.avail_out);
      if (out.size() > bytes_max) return Problem(DecodeProblem::TooLarge);
      if (code == Z_STREAM_END && stream_.avail_in == 0) return out;
      // A gzip file may be several, one behind the other.
      if (code == Z_STREAM_END && inflateReset(&stream_) == Z_OK) continue;
      if (code != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0)) return Problem(DecodeProblem::Damaged);
    }
  }

 private:
  bool open(ContentCoding coding) {
    return inflateInit2(&stream_, kWindowBits + (coding == ContentCoding::Gzip ? kGzip : 0)) == Z_OK;
  }

  z_stream stream_{};
  bool ready_;
};

}  // namespace

std::optional<ContentCoding> content_coding(std::string_view header) {
  while (header.starts_with(' ') || header.starts_with('\t')) header.remove_prefix(1);
  while (header.ends_with(' ') || header.ends_with('\t')) header.remove_suffix(1);
  if (header.empty() || ascii::same(header, "identity")) return ContentCoding::Identity;
  if (ascii::same(header, "gzip") || ascii::same(header, "x-gzip")) return ContentCoding::Gzip;
  if (ascii::same(header, "deflate")) return ContentCoding::Deflate;
  return std::nullopt;
}

std::expected<std::string, DecodeProblem> decode(ContentCoding coding, std::string_view body, std::size_t bytes_max) {
  if (coding != ContentCoding::Identity) return Inflater(coding).decode(body, bytes_max);
  if (body.size() > bytes_max) return Problem(DecodeProblem::TooLarge);
  return std::string(body);
}

}  // namespace limehook::http_server
