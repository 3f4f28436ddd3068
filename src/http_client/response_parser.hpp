#pragma once
// Reads one response as its bytes arrive (RFC 9112), and what is kept of it: status, fields, the body's beginning.

#include <cstdint>
#include <string>
#include <string_view>

#include "http_client/response_head.hpp"

namespace limehook::http_client {

class ResponseParser {
 public:
  enum class Body {
    AsSaid,
    None,  // whatever the head says: of an answer to CONNECT (RFC 9110 section 9.3.6)
  };
  explicit ResponseParser(Body body = Body::AsSaid) : body_wanted_(body) {}

  // Takes what it can of `bytes` and answers how many those are. Others it wants again, with more behind them, or they
  // belong to what follows the response. Takes nothing once it is done, has failed or has cut the body.
  std::size_t put(std::string_view bytes);

  bool head_done() const { return part_ > Part::Head && part_ != Part::FailedHead; }
  bool done() const { return part_ == Part::Done; }
  bool failed() const { return part_ == Part::FailedHead || part_ == Part::FailedBody; }
  // What is wrong, for people, when it has failed.
  const std::string& error() const { return error_; }
  // Does the body end with the connection?
  bool ends_with_connection() const { return part_ == Part::UntilClose; }
  // The body was longer than what is kept.
  bool body_cut() const { return part_ == Part::Cut; }
  void cut_body() { part_ = Part::Cut; }  // nothing more of it is wanted

  // What has been read of the head. After head_done(), but for the status, which may be known when it has failed.
  const ResponseHead& head() const { return head_; }
  int status() const { return head_.status; }

  std::string take_fields() { return std::move(head_.fields); }
  std::string take_body() { return std::move(body_); }

 private:
  enum class Part {
    Head,
    WithLength,
    UntilClose,
    ChunkSize,
    ChunkData,
    ChunkEnd,
    Trailer,
    Done,
    Cut,
    FailedHead,
    FailedBody,
  };

  // Each takes what it can of `bytes` for its part, and may go on to the next one.
  std::size_t take(std::string_view bytes);
  std::size_t take_head(std::string_view bytes);
  std::size_t take_data(std::string_view bytes, Part next);
  std::size_t take_chunk_size(std::string_view bytes);
  std::size_t take_chunk_end(std::string_view bytes);
  std::size_t take_trailer(std::string_view bytes);
  std::size_t head_size(std::string_view bytes);
  std::size_t fail(Part part, std::string why);
  std::size_t refuse_body(std::string_view why);

  Part part_ = Part::Head;
  Body body_wanted_;
  ResponseHead head_;
  std::string body_;
  std::string error_;
  std::size_t line_begin_ = 0;  // in the head: of the line that has no end yet
  std::size_t scanned_ = 0;     // in the head: how far that line has been looked at
  std::uint64_t left_ = 0;      // of the body or of the chunk
  std::size_t trailer_size_ = 0;
};

}  // namespace limehook::http_client
