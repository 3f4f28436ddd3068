#pragma once
// Verifying Ed25519 signatures. Private to this folder.

#include <string_view>

namespace limehook::signing {

// `public_key` is "whpk_…"; the signature's 64 bytes as they are.
bool verify_ed25519(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace limehook::signing
