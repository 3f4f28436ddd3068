#pragma once
// What of a receiver's answer can be shown to people.

#include <string>
#include <string_view>

namespace limehook::http_client {

// Undoes the coding of a response body (RFC 9110 section 8.4), although none was asked for: gzip and deflate, up to
// limits::kResponseBodyBytesMax; `cut` becomes true where there is more, or where the end is missing. A body in another
// coding is replaced by words that name it. One that is not in the coding it says stays as it is.
void decode_body(std::string& body, bool& cut, std::string_view content_encoding);

// The first bytes of an answer, in printable ASCII: "SSH-2.0-OpenSSH_9.2\r\n". Empty when there are none.
std::string excerpt_of(std::string_view bytes);

}  // namespace limehook::http_client
