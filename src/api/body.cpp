#include "api/body.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "base/characters.hpp"
#include "base/email_address.hpp"
#include "model/json_integer.hpp"

namespace limehook::api {

const boost::json::value* Body::take(std::string_view name) {
  known_.emplace_back(name);
  return json_.if_contains(name);
}

std::string Body::text(std::string_view name, std::size_t characters_max) {
  if (!has(name)) {
    take(name);
    wrong(name, "is required");
    return {};
  }
  std::string text = optional_text(name, characters_max);
  if (json_.at(name).is_null()) wrong(name, "is required");
  return text;
}

std::string Body::text_if_given(std::string_view name, std::size_t characters_max) {
  const auto* value = json_.if_contains(name);
  std::string text = optional_text(name, characters_max);
  if (value && value->is_null()) wrong(name, "must not be null; leave it out");
  return text;
}

std::string Body::optional_text(std::string_view name, std::size_t characters_max) {
  const auto* value = take(name);
  if (!value || value->is_null()) return {};
  if (!value->is_string() || value->as_string().empty() || characters_in(value->as_string()) > characters_max) {
    wrong(name, "must be a text of 1 to " + std::to_string(characters_max) + " characters");
    return {};
  }
  return std::string(value->as_string());
}

std::string Body::email(std::string_view name) {
  std::string address = text(name, limits::kEmailBytesMax);
  if (address.empty()) return address;
  if (const auto problem = email_problem(address)) wrong(name, *problem);
  return ascii::lower(std::move(address));
}

std::optional<bool> Body::flag(std::string_view name) {
  const auto* value = take(name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  wrong(name, "must be true or false");
  return std::nullopt;
}

std::int64_t Body::number(std::string_view name, std::int64_t min, std::int64_t max, std::int64_t fallback) {
  const auto* value = take(name);
  if (!value) return fallback;
  const auto number = json_integer(*value);
  if (number && *number >= min && *number <= max) return *number;
  wrong(name, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return fallback;
}

void Body::wrong(std::string_view name, std::string_view detail) {
  errors_.push_back({"/" + std::string(name), std::string(detail)});
}

void Body::finish() {
  for (const auto& [name, value] : json_) {
    if (std::ranges::find(known_, std::string_view(name)) == known_.end()) wrong(name, "is not a known member");
  }
  if (!errors_.empty()) throw Fault{invalid(errors_)};
}

}  // namespace limehook::api
