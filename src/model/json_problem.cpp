#include "model/event.hpp"
#include "model/json_validator.hpp"

namespace limehook {

std::string describe_json_error(const boost::json::error_code& error, std::size_t position) {
  if (error == boost::json::error::too_deep) {
    return "is nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels";
  }
  return "is not valid JSON: " + error.message() + " at byte " + std::to_string(position);
}

std::optional<std::string> json_problem(std::string_view text) { return json_problem_while<JsonHandler>(text); }

}  // namespace limehook
