// Text forms of bytes: hex, base64, secrets and tokens.

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/assert.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kSecretBytesMin = 24;
constexpr std::size_t kSecretBytesMax = 64;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned char kNotBase64 = 0xFF;

constexpr auto kBase64Values = [] {
  std::array<unsigned char, 256> values{};
  values.fill(kNotBase64);
  for (std::size_t i = 0; i < kBase64.size(); ++i) {
    values[static_cast<unsigned char>(kBase64[i])] = static_cast<unsigned char>(i);
  }
  return values;
}();

std::array<unsigned char, 32> random_bytes() {
  std::array<unsigned char, 32> bytes;
  LIMEHOOK_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return bytes;
}

}  // namespace

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string out(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = kHexDigits[bytes[i] >> 4];
    out[2 * i + 1] = kHexDigits[bytes[i] & 15];
  }
  return out;
}

std::string base64(std::span<const unsigned char> bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* end = out.data();
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k <= have; ++k) end[k] = kBase64[group >> (18 - 6 * k) & 63];
    end += 4;
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t pending = 0;
  int pending_bits = 0;
  for (const char c : text) {
    const auto value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kNotBase64) return std::nullopt;
    pending = (pending << 6 | value) & 0xFFFF;
    pending_bits += 6;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    out += static_cast<char>(pending >> pending_bits);
  }
  // Left-over bits must be zero, or two texts would mean the same bytes.
  if ((pending & ((1u << pending_bits) - 1)) != 0) return std::nullopt;
  return out;
}

std::string generate_secret() { return std::string(kSecretPrefix) + base64(random_bytes()); }

std::string generate_token(std::string_view prefix) {
  std::string digits = base64(random_bytes());
  digits.resize(digits.find('='));
  for (char& c : digits) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return std::string(prefix) + digits;
}

std::optional<std::string> secret_problem(std::string_view secret) {
  if (!secret.starts_with(kSecretPrefix)) return "must start with \"whsec_\"";
  const auto bytes = base64_decode(secret.substr(kSecretPrefix.size()));
  if (!bytes) return "must be \"whsec_\" followed by standard, padded base64";
  if (bytes->size() < kSecretBytesMin || bytes->size() > kSecretBytesMax) {
    return "must be \"whsec_\" followed by the base64 of 24 to 64 bytes";
  }
  return std::nullopt;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::array<unsigned char, 32> sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

}  // namespace limehook::signing
