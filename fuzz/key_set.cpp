// Property: of any JWK set only public keys of fit kinds and sizes are taken.

#include <algorithm>

#include "fuzz_input.hpp"
#include "identity/id_token.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto keys = identity::read_key_set(fuzz::text_of(data, size));
  if (!keys) return 0;
  check(keys->size() <= 100, "a set has its limit");
  for (const auto& key : *keys) {
    static constexpr std::string_view kKinds[] = {"RSA", "P-256", "P-384", "P-521"};
    check(std::ranges::find(kKinds, key.kind) != std::end(kKinds), "a key is of a known kind");
    check(key.key != nullptr, "a key is there");
    const auto bits = cjose_jwk_get_keysize(key.key.get(), nullptr);
    check(key.kind != "RSA" || (bits >= 2048 && bits <= 8192), "an RSA key has a fit size");
  }
  // Whatever the keys are, a token that they have not signed is none.
  const auto token = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
  check(!identity::read_id_token(token, *keys, {"i", "c", "n"}, from_us(0)), "no key verifies what it has not signed");
  return 0;
}
