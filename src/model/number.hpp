#pragma once
// Numbers and the teams they belong to (spec, sections 1 and 3): how an event that names no team finds its own.

#include <boost/json/object.hpp>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/field_error.hpp"
#include "base/ids.hpp"

namespace limehook {

struct Number {
  NumberId id;
  std::string number;  // E.164, with its '+'
  std::string team_id;
  std::string name;  // for people; may be empty
  WallTime created_at{};
  WallTime updated_at{};
  bool operator==(const Number&) const = default;
};

// The one form in which phone numbers are compared: teams by number, a webhook's `numbers`, search. Of an international
// number, which has a '+' before its digits, that is "+" and the digits, whatever stands between them: spaces, dashes,
// dots, slashes and brackets of any script, "tel:" before it and its parameters behind it (RFC 3966), and characters
// that do not show, such as marks of direction. Every other text is itself: an extension, a short code, a name, a SIP
// address, and a number as it is dialled within a country, of which nobody here knows which.
std::string normal_number(std::string_view text);

// Applies the members of a request's body to `number`: "number" only while it has no id, "team_id" and "name". Errors
// name the field; `number` is then half changed.
FieldErrors apply_number_json(Number& number, const boost::json::object& body);

// All numbers, in memory. Each E.164 number is in it once: whoever puts one checks that first. What it answers is valid
// until the next change.
class NumberDirectory {
 public:
  NumberDirectory() = default;
  NumberDirectory(const NumberDirectory&) = delete;
  NumberDirectory& operator=(const NumberDirectory&) = delete;

  // Adds a number, or replaces the one with the same id, whose `number` never changes.
  void put(Number number);
  void remove(NumberId id);

  // Null when there is none.
  const Number* find(NumberId id) const;
  const Number* find(const std::string& number) const;
  // The team of the first of `numbers` that belongs to one; empty when none does. Constant time for each.
  std::string_view team_of(std::span<const std::string> numbers) const;
  // The newest numbers, of one team or of all, with ids below `before` (0: all), at most `limit`.
  std::vector<const Number*> newest(const std::optional<std::string>& team, NumberId before, std::size_t limit) const;

  // Those that have numbers.
  std::vector<std::string> teams() const;
  std::size_t count_of(const std::string& team) const;

 private:
  using Entries = std::map<NumberId, const Number*>;

  std::unordered_map<std::string, Number> by_number_;  // entries stay where they are
  Entries by_id_;
  std::unordered_map<std::string, Entries> by_team_;
};

}  // namespace limehook
