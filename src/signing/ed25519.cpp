// Ed25519 (RFC 8032): keys in the text form of Standard Webhooks, signing and verifying.

#include <openssl/evp.h>

#include "base/assert.hpp"
#include "signing/ed25519.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

constexpr std::string_view kPrivatePrefix = "whsk_";
constexpr std::string_view kPublicPrefix = "whpk_";
constexpr std::size_t kKeyBytes = 32;  // of a seed, and of a public key
// What precedes the key's bytes in a SubjectPublicKeyInfo (RFC 8410 section 4).
constexpr std::string_view kSpkiPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);

using ContextPtr = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* p) { EVP_MD_CTX_free(p); })>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::optional<std::string> public_bytes(std::string_view public_key) {
  if (!public_key.starts_with(kPublicPrefix)) return std::nullopt;
  auto bytes = base64_decode(public_key.substr(kPublicPrefix.size()));
  return bytes && bytes->size() == kKeyBytes ? std::move(bytes) : std::nullopt;
}

}  // namespace

KeyPair generate_key_pair() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
                                                                &EVP_PKEY_free);
  LIMEHOOK_ASSERT(key != nullptr);
  std::array<unsigned char, 2 * kKeyBytes> bytes;
  std::size_t size = kKeyBytes;
  LIMEHOOK_ASSERT(EVP_PKEY_get_raw_private_key(key.get(), bytes.data(), &size) == 1 && size == kKeyBytes);
  LIMEHOOK_ASSERT(EVP_PKEY_get_raw_public_key(key.get(), bytes.data() + kKeyBytes, &size) == 1 && size == kKeyBytes);
  return {std::string(kPrivatePrefix) + base64(bytes),
          std::string(kPublicPrefix) + base64(std::span(bytes).subspan(kKeyBytes))};
}

std::optional<std::string> public_key_problem(std::string_view public_key) {
  if (public_bytes(public_key)) return std::nullopt;
  return "must be \"whpk_\" followed by the standard, padded base64 of 32 bytes";
}

std::optional<std::string> public_key_pem(std::string_view public_key) {
  const auto bytes = public_bytes(public_key);
  if (!bytes) return std::nullopt;
  const std::string info = std::string(kSpkiPrefix) + *bytes;
  return "-----BEGIN PUBLIC KEY-----\n" + base64({bytes_of(info), info.size()}) + "\n-----END PUBLIC KEY-----\n";
}

Ed25519Signer::Ed25519Signer(std::string_view private_key) {
  const auto bytes = base64_decode(private_key.substr(std::min(kPrivatePrefix.size(), private_key.size())));
  LIMEHOOK_ASSERT(bytes && bytes->size() == 2 * kKeyBytes);
  key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(*bytes), kKeyBytes), &EVP_PKEY_free);
  LIMEHOOK_ASSERT(key_ != nullptr);
}

std::array<unsigned char, 64> Ed25519Signer::sign(std::string_view message) const {
  std::array<unsigned char, 64> signature;
  std::size_t size = signature.size();
  const ContextPtr context(EVP_MD_CTX_new());
  LIMEHOOK_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  LIMEHOOK_ASSERT(EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message), message.size()) == 1);
  return signature;
}

bool verify_ed25519(std::string_view public_key, std::string_view message, std::string_view signature) {
  const auto bytes = public_bytes(public_key);
  if (!bytes) return false;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*bytes), kKeyBytes), &EVP_PKEY_free);
  const ContextPtr context(EVP_MD_CTX_new());
  return key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace limehook::signing
