#pragma once
// Errors as the API answers them: application/problem+json (RFC 9457).

#include <expected>
#include <string>
#include <string_view>

#include "api/json_writer.hpp"
#include "base/field_error.hpp"
#include "delivery/messages.hpp"
#include "http_server/server.hpp"

namespace limehook::api {

using http_server::Response;

Response problem(int status, std::string_view detail, const FieldErrors& errors = {});
// 422 with the wrong fields.
Response invalid(const FieldErrors& errors);
// What the scheduler's refusal is to a client: 404, 409 or 503 with Retry-After.
Response refusal(delivery::Refusal reason);

// Writes the member "errors" into an object that is open in `out`.
JsonWriter& write_errors(JsonWriter& out, const FieldErrors& errors);
// The 400 for a body that cannot be read.
Response not_json(const FieldError& error);
Response not_found(std::string_view what);
// 401, with the WWW-Authenticate that RFC 9110, section 11.6.1, asks for.
Response unauthorized(std::string_view detail);
// 409: nothing is sent to a webhook in this mode.
Response polled_only();

}  // namespace limehook::api
