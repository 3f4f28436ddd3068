#include "api/call.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "base/ascii.hpp"
#include "base/characters.hpp"
#include "base/json_text.hpp"
#include "model/number.hpp"

namespace limehook::api {
namespace {

Fault wrong_parameter(std::string_view name, std::string_view detail) {
  return Fault{invalid({{"/" + std::string(name), std::string(detail)}})};
}

constexpr std::string_view kNoCursor = "is not a next_cursor of this list with these filters";
// Parameters that may differ between the pages of one list.
constexpr std::array<std::string_view, 4> kSameList{"cursor", "limit", "since", "until"};

}  // namespace

std::optional<std::string> Call::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &QueryParameters::value_type::first);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string> Call::text_parameter(std::string_view name, std::size_t characters_max) const {
  auto text = parameter(name);
  if (text && characters_in(*text) > characters_max) {
    throw wrong_parameter(name, "must be a text of 1 to " + std::to_string(characters_max) + " characters");
  }
  return text;
}

std::string Call::search_term() const {
  return normal_number(with_plus_in_front(text_parameter("q", limits::kSearchTermCharactersMax).value_or("")));
}

std::optional<WallTime> Call::time_parameter(std::string_view name) const {
  const auto text = parameter(name);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(with_plus_of_offset(*text));
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
  const auto position = cursors.open_id(list(), *text);
  if (!position) throw wrong_parameter("cursor", kNoCursor);
  return *position;
}

std::string Call::text_cursor() const {
  const auto text = parameter("cursor");
  if (!text) return {};
  auto position = cursors.open(list(), *text);
  if (!position) throw wrong_parameter("cursor", kNoCursor);
  return *std::move(position);
}

std::string Call::next_cursor(std::int64_t position) const {
  return position == 0 ? std::string() : cursors.seal_id(list(), position);
}

std::string Call::next_cursor(std::string_view position) const {
  return position.empty() ? std::string() : cursors.seal(list(), position);
}

std::string Call::list() const {
  std::string name(pattern);
  const auto add = [&](std::string_view text) { name += '\0' + std::to_string(text.size()) + ' ' + std::string(text); };
  add(id);
  add(principal.limited() ? principal.team_id : "");
  QueryParameters filters = query;
  std::ranges::sort(filters);
  for (const auto& [parameter, value] : filters) {
    if (std::ranges::find(kSameList, parameter) != kSameList.end()) continue;
    add(parameter);
    add(value);
  }
  return name;
}

void check_room(const Principal& principal, std::size_t count, std::size_t count_max) {
  if (!principal.limited() || count < count_max) return;
  throw Fault{problem(409, "The team has " + std::to_string(count) + " of these, and may not make more by itself.")};
}

std::optional<std::string> Call::team() const {
  const auto asked = text_parameter("team_id", limits::kTeamIdCharactersMax);
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
  if (const auto error = json_error(body)) throw Fault{not_json(*error)};
  const std::string compact = json_text::compact(body);
  if (!compact.starts_with('{')) throw Fault{invalid({{"", "must be a JSON object"}})};
  if (auto errors = repeated_members(compact); !errors.empty()) throw Fault{invalid(errors)};
  boost::json::value value = boost::json::parse(json_text::with_plain_integers(compact));
  return std::move(value.as_object());
}

}  // namespace limehook::api
