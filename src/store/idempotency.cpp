#include "store/idempotency.hpp"

#include "signing/signing.hpp"

namespace limehook::store {

std::string fingerprint_of(std::string_view compact_payload) {
  const auto digest = signing::sha256(compact_payload);
  return {digest.begin(), digest.end()};
}

std::string item_key(std::string_view key, std::string_view fingerprint) {
  const std::string_view bytes = fingerprint;
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  return std::string(key) + ' ' + signing::hex({begin, bytes.size()});
}

std::string stored_key(std::string_view team_id, std::string_view key) {
  std::string out(team_id);
  out += '\0';
  out += key;
  return out;
}

bool is_other(std::string_view stored_fingerprint, std::string_view fingerprint) {
  return !stored_fingerprint.empty() && !fingerprint.empty() && stored_fingerprint != fingerprint;
}

}  // namespace limehook::store
