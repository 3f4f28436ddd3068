#include "app/event_input.hpp"

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/event.hpp"

namespace limehook::app {

std::expected<std::vector<std::string>, std::string> split_events(std::string_view text) {
  text = json_text::without_byte_order_mark(text);
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return std::unexpected("there is no event in it");
  std::vector<std::string> events;
  const auto problem = json_problem(text);
  if (!problem) {
    const auto compact = json_text::compact(text);
    if (text[start] != '[') return std::vector{compact};
    json_text::each_element(compact, [&](std::string_view element) {
      events.emplace_back(element);
      return true;
    });
    if (events.empty()) return std::unexpected("there is no event in it");
    return events;
  }
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const auto end = text.find('\n');
    const auto line = json_text::without_byte_order_mark(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    // Text that is not even JSON line by line is more likely one broken document.
    if (const auto line_problem = json_problem(line)) {
      return std::unexpected(events.empty() ? *problem : fmt::format("line {}: {}", line_number, *line_problem));
    }
    events.push_back(json_text::compact(line));
  }
  return events;
}

std::vector<std::string> make_batches(const std::vector<std::string>& events) {
  std::vector<std::string> batches;
  std::size_t count = 0;
  for (const auto& event : events) {
    const bool fits = count > 0 && count < limits::kBatchEventsMax &&
                      batches.back().size() + event.size() + 2 <= limits::kBatchBytesMax;
    if (!fits) {
      if (count > 0) batches.back() += ']';
      batches.emplace_back("[");
      count = 0;
    }
    if (count++ > 0) batches.back() += ',';
    batches.back() += event;
  }
  if (count > 0) batches.back() += ']';
  return batches;
}

}  // namespace limehook::app
