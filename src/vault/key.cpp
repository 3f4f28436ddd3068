#include "vault/key.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "signing/signing.hpp"

namespace limehook::vault {
namespace {

// Not the hash of the key alone: that could be the name of the key elsewhere.
constexpr std::string_view kIdPurpose = "limehook key id:";

std::span<const unsigned char> unsigned_bytes(std::string_view bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out(text.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto digits = text.substr(2 * i, 2);
    unsigned char value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + 2, value, 16);
    if (error != std::errc() || stop != digits.data() + 2) return std::nullopt;
    out[i] = static_cast<char>(value);
  }
  return out;
}

}  // namespace

Key Key::generate() {
  Key key;
  LIMEHOOK_ASSERT(RAND_priv_bytes(reinterpret_cast<unsigned char*>(key.bytes_.data()), kBytes) == 1);
  key.find_id();
  return key;
}

std::optional<Key> Key::parse(std::string_view text) {
  auto bytes = text.size() == 2 * kBytes ? hex_decode(text) : signing::base64_decode(text);
  if (!bytes) return std::nullopt;
  std::optional<Key> key;
  if (bytes->size() == kBytes) {
    key.emplace(Key());
    std::ranges::copy(*bytes, key->bytes_.begin());
    key->find_id();
  }
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return key;
}

Key::~Key() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::string_view Key::bytes() const { return {bytes_.data(), bytes_.size()}; }

std::string_view Key::id() const { return {id_.data(), id_.size()}; }

std::string Key::id_text() const { return signing::hex(unsigned_bytes(id())); }

std::string Key::text() const { return signing::base64(unsigned_bytes(bytes())); }

void Key::find_id() {
  std::string named(kIdPurpose);
  named.reserve(kIdPurpose.size() + kBytes);
  named += bytes();
  const auto hash = signing::sha256(named);
  std::copy_n(hash.begin(), id_.size(), id_.begin());
  OPENSSL_cleanse(named.data(), named.size());
}

}  // namespace limehook::vault
