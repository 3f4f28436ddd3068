#pragma once
// Keeps what Limehook sends in confidence out of the log, also where a receiver sends it back.

#include <string>

#include "model/webhook.hpp"

namespace limehook::http_client {

// Replaces the webhook's token and its own headers' values, wherever they occur in `text`, by dots.
void mask_secrets(std::string& text, const Webhook& webhook);

}  // namespace limehook::http_client
