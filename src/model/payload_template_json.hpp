#pragma once
// Templates as users write them. Private to this folder.

#include <boost/json.hpp>

#include "base/field_error.hpp"
#include "model/payload_template.hpp"

namespace limehook {

// Compiles the placeholders in the strings of `value`; keys are literal. What is wrong goes to `errors`, with
// pointers below `pointer` to the strings that it is in.
PayloadTemplate compile_template(const boost::json::value& value, const std::string& pointer, FieldErrors& errors);

}  // namespace limehook
