// OpenSSL's low-level functions: through EVP_MAC each MAC costs four allocations and, for a phone event, half as much
// again as the hashing itself. They are deprecated in favour of providers, which HMAC-SHA256 has no use for here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "signing/signing.hpp"

namespace limehook::signing {
namespace {

using Block = std::array<unsigned char, SHA256_CBLOCK>;

SHA256_CTX begin_after(const auto& chaining) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::ranges::copy(chaining, context.h);
  context.Nl = SHA256_CBLOCK * 8;  // bits so far
  return context;
}

void absorb(auto& chaining, Block block, unsigned char pad) {
  for (auto& byte : block) byte ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  std::ranges::copy(context.h, chaining.begin());
}

}  // namespace

// RFC 2104: H(K xor opad, H(K xor ipad, text)), with what depends on the key alone computed once.
HmacSha256::HmacSha256(std::string_view key) {
  Block block{};
  if (key.size() > block.size()) {
    std::ranges::copy(sha256(key), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  absorb(inner_, block, 0x36);
  absorb(outer_, block, 0x5c);
}

Mac HmacSha256::mac(std::initializer_list<std::string_view> parts) const {
  Mac mac;
  SHA256_CTX context = begin_after(inner_);
  for (const auto part : parts) SHA256_Update(&context, part.data(), part.size());
  SHA256_Final(mac.data(), &context);
  context = begin_after(outer_);
  SHA256_Update(&context, mac.data(), mac.size());
  SHA256_Final(mac.data(), &context);
  return mac;
}

}  // namespace limehook::signing
