#pragma once
// A webhook's own headers (spec, section 2). Private to this folder.

#include <boost/json.hpp>
#include <vector>

#include "base/field_error.hpp"
#include "model/webhook.hpp"

namespace limehook {

// Reads {"Name": "value"}; what is wrong goes to `errors` with pointers below `pointer`.
std::vector<Header> read_headers(const boost::json::value& json, const std::string& pointer, FieldErrors& errors);
boost::json::object headers_to_json(const std::vector<Header>& headers);

}  // namespace limehook
