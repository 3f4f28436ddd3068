#pragma once
// Changes of a webhook that are made from what somebody has read (RFC 9110, section 13.1.1): the entity tag of what was
// read comes back in If-Match, and the change is refused when somebody else was faster.

#include <expected>
#include <optional>
#include <string>

#include "api/problem.hpp"
#include "model/webhook.hpp"

namespace limehook::api {

using http_server::Request;

// The strong tag of what a webhook's owners have set, which grows with every change. What an answer says beside that
// of how the webhook fares is not part of it.
std::string entity_tag(const Webhook& webhook);

// What the request's If-Match asks for: the version that the webhook must still have when the change is made, or
// nothing when any will do. Refused, with 412: the current one is none of those named. Weak tags name none, and neither
// does what cannot be read.
std::expected<std::optional<int>, Response> wanted_version(const Request& request, const Webhook& current);

// 412: somebody else was faster.
Response changed_since();

}  // namespace limehook::api
