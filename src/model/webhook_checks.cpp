#include "model/webhook_checks.hpp"

#include <algorithm>

#include "base/characters.hpp"
#include "base/limits.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

// C0, DEL, and C1 as UTF-8 has it.
bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> name_problem(std::string_view name) {
  if (name.find_first_not_of(' ') == std::string_view::npos) return "must not be empty";
  if (characters_in(name) > limits::kNameCharactersMax) {
    return "must be at most " + std::to_string(limits::kNameCharactersMax) + " characters long";
  }
  if (has_control_characters(name)) return "must not contain control characters";
  return std::nullopt;
}

std::optional<std::string> team_id_problem(std::string_view team_id) {
  if (team_id.empty()) return "must not be empty";
  if (characters_in(team_id) > limits::kTeamIdCharactersMax) {
    return "must be at most " + std::to_string(limits::kTeamIdCharactersMax) + " characters long";
  }
  if (has_control_characters(team_id)) return "must not contain control characters";
  return std::nullopt;
}

std::optional<std::string> webhook_secret_problem(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view kProblem = "must be \"whsec_\" followed by the standard, padded base64 of 24 to 64 bytes";
  const auto wrong = [&] { return std::optional<std::string>(kProblem); };
  if (!secret.starts_with(kPrefix)) return wrong();
  const auto text = secret.substr(kPrefix.size());
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const auto digits = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0 || digits.find_first_not_of(kDigits) != std::string_view::npos) return wrong();
  const auto bytes = digits.size() * 3 / 4;
  if (bytes < 24 || bytes > 64) return wrong();
  // The bits that padding leaves over must be zero.
  const auto last_digit = kDigits.find(digits.back());
  if (last_digit % (std::size_t{1} << (2 * padding)) != 0) return wrong();
  return std::nullopt;
}

std::optional<std::string> token_problem(std::string_view token) {
  const bool visible = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!token.empty() && token.size() <= limits::kTokenBytesMax && visible) return std::nullopt;
  return "must be 1 to " + std::to_string(limits::kTokenBytesMax) + " visible ASCII characters without spaces";
}

std::optional<std::string> path_problem(std::string_view path) {
  std::size_t depth = 1;
  std::size_t step_size = 0;
  for (const char c : path) {
    if (c != '.') {
      ++step_size;
      continue;
    }
    if (step_size == 0) break;
    step_size = 0;
    ++depth;
  }
  if (step_size != 0 && depth <= limits::kFilterPathDepthMax) return std::nullopt;
  return "must be the path of a member, such as caller_number or contact.name, at most " +
         std::to_string(limits::kFilterPathDepthMax) + " levels deep";
}

}  // namespace limehook
