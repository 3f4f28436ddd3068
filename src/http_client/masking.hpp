#pragma once
// Keeps what Limehook sends in confidence out of the log, also where a receiver sends it back.

#include <string>
#include <string_view>

#include "model/webhook.hpp"

namespace limehook::http_client {

// What is shown in the place of a secret.
inline constexpr std::string_view kMask = "••••••••";

// Replaces the webhook's token and its own headers' values, wherever they occur in `text`, by dots.
void mask_secrets(std::string& text, const Webhook& webhook);

}  // namespace limehook::http_client
