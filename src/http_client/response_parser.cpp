#include "http_client/response_parser.hpp"

#include <algorithm>
#include <charconv>

#include "base/limits.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kChunkLineBytesMax = 4 * 1024;  // with its extensions

// A line of chunked framing with its end; empty: it is not whole yet. Unlike those of heads, these lines end with CRLF:
// where one chunk ends and the next begins must not be open to guessing, and nothing is lost by refusing, for the
// status is known.
std::string_view line_of(std::string_view bytes) {
  const auto feed = bytes.find('\n');
  return feed == std::string_view::npos ? std::string_view() : bytes.substr(0, feed + 1);
}

bool ends_as_it_should(std::string_view line) {
  return line.ends_with("\r\n") && line.find('\r') == line.size() - 2 && !line.contains('\0');
}

}  // namespace

std::size_t ResponseParser::put(std::string_view bytes) {
  std::size_t taken = 0;
  while (part_ < Part::Done) {
    const Part before = part_;
    const auto size = take(bytes.substr(taken));
    taken += size;
    if (size == 0 && part_ == before) break;
  }
  return taken;
}

std::size_t ResponseParser::take(std::string_view bytes) {
  switch (part_) {
    case Part::Head:
      return take_head(bytes);
    case Part::WithLength:
      return take_data(bytes, Part::Done);
    case Part::UntilClose:
      left_ = bytes.size();
      return take_data(bytes, Part::UntilClose);
    case Part::ChunkSize:
      return take_chunk_size(bytes);
    case Part::ChunkData:
      return take_data(bytes, Part::ChunkEnd);
    case Part::ChunkEnd:
      return take_chunk_end(bytes);
    case Part::Trailer:
      return take_trailer(bytes);
    case Part::Done:
    case Part::Cut:
    case Part::FailedHead:
    case Part::FailedBody:
      break;
  }
  return 0;
}

std::size_t ResponseParser::fail(Part part, std::string why) {
  part_ = part;
  error_ = std::move(why);
  return 0;
}

std::size_t ResponseParser::refuse_body(std::string_view why) {
  return fail(Part::FailedBody, "the response body is malformed: " + std::string(why));
}

// Answers 0 while the empty line is missing. Looks at each byte once, however the bytes arrive.
std::size_t ResponseParser::head_size(std::string_view bytes) {
  for (;;) {
    const auto feed = bytes.find('\n', scanned_);
    if (feed == std::string_view::npos) {
      scanned_ = bytes.size();
      return 0;
    }
    const auto line = bytes.substr(line_begin_, feed - line_begin_);
    scanned_ = line_begin_ = feed + 1;
    if (line.empty() || line == "\r") return feed + 1;
  }
}

std::size_t ResponseParser::take_head(std::string_view bytes) {
  if (!may_begin_head(bytes)) return fail(Part::FailedHead, "the answer is not HTTP/1.1");
  const auto size = head_size(bytes);
  if ((size == 0 ? bytes.size() : size) > limits::kResponseHeadBytesMax) {
    return fail(Part::FailedHead, "the response head is too long");
  }
  if (size == 0) return 0;
  if (auto read = read_response_head(bytes.substr(0, size), head_); !read) {
    return fail(Part::FailedHead, std::move(read.error()));
  }
  if (body_wanted_ == Body::None || head_.has_no_body()) {
    part_ = Part::Done;
  } else if (head_.chunked && !head_.other_transfer_coding) {
    part_ = Part::ChunkSize;
  } else if (head_.content_length) {
    left_ = *head_.content_length;
    part_ = left_ == 0 ? Part::Done : Part::WithLength;
  } else {
    part_ = Part::UntilClose;
  }
  return size;
}

// Takes of the `left_` bytes what is there; `next` comes after them.
std::size_t ResponseParser::take_data(std::string_view bytes, Part next) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const auto kept = std::min(size, limits::kResponseBodyBytesMax - body_.size());
  body_.append(bytes.substr(0, kept));
  left_ -= size;
  if (kept < size) part_ = Part::Cut;
  else if (left_ == 0) part_ = next;
  return size;
}

// RFC 9112 section 7.1.
std::size_t ResponseParser::take_chunk_size(std::string_view bytes) {
  const auto line = line_of(bytes);
  if ((line.empty() ? bytes.size() : line.size()) > kChunkLineBytesMax) {
    return refuse_body("the line before a chunk is too long");
  }
  if (line.empty()) return 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
  auto rest = line.substr(static_cast<std::size_t>(parsed.ptr - line.data()));
  rest.remove_prefix(rest.find_first_not_of(" \t"));
  const bool ends = rest.front() == ';' || rest == "\r\n";
  if (parsed.ec != std::errc() || !ends || !ends_as_it_should(line)) {
    return refuse_body("the size of a chunk cannot be read");
  }
  part_ = left_ == 0 ? Part::Trailer : Part::ChunkData;
  return line.size();
}

std::size_t ResponseParser::take_chunk_end(std::string_view bytes) {
  static constexpr std::string_view kEnd = "\r\n";
  if (kEnd.substr(0, bytes.size()) != bytes.substr(0, kEnd.size())) {
    return refuse_body("a chunk is longer than its size says");
  }
  if (bytes.size() < kEnd.size()) return 0;
  part_ = Part::ChunkSize;
  return kEnd.size();
}

// Trailer fields are not kept.
std::size_t ResponseParser::take_trailer(std::string_view bytes) {
  const auto line = line_of(bytes);
  if (trailer_size_ + (line.empty() ? bytes.size() : line.size()) > limits::kResponseHeadBytesMax) {
    return refuse_body("its trailer is too long");
  }
  if (line.empty()) return 0;
  if (!ends_as_it_should(line) || (line != "\r\n" && !line.contains(':'))) {
    return refuse_body("its trailer cannot be read");
  }
  trailer_size_ += line.size();
  if (line == "\r\n") part_ = Part::Done;
  return line.size();
}

}  // namespace limehook::http_client
