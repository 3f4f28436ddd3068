#include "api/auth.hpp"

#include "signing/signing.hpp"

namespace limehook::api {

std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != kScheme[i]) return std::nullopt;
  }
  return authorization.substr(authorization.find_first_not_of(' ', kScheme.size() - 1));
}

std::optional<Principal> find_principal(std::string_view key, const KeyHash& admin, const std::vector<ApiKey>& keys) {
  const KeyHash hash = signing::sha256(key);
  if (hash == admin) return Principal{Role::Admin, ""};
  for (const ApiKey& candidate : keys) {
    if (candidate.hash == hash) return Principal{candidate.role, candidate.team_id};
  }
  return std::nullopt;
}

}  // namespace limehook::api
