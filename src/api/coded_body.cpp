#include "api/coded_body.hpp"

#include "api/api.hpp"
#include "http_server/content_coding.hpp"

namespace limehook::api {
namespace {

using http_server::ContentCoding;

// Several headers of one name are one list.
std::string coding_header(const Request& request) {
  std::string list;
  for (const auto& [name, value] : request.headers) {
    if (name == "content-encoding") list += (list.empty() ? "" : ", ") + value;
  }
  return list;
}

ContentCoding coding_of(const Request& request) {
  return http_server::content_coding(coding_header(request)).value_or(ContentCoding::Identity);
}

}  // namespace

std::optional<Response> coding_refusal(const Request& head) {
  if (http_server::content_coding(coding_header(head))) return std::nullopt;
  Response response = problem(415, "Content-Encoding must be gzip, deflate or identity.");
  response.headers.emplace_back("Accept-Encoding", http_server::kCodingsTaken);
  return response;
}

bool is_coded(const Request& request) { return coding_of(request) != ContentCoding::Identity && !request.body.empty(); }

std::string decoded_body(const Request& request) {
  if (!is_coded(request)) return {};
  auto body =
      http_server::decode(coding_of(request), request.body, Api::body_bytes_max(request.method, request.path()));
  if (body) return *std::move(body);
  if (body.error() == http_server::DecodeProblem::TooLarge) throw Fault{problem(413, "The body is too large.")};
  throw Fault{problem(400, "The body is not what its Content-Encoding says, or it is cut off.")};
}

}  // namespace limehook::api
