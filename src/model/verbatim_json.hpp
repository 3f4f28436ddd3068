#pragma once
// JSON that is kept as it was written within Boost.JSON's document model, which knows numbers of 64 bits only.

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace limehook {

// A value that stands for `json`, compact and valid. It is a string that begins with a byte that no UTF-8 text has, so
// it can be kept, compared and copied like any other, and must be written with serialize_verbatim().
boost::json::value verbatim(std::string_view json);

// `value` as compact JSON, with what verbatim() has made in it as it was written.
std::string serialize_verbatim(const boost::json::value& value);

}  // namespace limehook
