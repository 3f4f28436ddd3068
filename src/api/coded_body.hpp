#pragma once
// Bodies with a Content-Encoding: which are taken, and what they decode to.

#include <optional>
#include <string>

#include "api/problem.hpp"
#include "http_server/request.hpp"

namespace limehook::api {

// The 415 for a request whose coding is not taken; nothing for all others.
std::optional<http_server::Response> coding_refusal(const http_server::Request& head);

// Does its body have to be decoded?
bool is_coded(const http_server::Request& request);

// The body of one that has to be, at most as long as its path takes; empty for all others. Throws Fault: a 413 for a
// longer one, a 400 for what its coding cannot read.
std::string decoded_body(const http_server::Request& request);

}  // namespace limehook::api
