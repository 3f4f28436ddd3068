#pragma once
// A webhook's own headers (spec, section 2). Private to this folder.

#include <boost/json.hpp>
#include <vector>

#include "base/field_error.hpp"
#include "model/webhook.hpp"

namespace limehook {

// Reads {"Name": "value"}; what is wrong goes to `errors` with pointers below `pointer`.
std::vector<Header> read_headers(const boost::json::value& json, const std::string& pointer, FieldErrors& errors);
// What is wrong with `name` as a header that a webhook adds: it must be a token (RFC 9110 section 5.6.2), not about the
// connection, and none that Limehook sets.
std::optional<std::string> header_name_problem(std::string_view name);
// Header names compare without case.
bool same_header_name(std::string_view a, std::string_view b);
boost::json::object headers_to_json(const std::vector<Header>& headers);

}  // namespace limehook
