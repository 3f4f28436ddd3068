#include "model/filter_json.hpp"

#include <array>
#include <utility>

#include "base/limits.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

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

const OpInfo* op_named(std::string_view json) {
  const auto text = json_text::string_value(json);
  for (const auto& info : kOps) {
    if (text == info.name) return &info;
  }
  return nullptr;
}

bool is_string(std::string_view json) { return json.starts_with('"'); }
bool is_number(std::string_view json) { return json.front() == '-' || (json.front() >= '0' && json.front() <= '9'); }
bool is_bool(std::string_view json) { return json == "true" || json == "false"; }

// Numbers are kept and compared as they are written, which costs time for each digit.
std::optional<std::string> number_length_problem(std::string_view json) {
  if (!is_number(json) || json.size() <= limits::kFilterNumberCharactersMax) return std::nullopt;
  return "must be a number of at most " + std::to_string(limits::kFilterNumberCharactersMax) + " characters";
}

std::optional<std::string> scalar_problem(std::string_view json) {
  if (json.starts_with('[') || json.starts_with('{')) return "must be a string, a number, true, false or null";
  return number_length_problem(json);
}

void read_value_list(FilterCondition& condition, std::string_view json, const std::string& pointer,
                     FieldErrors& errors) {
  std::size_t count = 0;
  if (json.starts_with('[')) {
    json_text::each_element(json, [&](std::string_view element) {
      if (auto problem = scalar_problem(element)) errors.push_back({pointer + step(count), std::move(*problem)});
      condition.values.emplace_back(element);
      return ++count <= limits::kFilterValuesMax;
    });
  }
  if (count == 0) errors.push_back({pointer, "must be a list of at least one value"});
  if (count > limits::kFilterValuesMax) {
    errors.push_back({pointer, "must have at most " + std::to_string(limits::kFilterValuesMax) + " values"});
  }
}

std::optional<std::string> single_value_problem(ValueKind kind, std::string_view json) {
  switch (kind) {
    case ValueKind::Text:
      if (!is_string(json)) return "must be a string";
      break;
    case ValueKind::Ordered:
      if (!is_string(json) && !is_number(json)) return "must be a number or a string";
      return number_length_problem(json);
    case ValueKind::Presence:
      if (!is_bool(json)) return "must be true or false";
      break;
    case ValueKind::Scalar:
    case ValueKind::ScalarList:
      return scalar_problem(json);
  }
  return std::nullopt;
}

void read_value(FilterCondition& condition, ValueKind kind, std::optional<std::string_view> json,
                const std::string& pointer, FieldErrors& errors) {
  if (!json && kind == ValueKind::Presence) json = "true";
  if (!json) {
    errors.push_back({pointer, "is required"});
  } else if (kind == ValueKind::ScalarList) {
    read_value_list(condition, *json, pointer, errors);
  } else {
    if (auto problem = single_value_problem(kind, *json)) errors.push_back({pointer, std::move(*problem)});
    condition.values.emplace_back(*json);
  }
}

FilterCondition read_condition(std::string_view json, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 3> kMembers{"field", "op", "value"};
  FilterCondition condition;
  if (!json.starts_with('{')) {
    errors.push_back({pointer, R"(must be an object with "field", "op" and "value")"});
    return condition;
  }
  report_unknown(json, kMembers, pointer, errors);

  const auto field = json_text::find(json, "field");
  const auto path = field ? json_text::string_value(*field) : std::nullopt;
  if (const auto problem = path ? path_problem(*path) : field ? "must be a string" : "is required") {
    errors.push_back({pointer + "/field", *problem});
  } else {
    condition.field = *path;
  }

  const auto op = json_text::find(json, "op");
  const auto* info = op ? op_named(*op) : nullptr;
  if (info == nullptr) {
    errors.push_back({pointer + "/op", !op ? "is required"
                                           : "must be one of eq, ne, in, not_in, prefix, contains, gt, gte, "
                                             "lt, lte, exists"});
    return condition;
  }
  condition.op = info->op;
  read_value(condition, info->kind, json_text::find(json, "value"), pointer + "/value", errors);
  return condition;
}

void read_conditions(Filter& filter, std::optional<std::string_view> json, const std::string& pointer,
                     FieldErrors& errors) {
  std::vector<std::string_view> list;
  if (json && json->starts_with('[')) {
    json_text::each_element(*json, [&](std::string_view element) {
      list.push_back(element);
      return list.size() <= limits::kFilterConditionsMax;
    });
  }
  if (list.empty() || list.size() > limits::kFilterConditionsMax) {
    errors.push_back(
        {pointer, "must be a list of 1 to " + std::to_string(limits::kFilterConditionsMax) + " conditions"});
    return;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto& condition = filter.conditions.emplace_back(read_condition(list[i], pointer + step(i), errors));
    // Whoever reads what is stored does not look at the errors, and a damaged condition must be harmless.
    if (condition.values.empty()) condition.values.emplace_back("null");
  }
}

}  // namespace

Filter read_filter(std::string_view json, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 2> kMembers{"match", "conditions"};
  Filter filter;
  if (!json.starts_with('{')) {
    errors.push_back({pointer, R"(must be an object with "match" and "conditions", or null)"});
    return filter;
  }
  report_unknown(json, kMembers, pointer, errors);

  if (const auto match = json_text::find(json, "match")) {
    const auto word = json_text::string_value(*match);
    if (word != "all" && word != "any") errors.push_back({pointer + "/match", R"(must be "all" or "any")"});
    if (word == "any") filter.match = Filter::Match::Any;
  }
  read_conditions(filter, json_text::find(json, "conditions"), pointer + "/conditions", errors);
  return filter;
}

std::string filter_to_json(const Filter& filter) {
  std::string out =
      filter.match == Filter::Match::All ? R"({"match":"all","conditions":[)" : R"({"match":"any","conditions":[)";
  bool first = true;
  for (const auto& condition : filter.conditions) {
    const auto& info = info_of(condition.op);
    if (!std::exchange(first, false)) out += ',';
    out += R"({"field":)" + json_text::quote(condition.field) + R"(,"op":)" + json_text::quote(info.name);
    out += R"(,"value":)";
    const bool list = info.kind == ValueKind::ScalarList;
    if (list) out += '[';
    for (std::size_t i = 0; i < condition.values.size(); ++i) {
      if (i > 0) out += ',';
      out += condition.values[i];
    }
    out += list ? "]}" : "}";
  }
  return out + "]}";
}

}  // namespace limehook
