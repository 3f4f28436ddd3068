#include "identity/json_object.hpp"

#include <set>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/event.hpp"

namespace limehook::identity {

std::optional<boost::json::object> read_object(std::string_view text) {
  if (json_problem(text)) return std::nullopt;
  const auto compact = json_text::compact(text);
  if (!compact.starts_with('{')) return std::nullopt;
  std::set<std::string> names;
  bool different = true;
  json_text::each_member(compact, [&](std::string_view key, std::string_view) {
    different = names.insert(json_text::string_value('"' + std::string(key) + '"').value_or("")).second;
    return different;
  });
  if (!different) return std::nullopt;
  boost::json::error_code error;
  const auto value = boost::json::parse(compact, error, {}, {.max_depth = limits::kJsonDepthMax});
  return error ? std::nullopt : std::optional(value.as_object());
}

std::optional<std::string> text_member(const boost::json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  const auto* const text = value ? value->if_string() : nullptr;
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace limehook::identity
