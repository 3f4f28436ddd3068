#include "vault/vault.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.hpp"

namespace limehook::vault {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHeadBytes = 1 + Key::kIdBytes;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kOverheadBytes = kHeadBytes + kNonceBytes + kTagBytes;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* data_of(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* data_of(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
int size_of(std::string_view bytes) { return static_cast<int>(bytes.size()); }

std::string head_of(const Key& key) { return std::string(1, kVersion) + std::string(key.id()); }

// A cipher that has taken key, nonce and what is authenticated beside the text.
Cipher begin(const Key& key, std::string_view nonce, std::string_view head, std::string_view context, int encrypt) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  LIMEHOOK_ASSERT(
      cipher &&
      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, data_of(key.bytes()), data_of(nonce), encrypt) == 1 &&
      EVP_CipherUpdate(cipher.get(), nullptr, &size, data_of(head), size_of(head)) == 1 &&
      EVP_CipherUpdate(cipher.get(), nullptr, &size, data_of(context), size_of(context)) == 1);
  return cipher;
}

}  // namespace

bool is_sealed(std::string_view bytes) { return bytes.size() >= kOverheadBytes && bytes.front() == kVersion; }

std::string_view text_of(OpenError error) {
  switch (error) {
    case OpenError::NotSealed:
      return "not sealed";
    case OpenError::UnknownKey:
      return "sealed with another key";
    case OpenError::Damaged:
      return "damaged";
  }
  return "";
}

Vault::Vault(KeyRing keys) : keys_(std::move(keys)) { LIMEHOOK_ASSERT(!keys_.empty()); }

std::string Vault::seal(std::string_view plaintext, std::string_view context) const {
  const Key& key = keys_.front();
  std::string nonce(kNonceBytes, '\0');
  LIMEHOOK_ASSERT(RAND_bytes(data_of(nonce), size_of(nonce)) == 1);
  const std::string head = head_of(key);
  const Cipher cipher = begin(key, nonce, head, context, 1);
  std::string ciphertext(plaintext.size(), '\0');
  std::string tag(kTagBytes, '\0');
  int size = 0;
  LIMEHOOK_ASSERT(EVP_CipherUpdate(cipher.get(), data_of(ciphertext), &size, data_of(plaintext), size_of(plaintext)) ==
                      1 &&
                  EVP_CipherFinal_ex(cipher.get(), data_of(ciphertext) + size, &size) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, size_of(tag), tag.data()) == 1);
  return head + nonce + ciphertext + tag;
}

std::expected<std::string, OpenError> Vault::open(std::string_view sealed, std::string_view context) const {
  if (!is_sealed(sealed)) return std::unexpected(OpenError::NotSealed);
  const auto key = std::ranges::find(keys_, sealed.substr(1, Key::kIdBytes), &Key::id);
  if (key == keys_.end()) return std::unexpected(OpenError::UnknownKey);
  const auto head = sealed.substr(0, kHeadBytes);
  const auto nonce = sealed.substr(kHeadBytes, kNonceBytes);
  const auto ciphertext = sealed.substr(kHeadBytes + kNonceBytes, sealed.size() - kOverheadBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const Cipher cipher = begin(*key, nonce, head, context, 0);
  std::string plaintext(ciphertext.size(), '\0');
  int size = 0;
  const bool genuine =
      EVP_CipherUpdate(cipher.get(), data_of(plaintext), &size, data_of(ciphertext), size_of(ciphertext)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, size_of(tag), tag.data()) == 1 &&
      EVP_CipherFinal_ex(cipher.get(), data_of(plaintext) + size, &size) == 1;
  if (!genuine) return std::unexpected(OpenError::Damaged);
  return plaintext;
}

}  // namespace limehook::vault
