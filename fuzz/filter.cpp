// Input: a filter, a line, a payload. Property: an operator and its opposite never agree, whatever the payload is, and
// `any` is what `all` is of the opposites.

#include "base/json_text.hpp"
#include "fuzz_input.hpp"
#include "model/event.hpp"
#include "model/filter_json.hpp"

using namespace limehook;
using fuzz::check;

namespace {

std::optional<FilterOp> opposite(FilterOp op) {
  switch (op) {
    case FilterOp::Eq:
      return FilterOp::Ne;
    case FilterOp::Ne:
      return FilterOp::Eq;
    case FilterOp::In:
      return FilterOp::NotIn;
    case FilterOp::NotIn:
      return FilterOp::In;
    default:
      return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto payload = fuzz::text_of(data, size);
  const auto text = fuzz::take_line(payload);
  if (json_problem(text) || json_problem(payload)) return 0;
  const auto compact = json_text::compact(payload);
  if (!compact.starts_with('{')) return 0;
  FieldErrors errors;
  const Filter filter = read_filter(json_text::compact(text), "/filter", errors);
  for (const FieldError& error : errors) check(error.pointer.starts_with("/filter"), "what is wrong is in the filter");
  if (!errors.empty()) return 0;
  const bool result = passes(filter, compact);
  FieldErrors none;
  const Filter stored = read_filter(filter_to_json(filter), "", none);
  check(none.empty() && stored == filter, "a filter is the same after storing");
  Filter opposites = filter;
  opposites.match = filter.match == Filter::Match::All ? Filter::Match::Any : Filter::Match::All;
  for (FilterCondition& condition : opposites.conditions) {
    const auto op = opposite(condition.op);
    if (!op) return 0;
    condition.op = *op;
  }
  if (!filter.conditions.empty()) check(passes(opposites, compact) != result, "the opposite filter decides otherwise");
  return 0;
}
