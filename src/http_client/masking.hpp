#pragma once
// Keeps what Limehook sends in confidence out of the log, also where a receiver sends it back.

#include <string>
#include <string_view>

#include "model/webhook.hpp"

namespace limehook::http_client {

// What is shown in the place of a secret.
inline constexpr std::string_view kMask = "••••••••";

// Replaces `secret` by dots wherever it occurs in `text`, as it is or inside a JSON string, unless it is too short to
// be one; its beginning too where the text ends with that.
void mask(std::string& text, std::string_view secret);
// The same with "Basic …", the value of an Authorization header (RFC 7617), and the password in it.
void mask_basic(std::string& text, std::string_view authorization);
// The same with the webhook's token, its OAuth client's secret and its own headers' values.
void mask_secrets(std::string& text, const Webhook& webhook);

}  // namespace limehook::http_client
