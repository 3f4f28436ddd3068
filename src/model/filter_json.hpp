#pragma once
// Filters as JSON (spec, section 4). Private to this folder.

#include <string>
#include <string_view>

#include "base/field_error.hpp"
#include "model/filter.hpp"

namespace limehook {

// Reads {"match","conditions"} from compact JSON, whose values are kept as they are written; what is wrong goes to
// `errors` with pointers below `pointer`, and what is answered then is incomplete.
Filter read_filter(std::string_view json, const std::string& pointer, FieldErrors& errors);
std::string filter_to_json(const Filter& filter);

}  // namespace limehook
