#pragma once
// The two keys in one secret. Private to this folder.

#include <optional>
#include <string>
#include <string_view>

#include "signing/signing.hpp"

namespace limehook::signing {

// The key of `webhook-signature`: the bytes that the base64 part of "whsec_…" stands for (Standard Webhooks 1.0.0).
// Nothing when secret_problem() finds one. The key of X-LimeCall-Signature is the secret's characters as shown.
inline std::optional<std::string> standard_key(std::string_view secret) {
  if (secret_problem(secret)) return std::nullopt;
  return base64_decode(secret.substr(std::string_view("whsec_").size()));
}

}  // namespace limehook::signing
