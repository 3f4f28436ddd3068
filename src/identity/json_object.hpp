#pragma once
// Reads JSON objects of others. Private to this folder.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace limehook::identity {

// Nothing unless `text` is one JSON object in valid UTF-8, of limited depth, whose members all have different names: of
// equal names parsers take different ones.
std::optional<boost::json::object> read_object(std::string_view text);

// The string under that name; nothing when there is none, or something else.
std::optional<std::string> text_member(const boost::json::object& object, std::string_view name);

}  // namespace limehook::identity
