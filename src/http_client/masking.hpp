#pragma once
// Keeps what Limehook sends in confidence out of the log, also where a receiver sends it back.

#include <string>
#include <string_view>

#include "model/webhook.hpp"

namespace limehook::http_client {

// What is shown in the place of a secret.
inline constexpr std::string_view kMask = "••••••••";

// Replaces `secret` by dots wherever it occurs in `text`, unless it is too short to be one.
void mask(std::string& text, std::string_view secret);
// The same with the webhook's token, its OAuth client's secret and its own headers' values.
void mask_secrets(std::string& text, const Webhook& webhook);

}  // namespace limehook::http_client
