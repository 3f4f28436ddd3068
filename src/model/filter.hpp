#pragma once
// Filters decide from an event's payload whether a webhook gets it (spec, section 4).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limehook {

enum class FilterOp : std::uint8_t { Eq, Ne, In, NotIn, Prefix, Contains, Gt, Gte, Lt, Lte, Exists };

struct FilterCondition {
  std::string field;  // dotted path into the payload
  FilterOp op{};
  std::vector<std::string> values;  // raw compact JSON scalars; one, but for In and NotIn
  bool operator==(const FilterCondition&) const = default;
};

struct Filter {
  enum class Match : std::uint8_t { All, Any };
  Match match = Match::All;
  std::vector<FilterCondition> conditions;
  bool operator==(const Filter&) const = default;
};

// Does the payload (compact JSON object) pass? A missing member fails every operator but `ne`, `not_in` and
// `exists: false`. Strings compare by their characters, or as instants where both are RFC 3339; numbers by
// their exact value, whatever their size; values of different kinds are unequal and unordered.
bool passes(const Filter& filter, std::string_view payload);

}  // namespace limehook
