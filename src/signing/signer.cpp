#include <charconv>
#include <chrono>
#include <limits>

#include "base/assert.hpp"
#include "signing/secret.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

std::string_view text_of(const Mac& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

std::span<const unsigned char> bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

HmacSha256 standard_hmac(std::string_view secret) {
  const auto key = standard_key(secret);
  LIMEHOOK_ASSERT(key.has_value());
  return HmacSha256(*key);
}

}  // namespace

SignedHeaders headers_of(std::string_view macs) {
  constexpr std::size_t kMacSize = sizeof(Mac);
  const auto mac = [&](std::size_t index) { return bytes_of(macs.substr(index * kMacSize, kMacSize)); };
  SignedHeaders headers;
  if (macs.size() < 2 * kMacSize) return headers;
  headers.limecall = hex(mac(0));
  headers.webhook_signature = "v1," + base64(mac(1));
  if (macs.size() < 4 * kMacSize) return headers;
  headers.limecall_previous = hex(mac(2));
  headers.webhook_signature += " v1," + base64(mac(3));
  return headers;
}

Signer::Signer(std::string_view secret, std::string_view previous_secret, std::optional<WallTime> previous_expires_at)
    : current_{HmacSha256(secret), standard_hmac(secret)} {
  if (previous_secret.empty()) return;
  previous_ = std::make_unique<const Key>(Key{HmacSha256(previous_secret), standard_hmac(previous_secret)});
  previous_expires_at_ = previous_expires_at
                             ? std::chrono::floor<std::chrono::seconds>(*previous_expires_at).time_since_epoch().count()
                             : std::numeric_limits<std::int64_t>::max();
}

std::string Signer::sign(std::string_view webhook_id, std::int64_t timestamp, std::string_view body) const {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), timestamp).ptr;
  const std::string_view timestamp_text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  std::string macs;
  macs.reserve((previous_ ? 4 : 2) * sizeof(Mac));
  macs.reserve(4 * sizeof(Mac));
  const auto add = [&](const Key& key) {
    macs += text_of(key.limecall.mac({body}));
    macs += text_of(key.standard.mac({webhook_id, ".", timestamp_text, ".", body}));
  };
  add(current_);
  if (previous_ && timestamp < previous_expires_at_) add(*previous_);
  return macs;
}

}  // namespace limehook::signing
