#pragma once
// What is wrong with the texts of a webhook; nothing when they are fine. Private to this folder.

#include <optional>
#include <string>
#include <string_view>

namespace limehook {

// 1 to limits::kNameCharactersMax characters, no control characters.
std::optional<std::string> name_problem(std::string_view name);
// 1 to limits::kTeamIdCharactersMax characters, no control characters.
std::optional<std::string> team_id_problem(std::string_view team_id);
// "whsec_" and the standard base64 of 24 to 64 bytes: what signing::secret_problem() takes too.
std::optional<std::string> webhook_secret_problem(std::string_view secret);
// 1 to limits::kTokenBytesMax visible ASCII characters.
std::optional<std::string> token_problem(std::string_view token);

}  // namespace limehook
