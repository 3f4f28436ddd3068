#pragma once
// Payload shapes as JSON (spec, section 4). Private to this folder.

#include <boost/json.hpp>
#include <string_view>

#include "base/field_error.hpp"
#include "model/payload_shape.hpp"

namespace limehook {

// Reads compact JSON: an object with at most one of "fields", "template" and "preset", and "content_type". The fields
// are a list of paths and {"field","as"} objects, or one object {"name in what is sent": "path"}. What is wrong goes to
// `errors` with pointers below `pointer`.
PayloadShape read_payload_shape(std::string_view json, const std::string& pointer, FieldErrors& errors);
// To be written with serialize_verbatim(). Null for the default; fields are a list of paths where nothing is renamed,
// the object form otherwise.
boost::json::value payload_shape_to_json(const PayloadShape& shape);

}  // namespace limehook
