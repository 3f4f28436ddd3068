#pragma once
// Keeps what Limehook sends in confidence out of the log, also where a receiver sends it back.

#include <string>
#include <string_view>

#include "model/webhook.hpp"

namespace limehook::http_client {

// What is shown in the place of a secret.
inline constexpr std::string_view kMask = "••••••••";

// Replaces `secret` by dots wherever it occurs in `text`, as it is or inside a JSON string, unless it is too short to
// be one. Where `text` was cut to a length, its beginning may be all that is left of a secret at the end: that goes
// too.
void mask(std::string& text, std::string_view secret, bool cut);
// The same with "Basic …", the value of an Authorization header (RFC 7617), and the password in it.
void mask_basic(std::string& text, std::string_view authorization, bool cut);
// Is the value of a webhook's own header a credential, and not a word like "production"? It is where the header's name
// says so ("X-Api-Key"), where the value begins with a scheme ("Bearer …"), and where it has 16 letters and digits in a
// row, or 32 hexadecimal digits with or without dashes.
bool holds_credential(const Header& header);
// The same with the webhook's token and secret, its OAuth client's secret and the own headers that hold credentials.
void mask_secrets(std::string& text, const Webhook& webhook, bool cut);

}  // namespace limehook::http_client
