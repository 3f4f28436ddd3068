#include <charconv>
#include <chrono>
#include <utility>

#include "base/assert.hpp"
#include "signing/secret.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

constexpr std::size_t kEd25519Size = 64;

// Zero for an unknown kind: such a text is not Signer's.
std::size_t size_of(SignatureKind kind) {
  switch (kind) {
    case SignatureKind::Limecall:
    case SignatureKind::LimecallPrevious:
    case SignatureKind::Standard:
    case SignatureKind::StandardPrevious:
      return sizeof(Mac);
    case SignatureKind::StandardEd25519:
      return kEd25519Size;
  }
  return 0;
}

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const unsigned char> bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

HmacSha256 standard_hmac(std::string_view secret) {
  const auto key = standard_key(secret);
  LIMEHOOK_ASSERT(key.has_value());
  return HmacSha256(*key);
}

}  // namespace

SignedHeaders headers_of(std::string_view signatures) {
  SignedHeaders headers;
  const auto add_standard = [&](std::string_view version, std::span<const unsigned char> bytes) {
    if (!headers.webhook_signature.empty()) headers.webhook_signature += ' ';
    headers.webhook_signature += version;
    headers.webhook_signature += base64(bytes);
  };
  while (!signatures.empty()) {
    const auto kind = static_cast<SignatureKind>(signatures.front());
    const auto bytes = bytes_of(signatures.substr(1, size_of(kind)));
    signatures.remove_prefix(1 + bytes.size());
    switch (kind) {
      case SignatureKind::Limecall:
        headers.limecall = hex(bytes);
        break;
      case SignatureKind::LimecallPrevious:
        headers.limecall_previous = hex(bytes);
        break;
      case SignatureKind::Standard:
      case SignatureKind::StandardPrevious:
        add_standard("v1,", bytes);
        break;
      case SignatureKind::StandardEd25519:
        add_standard("v1a,", bytes);
        break;
    }
  }
  return headers;
}

Signer::Signer(const SigningKeys& keys) : current_{HmacSha256(keys.secret), standard_hmac(keys.secret)}, v1_(keys.v1) {
  if (!keys.private_key.empty()) ed25519_.emplace(keys.private_key);
  previous_.reserve(keys.previous.size());
  for (const ExpiringSecret& old : keys.previous) {
    previous_.push_back({Key{HmacSha256(old.secret), standard_hmac(old.secret)},
                         std::chrono::floor<std::chrono::seconds>(old.expires_at).time_since_epoch().count()});
  }
}

std::string Signer::sign(std::string_view webhook_id, std::int64_t timestamp, std::string_view body) const {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), timestamp).ptr;
  const std::string_view timestamp_text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  std::string signatures;
  signatures.reserve((3 + previous_.size()) * (1 + sizeof(Mac)) + (ed25519_ ? 1 + kEd25519Size : 0));
  const auto add = [&](SignatureKind kind, std::span<const unsigned char> bytes) {
    signatures += static_cast<char>(kind);
    signatures += text_of(bytes);
  };
  const auto standard = [&](const Key& key) { return key.standard.mac({webhook_id, ".", timestamp_text, ".", body}); };
  add(SignatureKind::Limecall, current_.limecall.mac({body}));
  if (v1_) add(SignatureKind::Standard, standard(current_));
  if (ed25519_) {
    std::string message(webhook_id);
    message.append(".").append(timestamp_text).append(".").append(body);
    add(SignatureKind::StandardEd25519, ed25519_->sign(message));
  }
  bool first = true;
  for (const PreviousKey& old : previous_) {
    if (timestamp >= old.expires_at) continue;
    if (std::exchange(first, false)) add(SignatureKind::LimecallPrevious, old.key.limecall.mac({body}));
    if (v1_) add(SignatureKind::StandardPrevious, standard(old.key));
  }
  return signatures;
}

}  // namespace limehook::signing
