#include "model/number.hpp"

#include <array>
#include <iterator>
#include <span>

#include "base/ascii.hpp"
#include "model/event.hpp"
#include "model/json_read.hpp"
#include "model/webhook_checks.hpp"

namespace limehook {
namespace {

constexpr std::array<std::string_view, 3> kMembers{"number", "team_id", "name"};

// Takes the text `value` into `to` unless `problem_of` finds something wrong with it.
void take_text(std::string_view member, const boost::json::value& value,
               std::optional<std::string> (*problem_of)(std::string_view), std::string& to, FieldErrors& errors) {
  const auto text = text_in(value);
  auto problem = text ? problem_of(*text) : std::optional<std::string>("must be a string");
  if (problem) errors.push_back({step(member), std::move(*problem)});
  else to = *text;
}

void take_number(Number& number, const boost::json::value& value, FieldErrors& errors) {
  const auto text = text_in(value);
  auto normal = normal_number(text.value_or(""));
  if (!number.id) {
    auto problem = text ? number_problem(normal) : std::optional<std::string>("must be a string");
    if (problem) errors.push_back({"/number", std::move(*problem)});
    else number.number = std::move(normal);
  } else if (normal != number.number) {
    errors.push_back({"/number", "cannot be changed"});
  }
}

// What people and programs put between the digits of a number: white space, dashes, dots, slashes, brackets.
constexpr std::string_view kSeparators[] = {
    " ",      "\t",     "\n",     "\r",     "-",      ".",      "/",      "(",      ")",      "\u00A0", "\u2000",
    "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u202F",
    "\u205F", "\u3000", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212",
};
// What does not show: soft hyphen, Arabic letter mark, Mongolian vowel separator, zero-width characters and joiners,
// marks, embeddings and isolates of direction, invisible operators, byte order mark.
constexpr std::string_view kInvisible[] = {
    "\u00AD", "\u061C", "\u180E", "\u200B", "\u200C", "\u200D", "\u200E", "\u200F",
    "\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2060", "\u2061", "\u2062",
    "\u2063", "\u2064", "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF",
};

// The length of what may be passed over at the beginning of `text`; 0 when nothing may.
std::size_t passed_over(std::string_view text) {
  for (const auto list :
       {std::span<const std::string_view>(kSeparators), std::span<const std::string_view>(kInvisible)}) {
    for (const std::string_view skipped : list) {
      if (text.starts_with(skipped)) return skipped.size();
    }
  }
  return 0;
}

std::string_view without_scheme(std::string_view text) {
  constexpr std::string_view kScheme = "tel:";
  while (const auto skipped = passed_over(text)) text.remove_prefix(skipped);
  if (text.size() < kScheme.size() || !ascii::same(text.substr(0, kScheme.size()), kScheme)) return text;
  text.remove_prefix(kScheme.size());
  return text.substr(0, text.find(';'));
}

}  // namespace

std::string normal_number(std::string_view text) {
  std::string digits;
  for (auto rest = without_scheme(text); !rest.empty();) {
    if (const auto skipped = passed_over(rest)) {
      rest.remove_prefix(skipped);
      continue;
    }
    const char c = rest.front();
    const bool fits = digits.empty() ? c == '+' : c >= '0' && c <= '9';
    if (!fits) return std::string(text);
    digits += c;
    rest.remove_prefix(1);
  }
  return digits.size() > 1 ? digits : std::string(text);
}

FieldErrors apply_number_json(Number& number, const boost::json::object& body) {
  FieldErrors errors;
  report_unknown(body, kMembers, "", errors);
  if (const auto* value = body.if_contains("number")) take_number(number, *value, errors);
  else if (!number.id) errors.push_back({"/number", "is required"});
  if (const auto* value = body.if_contains("team_id")) {
    take_text("team_id", *value, team_id_problem, number.team_id, errors);
  }
  if (const auto* value = body.if_contains("name")) {
    if (value->is_null()) number.name.clear();
    else take_text("name", *value, name_problem, number.name, errors);
  }
  return errors;
}

void NumberDirectory::put(Number number) {
  remove(number.id);
  const Number& entry = by_number_.insert_or_assign(number.number, number).first->second;
  by_id_[entry.id] = &entry;
  by_team_[entry.team_id][entry.id] = &entry;
}

void NumberDirectory::remove(NumberId id) {
  const auto entry = by_id_.find(id);
  if (entry == by_id_.end()) return;
  const Number& number = *entry->second;
  const auto team = by_team_.find(number.team_id);
  team->second.erase(id);
  if (team->second.empty()) by_team_.erase(team);
  by_id_.erase(entry);
  by_number_.erase(by_number_.find(number.number));
}

const Number* NumberDirectory::find(NumberId id) const {
  const auto entry = by_id_.find(id);
  return entry == by_id_.end() ? nullptr : entry->second;
}

const Number* NumberDirectory::find(const std::string& number) const {
  const auto entry = by_number_.find(number);
  return entry == by_number_.end() ? nullptr : &entry->second;
}

std::string_view NumberDirectory::team_of(std::span<const std::string> numbers) const {
  for (const std::string& number : numbers) {
    if (const Number* known = find(number)) return known->team_id;
  }
  return {};
}

std::vector<const Number*> NumberDirectory::newest(const std::optional<std::string>& team, NumberId before,
                                                   std::size_t limit) const {
  std::vector<const Number*> out;
  const auto of_team = team ? by_team_.find(*team) : by_team_.end();
  if (team && of_team == by_team_.end()) return out;
  const Entries& entries = team ? of_team->second : by_id_;
  const auto end = before ? entries.lower_bound(before) : entries.end();
  for (auto it = std::make_reverse_iterator(end); it != entries.rend() && out.size() < limit; ++it) {
    out.push_back(it->second);
  }
  return out;
}

std::vector<std::string> NumberDirectory::teams() const {
  std::vector<std::string> out;
  for (const auto& [team, numbers] : by_team_) {
    if (!numbers.empty()) out.push_back(team);
  }
  return out;
}

std::size_t NumberDirectory::count_of(const std::string& team) const {
  const auto found = by_team_.find(team);
  return found == by_team_.end() ? 0 : found->second.size();
}

}  // namespace limehook
