#pragma once
// Templates as users write them. Private to this folder.

#include <string>
#include <string_view>

#include "base/field_error.hpp"
#include "model/payload_template.hpp"

namespace limehook {

// Compiles the placeholders in the strings of `json`, which is compact; keys are literal, and all else is sent as it is
// written. What is wrong goes to `errors`, with
// pointers below `pointer` to the strings that it is in.
PayloadTemplate compile_template(std::string_view json, const std::string& pointer, FieldErrors& errors);

}  // namespace limehook
