#include "http_server/answer_writer.hpp"

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "base/ascii.hpp"
#include "base/limits_more.hpp"

namespace limehook::http_server {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kNoStore = "\r\nCache-Control: no-store";
constexpr std::string_view kStrictTransport = "\r\nStrict-Transport-Security: max-age=31536000";
constexpr std::string_view kNoFrames = "\r\nX-Frame-Options: DENY";
constexpr std::string_view kPagePolicy =
    "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

bool has(const Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [&](const auto& header) { return ascii::same(header.first, name); });
}

}  // namespace

AnswerWriter::AnswerWriter(std::string_view server_name) {
  fixed_ = "\r\nServer: ";
  fixed_ += server_name;
  fixed_ +=
      "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer"
      "\r\nCross-Origin-Resource-Policy: same-origin\r\nDate: ";
}

std::string AnswerWriter::render(const Response& response, const AnswerForm& form) const {
  std::string out = render_head(response, form);
  if (!form.head_only) out += response.body;
  return out;
}

std::string AnswerWriter::render_head(const Response& response, const AnswerForm& form) const {
  std::string out;
  out.reserve(512 + (response.body.size() <= limits::kSmallAnswerBytes ? response.body.size() : 0));
  out += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += http::obsolete_reason(static_cast<http::status>(response.status));
  out += fixed_;
  out += date_.now();
  if (response.status != 204 && response.status != 304) {
    out += "\r\nContent-Type: ";
    out += response.content_type;
    if (!response.stream) out += "\r\nContent-Length: " + std::to_string(response.body.size());
    else if (form.chunks) out += "\r\nTransfer-Encoding: chunked";
  }
  if (!form.keep_alive) out += "\r\nConnection: close";
  if (form.secure) out += kStrictTransport;
  if (!has(response, "Cache-Control")) out += kNoStore;
  if (!has(response, "Content-Security-Policy")) {
    out += kNoFrames;
    if (response.content_type.starts_with("text/html")) out += kPagePolicy;
  }
  for (const auto& [name, value] : response.headers) {
    out += "\r\n";
    out += name;
    out += ": ";
    out += value;
  }
  out += "\r\n\r\n";
  return out;
}

}  // namespace limehook::http_server
