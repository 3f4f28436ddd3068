#include "identity/totp.hpp"

#include <fmt/format.h>
#include <liboath/oath.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <boost/url.hpp>
#include <cstdlib>
#include <memory>

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "signing/signing.hpp"

namespace limehook::identity {
namespace {

constexpr unsigned kDigits = 6;
constexpr std::int64_t kStepSeconds = 30;
constexpr std::int64_t kWindow = 1;  // steps to either side, for clocks that differ and people who type slowly
constexpr std::size_t kSecretBytes = 20;

constexpr std::size_t kRecoveryCodes = 10;
constexpr std::size_t kRecoveryCharacters = 16;
constexpr std::size_t kRecoveryGroup = 4;
constexpr std::string_view kCrockford = "0123456789abcdefghjkmnpqrstvwxyz";  // 5 bits each

struct Free {
  void operator()(char* bytes) const { std::free(bytes); }
};
using Bytes = std::unique_ptr<char, Free>;

template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
  std::array<unsigned char, N> bytes;
  LIMEHOOK_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return bytes;
}

void begin_liboath() {
  static const int begun = oath_init();
  LIMEHOOK_ASSERT(begun == OATH_OK);
}

std::string decode_secret(std::string_view secret) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (oath_base32_decode(secret.data(), secret.size(), &bytes, &size) != OATH_OK) return "";
  const Bytes owner(bytes);
  return {bytes, size};
}

// The code of that step; empty when there is none.
std::string code_at(const std::string& key, std::int64_t step) {
  std::array<char, kDigits + 1> code{};
  const int answer = oath_hotp_generate(key.data(), key.size(), static_cast<std::uint64_t>(step), kDigits, false,
                                        OATH_HOTP_DYNAMIC_TRUNCATION, code.data());
  return answer == OATH_OK ? code.data() : "";
}

std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

std::string encoded_name(std::string_view text) {
  std::string name(text);
  std::ranges::replace(name, ':', ' ');
  return boost::urls::encode(name, boost::urls::unreserved_chars);
}

}  // namespace

std::string generate_totp_secret() {
  begin_liboath();
  const auto bytes = random_bytes<kSecretBytes>();
  char* text = nullptr;
  std::size_t size = 0;
  LIMEHOOK_ASSERT(oath_base32_encode(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &text, &size) ==
                  OATH_OK);
  const Bytes owner(text);
  return {text, size};
}

std::string totp_uri(std::string_view secret, std::string_view account, std::string_view issuer) {
  return fmt::format("otpauth://totp/{0}:{1}?secret={2}&issuer={0}&algorithm=SHA1&digits={3}&period={4}",
                     encoded_name(issuer), encoded_name(account), secret, kDigits, kStepSeconds);
}

std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, WallTime now,
                                      std::int64_t last_step) {
  begin_liboath();
  const auto given = without_spaces(code);
  const auto key = decode_secret(secret);
  if (key.empty() || given.size() != kDigits) return std::nullopt;
  const auto current = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() / kStepSeconds;
  // The latest step of those with this code, so that it cannot serve again for another one of them.
  std::optional<std::int64_t> found;
  for (auto step = std::max<std::int64_t>(current - kWindow, 0); step <= current + kWindow; ++step) {
    if (signing::equal_constant_time(code_at(key, step), given)) found = step;
  }
  return found && *found > last_step ? found : std::nullopt;
}

std::vector<std::string> generate_recovery_codes() {
  std::vector<std::string> codes(kRecoveryCodes);
  for (std::string& code : codes) {
    const auto bytes = random_bytes<kRecoveryCharacters>();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i > 0 && i % kRecoveryGroup == 0) code += '-';
      code += kCrockford[bytes[i] % kCrockford.size()];
    }
  }
  return codes;
}

std::optional<RecoveryCodeHash> recovery_code_hash(std::string_view code) {
  std::string plain;
  for (char c : code) {
    if (c == ' ' || c == '-') continue;
    c = ascii::lower(c);
    if (c == 'o') c = '0';
    if (c == 'i' || c == 'l') c = '1';
    if (!kCrockford.contains(c) || plain.size() == kRecoveryCharacters) return std::nullopt;
    plain += c;
  }
  if (plain.size() != kRecoveryCharacters) return std::nullopt;
  return signing::sha256(plain);
}

std::optional<std::size_t> find_recovery_code(std::string_view code, std::span<const RecoveryCodeHash> unused) {
  const auto hash = recovery_code_hash(code);
  std::optional<std::size_t> found;
  for (std::size_t i = 0; hash && i < unused.size(); ++i) {
    if (CRYPTO_memcmp(hash->data(), unused[i].data(), hash->size()) == 0) found = i;
  }
  return found;
}

}  // namespace limehook::identity
