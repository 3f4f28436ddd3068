// OpenSSL's low-level functions: through EVP_MAC each MAC costs four allocations and, for a phone event, half as much
// again as the hashing itself. They are deprecated in favour of providers, which HMAC-SHA256 has no use for here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

void add(SHA256_CTX& context, std::string_view bytes) { SHA256_Update(&context, bytes.data(), bytes.size()); }

}  // namespace

// RFC 2104: H(K xor opad, H(K xor ipad, text)), with what depends on the key alone computed once.
struct HmacSha256::Impl {
  explicit Impl(std::string_view key) {
    std::array<unsigned char, SHA256_CBLOCK> block{};
    if (key.size() > block.size()) {
      std::ranges::copy(sha256(key), block.begin());
    } else {
      std::ranges::copy(key, block.begin());
    }
    absorb(inner, block, 0x36);
    absorb(outer, block, 0x5c);
  }

  static void absorb(SHA256_CTX& context, std::array<unsigned char, SHA256_CBLOCK> block, unsigned char pad) {
    for (auto& byte : block) byte ^= pad;
    SHA256_Init(&context);
    SHA256_Update(&context, block.data(), block.size());
  }

  SHA256_CTX inner;
  SHA256_CTX outer;
};

HmacSha256::HmacSha256(std::string_view key) : impl_(std::make_unique<Impl>(key)) {}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Mac HmacSha256::mac(std::initializer_list<std::string_view> parts) const {
  Mac mac;
  SHA256_CTX context = impl_->inner;
  for (const auto part : parts) add(context, part);
  SHA256_Final(mac.data(), &context);
  context = impl_->outer;
  SHA256_Update(&context, mac.data(), mac.size());
  SHA256_Final(mac.data(), &context);
  return mac;
}

}  // namespace limehook::signing
