#include "api/query.hpp"

#include <boost/url/parse_query.hpp>

#include "api/call.hpp"

namespace limehook::api {
namespace {

constexpr std::size_t kErrorsMax = 20;

bool names(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto word = list.substr(0, list.find(' '));
    if (word == name) return true;
    list.remove_prefix(std::min(word.size() + 1, list.size()));
  }
  return false;
}

QueryParameters decode(std::string_view text) {
  QueryParameters parameters;
  if (text.empty()) return parameters;  // Boost.URL 1.81 reads a null pointer here
  const auto parsed = boost::urls::parse_query({text.data(), text.size()});
  if (!parsed) throw Fault{problem(400, "The query is not valid.")};
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  for (const auto& parameter : *parsed) {
    if (parameter.key.empty() && !parameter.has_value) continue;
    parameters.emplace_back(parameter.key.decode(options), parameter.value.decode(options));
    const auto& [name, value] = parameters.back();
    for (const std::string_view part : {std::string_view(name), std::string_view(value)}) {
      // The JSON parser knows UTF-8; errors repeat what stands here.
      if (json_problem(json_text::quote(part))) throw Fault{problem(400, "The query is not valid UTF-8.")};
    }
  }
  return parameters;
}

}  // namespace

QueryParameters read_query(std::string_view text, std::string_view taken) {
  if (taken == kAnyQuery) return {};
  const bool strict = !taken.ends_with(kAnyQuery);
  QueryParameters parameters;
  FieldErrors errors;
  for (auto& [name, value] : decode(text)) {
    const auto same_name = [&](const auto& other) { return other.first == name; };
    std::string_view problem;
    if (!names(taken, name)) problem = "is not a known query parameter";
    else if (std::ranges::any_of(parameters, same_name)) problem = "must be given once";
    else if (value.empty()) problem = "must not be empty; leave it out";
    if (problem.empty()) parameters.emplace_back(std::move(name), std::move(value));
    else if (strict && errors.size() < kErrorsMax)
      errors.push_back({json_text::pointer_step(name), std::string(problem)});
  }
  if (!errors.empty()) throw Fault{invalid(errors)};
  return parameters;
}

std::string with_plus_of_offset(std::string text) {
  constexpr std::size_t kOffset = std::string_view("+01:00").size();
  if (text.size() > kOffset && text[text.size() - kOffset] == ' ') text[text.size() - kOffset] = '+';
  return text;
}

std::string with_plus_in_front(std::string text) {
  if (text.starts_with(' ')) text.front() = '+';
  return text;
}

}  // namespace limehook::api
