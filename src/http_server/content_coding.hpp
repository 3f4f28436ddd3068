#pragma once
// Request bodies that come compressed (RFC 9110, section 8.4).

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace limehook::http_server {

enum class ContentCoding : std::uint8_t { Identity, Gzip, Deflate };

// The one coding that a Content-Encoding header names; an empty header is Identity. Nothing for codings that are not
// taken, and for several one after the other.
std::optional<ContentCoding> content_coding(std::string_view header);

// What Accept-Encoding says in answers of 415.
inline constexpr std::string_view kCodingsTaken = "gzip, deflate, identity";

enum class DecodeProblem : std::uint8_t {
  Damaged,   // not what its coding says, or cut off
  TooLarge,  // it becomes more than `bytes_max` bytes
};

// The decoded body, at most `bytes_max` bytes long: no more than that is ever made, whatever the body would become.
std::expected<std::string, DecodeProblem> decode(ContentCoding coding, std::string_view body, std::size_t bytes_max);

}  // namespace limehook::http_server
