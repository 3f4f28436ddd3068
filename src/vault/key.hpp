#pragma once
// Keys that secrets are sealed with.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::vault {

// 256 bits. Every copy is wiped when it ends.
class Key {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kIdBytes = 8;

  static Key generate();  // from the system's source of randomness
  // `text` is the padded base64 or the hexadecimal form of 32 bytes; of all else nothing is made.
  static std::optional<Key> parse(std::string_view text);

  Key(const Key&) = default;
  Key& operator=(const Key&) = default;
  ~Key();

  std::string_view bytes() const;
  // Tells keys apart and betrays nothing of them: the first bytes of a hash.
  std::string_view id() const;
  std::string id_text() const;  // in hexadecimal digits
  // The base64 form, for a key file. Whoever takes it wipes it.
  std::string text() const;

 private:
  Key() = default;
  void find_id();

  std::array<char, kBytes> bytes_{};
  std::array<char, kIdBytes> id_{};
};

// The first key seals, each opens what it has sealed. Never empty.
using KeyRing = std::vector<Key>;

}  // namespace limehook::vault
