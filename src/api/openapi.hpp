#pragma once
// The OpenAPI document (api/openapi.yaml) as JSON, embedded at build time.

#include <string_view>

namespace limehook::api {

std::string_view openapi_json();

}  // namespace limehook::api
