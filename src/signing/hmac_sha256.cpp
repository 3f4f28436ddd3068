#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <utility>

#include "base/assert.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  // OpenSSL takes a null key as "keep the key that is set", so an empty text still needs an address.
  static constexpr unsigned char kNone = 0;
  return text.empty() ? &kNone : reinterpret_cast<const unsigned char*>(text.data());
}

// Looking an algorithm up costs more than a whole signature, so it is done once; it lives as long as the process.
EVP_MAC* hmac_algorithm() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  LIMEHOOK_ASSERT(algorithm != nullptr);
  return algorithm;
}

}  // namespace

struct HmacSha256::Impl {
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(hmac_algorithm());
  Impl() { LIMEHOOK_ASSERT(context != nullptr); }
  ~Impl() { EVP_MAC_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
};

HmacSha256::HmacSha256(std::string_view key) : impl_(std::make_unique<Impl>()) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  LIMEHOOK_ASSERT(EVP_MAC_init(impl_->context, bytes_of(key), key.size(), parameters) == 1);
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Mac HmacSha256::mac(std::initializer_list<std::string_view> parts) {
  // Without a key: starts a new message with the key schedule that is set.
  LIMEHOOK_ASSERT(EVP_MAC_init(impl_->context, nullptr, 0, nullptr) == 1);
  for (const auto part : parts) {
    LIMEHOOK_ASSERT(EVP_MAC_update(impl_->context, bytes_of(part), part.size()) == 1);
  }
  Mac mac;
  std::size_t size = 0;
  LIMEHOOK_ASSERT(EVP_MAC_final(impl_->context, mac.data(), &size, mac.size()) == 1 && size == mac.size());
  return mac;
}

}  // namespace limehook::signing
