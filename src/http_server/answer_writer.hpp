#pragma once
// Answers as bytes, with the headers that every one of them has.

#include <string>
#include <string_view>

#include "http_server/date_header.hpp"
#include "http_server/request.hpp"

namespace limehook::http_server {

struct AnswerForm {
  bool keep_alive = true;
  bool head_only = false;  // to a HEAD request: no body
  bool secure = false;     // over TLS
  bool chunks = true;      // the caller takes a body in chunks: everybody since HTTP/1.1
};

class AnswerWriter {
 public:
  explicit AnswerWriter(std::string_view server_name);

  // A response's own Cache-Control and Content-Security-Policy replace what is added otherwise: "no-store", and for
  // text/html a policy that allows what comes from this server only. Who says an own policy also says who may embed it,
  // so there is no X-Frame-Options then.
  // Of a response with a stream only the head.
  std::string render(const Response& response, const AnswerForm& form) const;
  // Without the body.
  std::string render_head(const Response& response, const AnswerForm& form) const;

 private:
  std::string fixed_;  // from the end of the status line up to Date's value
  DateHeader date_;
};

}  // namespace limehook::http_server
