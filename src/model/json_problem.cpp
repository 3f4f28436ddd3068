// Boost.JSON's parser as a validator: it keeps nothing of what it reads, so numbers of any size pass unharmed.

#include <boost/json/basic_parser_impl.hpp>

#include "base/limits.hpp"
#include "model/event.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

struct IgnoreEverything {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t, json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_key(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::string describe(const json::error_code& error, std::size_t position) {
  if (error == json::error::too_deep) {
    return "is nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels";
  }
  return "is not valid JSON: " + error.message() + " at byte " + std::to_string(position);
}

}  // namespace

std::optional<std::string> json_problem(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::kJsonDepthMax;
  json::basic_parser<IgnoreEverything> parser(options);
  json::error_code error;
  const auto used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) return describe(error, used);
  return std::nullopt;
}

}  // namespace limehook
