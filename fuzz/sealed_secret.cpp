// Property: nothing opens but what this key has sealed for the same row; that opens as it was.

#include "fuzz_input.hpp"
#include "vault/vault.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const vault::Vault vault({*vault::Key::parse(std::string(64, '7'))});
  auto rest = fuzz::text_of(data, size);
  check(!vault.open(rest, "wh_1"), "what was not sealed does not open");
  vault::is_sealed(rest);
  if (const auto key = vault::Key::parse(rest)) {
    check(vault::Key::parse(key->text())->bytes() == key->bytes(), "a key is the same after writing");
  }
  std::string sealed = vault.seal(rest, "wh_1");
  check(vault::is_sealed(sealed) && vault.open(sealed, "wh_1") == std::string(rest), "what was sealed opens");
  check(!vault.open(sealed, "wh_2"), "but not for another row");
  const auto at = rest.empty() ? 0 : static_cast<unsigned char>(rest.front()) % sealed.size();
  sealed[at] = static_cast<char>(sealed[at] ^ (rest.size() % 255 + 1));
  check(!vault.open(sealed, "wh_1"), "nor after any change");
  return 0;
}
