#include "api/precondition.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace limehook::api {
namespace {

constexpr std::string_view kBlanks = " \t";

// The characters between the quotes of an entity tag (RFC 9110, section 8.8.3). UTF-8's further bytes are "obs-text".
bool may_stand_in_tag(char c) { return c == '!' || (c >= '#' && c != '\x7f') || static_cast<unsigned char>(c) >= 0x80; }

// Takes an entity tag off the front of `text`; empty when there is none.
std::string_view take_tag(std::string_view& text) {
  const std::size_t open = text.starts_with("W/") ? 2 : 0;
  if (open >= text.size() || text[open] != '"') return {};
  const auto close = text.find('"', open + 1);
  if (close == std::string_view::npos) return {};
  if (!std::ranges::all_of(text.substr(open + 1, close - open - 1), may_stand_in_tag)) return {};
  const auto tag = text.substr(0, close + 1);
  text.remove_prefix(close + 1);
  return tag;
}

void skip_blanks(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size())); }

// The tags of a list, which may have empty elements (section 5.6.1.2); nothing when it is no such list.
std::optional<std::vector<std::string_view>> tags_in(std::string_view list) {
  std::vector<std::string_view> tags;
  while (true) {
    skip_blanks(list);
    if (!list.empty() && list.front() != ',') {
      tags.push_back(take_tag(list));
      if (tags.back().empty()) return std::nullopt;
      skip_blanks(list);
    }
    if (list.empty()) break;
    if (list.front() != ',') return std::nullopt;
    list.remove_prefix(1);
  }
  if (tags.empty()) return std::nullopt;
  return tags;
}

// Several headers of one name are one list (section 5.3).
std::optional<std::string> if_match_of(const Request& request) {
  std::optional<std::string> list;
  for (const auto& [name, value] : request.headers) {
    if (name != "if-match") continue;
    if (list) *list += "," + value;
    else list = value;
  }
  return list;
}

}  // namespace

std::string entity_tag(const Webhook& webhook) { return '"' + std::to_string(webhook.version) + '"'; }

std::expected<std::optional<int>, Response> wanted_version(const Request& request, const Webhook& current) {
  const auto list = if_match_of(request);
  if (!list || *list == "*") return std::nullopt;
  const auto tags = tags_in(*list);
  if (!tags)
    return std::unexpected(
        problem(412, "If-Match must be * or a list of entity tags in quotes. Anything else matches nothing."));
  if (std::ranges::find(*tags, entity_tag(current)) == tags->end()) return std::unexpected(changed_since());
  return current.version;
}

Response changed_since() {
  return problem(412, "Somebody else has changed this webhook since. Read it again, then make your change.");
}

}  // namespace limehook::api
