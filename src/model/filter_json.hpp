#pragma once
// Filters as JSON (spec, section 4). Private to this folder.

#include <boost/json.hpp>

#include "base/field_error.hpp"
#include "model/filter.hpp"

namespace limehook {

// Reads {"match","conditions"}; what is wrong goes to `errors` with pointers below `pointer`, and what is answered
// then is incomplete.
Filter read_filter(const boost::json::value& json, const std::string& pointer, FieldErrors& errors);
boost::json::object filter_to_json(const Filter& filter);

}  // namespace limehook
