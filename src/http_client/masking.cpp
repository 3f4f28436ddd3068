#include "http_client/masking.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {
namespace {

// Shorter values ("1", "yes") are no secrets, and would be found everywhere.
constexpr std::size_t kSecretSizeMin = 6;

void replace_all(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kMask.size())) {
    text.replace(at, secret.size(), kMask);
  }
}

// As it stands inside a JSON string.
std::string in_json(std::string_view secret) {
  std::string quoted;
  json_text::append_quoted(quoted, secret);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

void mask(std::string& text, std::string_view secret) {
  if (secret.size() < kSecretSizeMin) return;
  replace_all(text, secret);
  if (std::string quoted = in_json(secret); quoted != secret) replace_all(text, quoted);
  // Texts are cut to a length before they come here: the beginning of a secret may be all that is left of it.
  for (std::size_t size = std::min(secret.size() - 1, text.size()); size >= kSecretSizeMin; --size) {
    if (!text.ends_with(secret.substr(0, size))) continue;
    text.replace(text.size() - size, size, kMask);
    return;
  }
}

void mask_basic(std::string& text, std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic ";
  if (!authorization.starts_with(kScheme)) return;
  authorization.remove_prefix(kScheme.size());
  mask(text, authorization);
  const auto plain = signing::base64_decode(authorization);
  if (!plain) return;
  mask(text, *plain);
  mask(text, std::string_view(*plain).substr(plain->find(':') + 1));
}

void mask_secrets(std::string& text, const Webhook& webhook) {
  mask(text, webhook.token);
  if (webhook.oauth) mask(text, webhook.oauth->client_secret);
  for (const Header& header : webhook.headers) mask(text, header.value);
}

}  // namespace limehook::http_client
