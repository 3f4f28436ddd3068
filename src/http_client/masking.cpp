#include "http_client/masking.hpp"

namespace limehook::http_client {
namespace {

// Shorter values ("1", "yes") are no secrets, and would be found everywhere.
constexpr std::size_t kSecretSizeMin = 6;

}  // namespace

void mask(std::string& text, std::string_view secret) {
  if (secret.size() < kSecretSizeMin) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kMask.size())) {
    text.replace(at, secret.size(), kMask);
  }
}

void mask_secrets(std::string& text, const Webhook& webhook) {
  mask(text, webhook.token);
  if (webhook.oauth) mask(text, webhook.oauth->client_secret);
  for (const Header& header : webhook.headers) mask(text, header.value);
}

}  // namespace limehook::http_client
