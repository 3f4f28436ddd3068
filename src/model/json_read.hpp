#pragma once
// Small helpers for reading what users wrote. Private to this folder.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/field_error.hpp"
#include "base/json_text.hpp"
#include "model/json_integer.hpp"

namespace limehook {

inline std::string step(std::string_view name) { return json_text::pointer_step(name); }
inline std::string step(std::size_t index) { return "/" + std::to_string(index); }

inline std::optional<std::string_view> text_in(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string_view(text->data(), text->size());
  return std::nullopt;
}

// Reports every member of `object` that is none of `known`.
template <class Known>
void report_unknown(const boost::json::object& object, const Known& known, const std::string& pointer,
                    FieldErrors& errors) {
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    bool found = false;
    for (const std::string_view candidate : known) found = found || candidate == name;
    if (!found) errors.push_back({pointer + step(name), "is not a known member"});
  }
}

// The same for an object in compact JSON.
template <class Known>
void report_unknown(std::string_view object, const Known& known, const std::string& pointer, FieldErrors& errors) {
  json_text::each_member(object, [&](std::string_view raw_name, std::string_view) {
    const auto name = *json_text::string_value('"' + std::string(raw_name) + '"');
    bool found = false;
    for (const std::string_view candidate : known) found = found || candidate == name;
    if (!found) errors.push_back({pointer + step(name), "is not a known member"});
    return true;
  });
}

// What is wrong with `path` as a dotted path into a payload; nothing when it is one.
std::optional<std::string> path_problem(std::string_view path);

}  // namespace limehook
