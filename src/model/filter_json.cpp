#include "model/filter_json.hpp"

#include <array>
#include <charconv>

#include "base/limits.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

// What a condition's `value` may be.
enum class ValueKind : std::uint8_t { Scalar, ScalarList, Text, Ordered, Presence };

struct OpInfo {
  FilterOp op;
  std::string_view name;
  ValueKind kind;
};
// In the order of the enumerators.
constexpr std::array<OpInfo, 11> kOps{{
    {FilterOp::Eq, "eq", ValueKind::Scalar},
    {FilterOp::Ne, "ne", ValueKind::Scalar},
    {FilterOp::In, "in", ValueKind::ScalarList},
    {FilterOp::NotIn, "not_in", ValueKind::ScalarList},
    {FilterOp::Prefix, "prefix", ValueKind::Text},
    {FilterOp::Contains, "contains", ValueKind::Text},
    {FilterOp::Gt, "gt", ValueKind::Ordered},
    {FilterOp::Gte, "gte", ValueKind::Ordered},
    {FilterOp::Lt, "lt", ValueKind::Ordered},
    {FilterOp::Lte, "lte", ValueKind::Ordered},
    {FilterOp::Exists, "exists", ValueKind::Presence},
}};

const OpInfo& info_of(FilterOp op) { return kOps[static_cast<std::size_t>(op)]; }

const OpInfo* op_named(const json::value& name) {
  const auto text = text_in(name);
  for (const auto& info : kOps) {
    if (text == info.name) return &info;
  }
  return nullptr;
}

std::optional<std::string_view> scalar_problem(const json::value& value) {
  if (value.is_array() || value.is_object()) return "must be a string, a number, true, false or null";
  return range_problem(value);
}

std::string scalar_text(const json::value& value) {
  const auto* number = value.if_double();
  if (number == nullptr) return json::serialize(value);
  std::array<char, 32> digits;  // the shortest form that reads back the same
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr;
  return std::string(digits.data(), end);
}

void read_value_list(FilterCondition& condition, const json::value& value, const std::string& pointer,
                     FieldErrors& errors) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty()) {
    errors.push_back({pointer, "must be a list of at least one value"});
    return;
  }
  if (list->size() > limits::kFilterValuesMax) {
    errors.push_back({pointer, "must have at most " + std::to_string(limits::kFilterValuesMax) + " values"});
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto& element = (*list)[i];
    if (const auto problem = scalar_problem(element)) errors.push_back({pointer + step(i), std::string(*problem)});
    condition.values.push_back(scalar_text(element));
  }
}

std::optional<std::string_view> single_value_problem(ValueKind kind, const json::value& value) {
  switch (kind) {
    case ValueKind::Text:
      if (!value.is_string()) return "must be a string";
      break;
    case ValueKind::Ordered:
      if (!value.is_string() && !value.is_number()) return "must be a number or a string";
      return range_problem(value);
    case ValueKind::Presence:
      if (!value.is_bool()) return "must be true or false";
      break;
    case ValueKind::Scalar:
    case ValueKind::ScalarList:
      return scalar_problem(value);
  }
  return std::nullopt;
}

void read_value(FilterCondition& condition, ValueKind kind, const json::value* value, const std::string& pointer,
                FieldErrors& errors) {
  static const json::value kPresent(true);
  if (value == nullptr && kind == ValueKind::Presence) value = &kPresent;
  if (value == nullptr) {
    errors.push_back({pointer, "is required"});
  } else if (kind == ValueKind::ScalarList) {
    read_value_list(condition, *value, pointer, errors);
  } else {
    if (const auto problem = single_value_problem(kind, *value)) errors.push_back({pointer, std::string(*problem)});
    condition.values.push_back(scalar_text(*value));
  }
}

FilterCondition read_condition(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 3> kMembers{"field", "op", "value"};
  FilterCondition condition;
  const auto* object = value.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, R"(must be an object with "field", "op" and "value")"});
    return condition;
  }
  report_unknown(*object, kMembers, pointer, errors);

  const auto* field = object->if_contains("field");
  const auto path = field != nullptr ? text_in(*field) : std::nullopt;
  if (const auto problem = path ? path_problem(*path) : field != nullptr ? "must be a string" : "is required") {
    errors.push_back({pointer + "/field", *problem});
  } else {
    condition.field = *path;
  }

  const auto* op = object->if_contains("op");
  const auto* info = op != nullptr ? op_named(*op) : nullptr;
  if (info == nullptr) {
    errors.push_back({pointer + "/op", op == nullptr ? "is required"
                                                     : "must be one of eq, ne, in, not_in, prefix, contains, gt, gte, "
                                                       "lt, lte, exists"});
    return condition;
  }
  condition.op = info->op;
  read_value(condition, info->kind, object->if_contains("value"), pointer + "/value", errors);
  return condition;
}

}  // namespace

Filter read_filter(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 2> kMembers{"match", "conditions"};
  Filter filter;
  const auto* object = value.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, R"(must be an object with "match" and "conditions", or null)"});
    return filter;
  }
  report_unknown(*object, kMembers, pointer, errors);

  if (const auto* match = object->if_contains("match"); match != nullptr) {
    const auto word = text_in(*match);
    if (word != "all" && word != "any") errors.push_back({pointer + "/match", R"(must be "all" or "any")"});
    if (word == "any") filter.match = Filter::Match::Any;
  }

  const auto* conditions = object->if_contains("conditions");
  const auto* list = conditions != nullptr ? conditions->if_array() : nullptr;
  if (list == nullptr || list->empty() || list->size() > limits::kFilterConditionsMax) {
    errors.push_back({pointer + "/conditions",
                      "must be a list of 1 to " + std::to_string(limits::kFilterConditionsMax) + " conditions"});
    return filter;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto& condition =
        filter.conditions.emplace_back(read_condition((*list)[i], pointer + "/conditions" + step(i), errors));
    // Whoever reads what is stored does not look at the errors, and a damaged condition must be harmless.
    if (condition.values.empty()) condition.values.emplace_back("null");
  }
  return filter;
}

json::object filter_to_json(const Filter& filter) {
  json::array conditions;
  for (const auto& condition : filter.conditions) {
    const auto& info = info_of(condition.op);
    json::value value;
    if (info.kind == ValueKind::ScalarList) {
      json::array list;
      for (const auto& raw : condition.values) list.push_back(json::parse(raw));
      value = std::move(list);
    } else {
      value = json::parse(condition.values.front());
    }
    conditions.push_back({{"field", condition.field}, {"op", info.name}, {"value", std::move(value)}});
  }
  return {{"match", filter.match == Filter::Match::All ? "all" : "any"}, {"conditions", std::move(conditions)}};
}

}  // namespace limehook
