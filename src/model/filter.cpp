#include "model/filter.hpp"

#include <algorithm>
#include <compare>
#include <optional>

#include "base/decimal.hpp"
#include "base/json_text.hpp"
#include "base/time.hpp"

namespace limehook {
namespace {

// One JSON value, read as far as comparing needs it. Keeps views of the text it was made from.
class Operand {
 public:
  explicit Operand(std::string_view raw) : raw_(raw), text_(raw) {
    if (is_number()) number_.emplace(raw);
    if (!is_string()) return;
    text_ = raw.substr(1, raw.size() - 2);
    if (text_.find('\\') == std::string_view::npos) return;
    unescaped_ = *json_text::string_value(raw);
    text_ = unescaped_;
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  bool is_string() const { return raw_.front() == '"'; }
  bool is_number() const { return raw_.front() == '-' || (raw_.front() >= '0' && raw_.front() <= '9'); }
  bool is_array() const { return raw_.front() == '['; }
  bool is_composite() const { return is_array() || raw_.front() == '{'; }
  std::string_view raw() const { return raw_; }
  std::string_view text() const { return text_; }     // a string's characters, otherwise the raw text
  const Decimal& number() const { return *number_; }  // of a number

 private:
  std::string_view raw_;
  std::string_view text_;
  std::string unescaped_;
  std::optional<Decimal> number_;  // read once, however many values it is compared with
};

std::partial_ordering compare_strings(std::string_view a, std::string_view b) {
  // A quick look before the two parses: nearly every other string lacks this dash.
  if (a.size() >= 20 && b.size() >= 20 && a[4] == '-' && b[4] == '-') {
    const auto time_a = parse_rfc3339(a);
    const auto time_b = time_a ? parse_rfc3339(b) : std::nullopt;
    if (time_b) return *time_a <=> *time_b;
  }
  return a <=> b;
}

std::partial_ordering compare(const Operand& a, const Operand& b) {
  if (a.is_string() && b.is_string()) return compare_strings(a.text(), b.text());
  if (a.is_number() && b.is_number()) return a.number() <=> b.number();
  if (a.is_composite() || b.is_composite()) return std::partial_ordering::unordered;
  return a.raw() == b.raw() ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
}

bool equals(const Operand& member, const std::string& value) { return compare(member, Operand(value)) == 0; }

bool equals_any(const Operand& member, const std::vector<std::string>& values) {
  return std::ranges::any_of(values, [&](const std::string& value) { return equals(member, value); });
}

bool has_prefix(const Operand& member, const Operand& prefix) {
  return member.is_string() && prefix.is_string() && member.text().starts_with(prefix.text());
}

bool contains(const Operand& member, const std::string& value) {
  if (member.is_string()) {
    const Operand part(value);
    return part.is_string() && member.text().find(part.text()) != std::string_view::npos;
  }
  if (!member.is_array()) return false;
  bool found = false;
  json_text::each_element(member.raw(), [&](std::string_view element) {
    found = equals(Operand(element), value);
    return !found;
  });
  return found;
}

bool holds(const FilterCondition& condition, std::string_view payload) {
  const auto raw = json_text::find(payload, condition.field);
  const std::string& value = condition.values.front();
  if (condition.op == FilterOp::Exists) return raw.has_value() == (value == "true");
  if (!raw) return condition.op == FilterOp::Ne || condition.op == FilterOp::NotIn;
  const Operand member(*raw);
  switch (condition.op) {
    case FilterOp::Eq:
      return equals(member, value);
    case FilterOp::Ne:
      return !equals(member, value);
    case FilterOp::In:
      return equals_any(member, condition.values);
    case FilterOp::NotIn:
      return !equals_any(member, condition.values);
    case FilterOp::Prefix:
      return has_prefix(member, Operand(value));
    case FilterOp::Contains:
      return contains(member, value);
    case FilterOp::Gt:
      return compare(member, Operand(value)) > 0;
    case FilterOp::Gte:
      return compare(member, Operand(value)) >= 0;
    case FilterOp::Lt:
      return compare(member, Operand(value)) < 0;
    case FilterOp::Lte:
      return compare(member, Operand(value)) <= 0;
    case FilterOp::Exists:
      break;
  }
  return false;
}

}  // namespace

bool passes(const Filter& filter, std::string_view payload) {
  const auto condition_holds = [&](const FilterCondition& condition) { return holds(condition, payload); };
  return filter.match == Filter::Match::All ? std::ranges::all_of(filter.conditions, condition_holds)
                                            : std::ranges::any_of(filter.conditions, condition_holds);
}

}  // namespace limehook
