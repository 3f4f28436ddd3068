#include "api/call.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "base/ascii.hpp"

namespace limehook::api {
namespace {

Fault wrong_parameter(std::string_view name, std::string_view detail) {
  return Fault{invalid({{"/" + std::string(name), std::string(detail)}})};
}

}  // namespace

void Call::allow_query(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : query) {
    if (std::ranges::find(names, name) == names.end()) throw wrong_parameter(name, "is not a known query parameter");
  }
}

std::optional<std::string> Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name && !value.empty()) return value;
  }
  return std::nullopt;
}

std::string Call::search_term() const {
  std::string term = parameter("q").value_or("");
  if (term.starts_with(' ')) term.front() = '+';
  return term;
}

std::optional<WallTime> Call::time_parameter(std::string_view name) const {
  const auto text = parameter(name);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time) throw wrong_parameter(name, "must be an RFC 3339 date-time such as 2025-01-30T15:00:00Z");
  return time;
}

std::optional<WallTime> Call::since(WallTime begin) const {
  const auto asked = time_parameter("since");
  return begin == WallTime{} || (asked && *asked > begin) ? asked : std::optional(begin);
}

std::optional<EventType> Call::event_type_parameter() const {
  const auto text = parameter("event");
  if (!text) return std::nullopt;
  const auto type = event_type_named(*text);
  if (!type) throw wrong_parameter("event", "is not a known event type");
  return type;
}

std::size_t Call::limit() const {
  const auto text = parameter("limit");
  if (!text) return limits::kPageDefault;
  std::size_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc() || end != text->data() + text->size() || value < 1 || value > limits::kPageMax) {
    throw wrong_parameter("limit", "must be a whole number from 1 to " + std::to_string(limits::kPageMax));
  }
  return value;
}

std::int64_t Call::cursor() const {
  const auto text = parameter("cursor");
  if (!text) return 0;
  const auto value = decode_id("cur_", *text);
  if (!value) throw wrong_parameter("cursor", "is not a cursor of this API");
  return *value;
}

void check_room(const Principal& principal, std::size_t count, std::size_t count_max) {
  if (!principal.limited() || count < count_max) return;
  throw Fault{problem(409, "The team has " + std::to_string(count) + " of these, and may not make more by itself.")};
}

std::string cursor_text(std::int64_t next) { return next == 0 ? std::string() : encode_id("cur_", next); }

std::optional<std::string> Call::team() const {
  const auto asked = parameter("team_id");
  if (!principal.limited()) return asked;
  if (asked && *asked != principal.team_id) throw Fault{problem(403, "That team is not yours.")};
  return principal.team_id;
}

std::string_view Call::content_type(std::initializer_list<std::string_view> types) const {
  const auto header = request.header("content-type");
  auto media = header.substr(0, header.find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  const auto same = [&](std::string_view type) { return ascii::same(media, type); };
  const auto found = std::ranges::find_if(types, same);
  if (found == types.end()) {
    throw Fault{problem(415, "Content-Type must be " + std::string(*types.begin()) + ".")};
  }
  return *found;
}

boost::json::object Call::json_object() const {
  content_type({"application/json"});
  if (const auto problem_text = json_problem(request.body))
    throw Fault{problem(400, "The body is not JSON: " + *problem_text + ".")};
  boost::json::value value = boost::json::parse(request.body);
  if (!value.is_object()) throw Fault{invalid({{"", "must be a JSON object"}})};
  return std::move(value.as_object());
}

}  // namespace limehook::api
