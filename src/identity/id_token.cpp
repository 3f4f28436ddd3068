#include "identity/id_token.hpp"

#include <cjose/jws.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "identity/base64url.hpp"
#include "identity/json_object.hpp"
#include "identity/profile.hpp"

namespace limehook::identity {
namespace {

namespace json = boost::json;
using Problem = std::optional<std::string>;

constexpr std::size_t kSubjectBytesMax = 255;  // OIDC Core, section 2
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kKindOfAlgorithm{
    {{"RS256", "RSA"}, {"PS256", "RSA"}, {"ES256", "P-256"}, {"ES384", "P-384"}, {"ES512", "P-521"}}};

struct Release {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jws = std::unique_ptr<cjose_jws_t, Release>;

std::unexpected<IdTokenProblem> invalid(std::string what) {
  return std::unexpected(IdTokenProblem{IdTokenProblem::Kind::Invalid, std::move(what)});
}

struct Header {
  std::string algorithm;
  std::string_view kind;  // of key
  std::optional<std::string> key_id;
};

// The parts' bytes. Stricter than cjose, which lets padding and more pass.
std::optional<std::array<std::string, 3>> parts_of(std::string_view token) {
  std::array<std::string, 3> parts;
  for (std::string& part : parts) {
    const auto dot = token.find('.');
    if ((dot == std::string_view::npos) != (&part == &parts.back())) return std::nullopt;
    const auto bytes = base64url_decode(token.substr(0, dot));
    if (!bytes) return std::nullopt;
    part = *bytes;
    token = dot == std::string_view::npos ? "" : token.substr(dot + 1);
  }
  return parts;
}

// Two parsers read the header, this one and cjose's. They cannot differ: the base 64 is strict, names are unique.
std::expected<Header, IdTokenProblem> read_header(std::string_view token) {
  const auto parts = parts_of(token);
  const auto object = parts ? read_object(parts->front()) : std::nullopt;
  if (!object) return invalid("has no readable header");
  if (object->contains("crit")) return invalid("asks for extensions that are unknown here");
  const auto algorithm = text_member(*object, "alg");
  const auto* const found =
      std::ranges::find(kKindOfAlgorithm, algorithm.value_or(""), [](const auto& a) { return a.first; });
  if (found == kKindOfAlgorithm.end()) return invalid("is not signed with RS256, PS256, ES256, ES384 or ES512");
  if (object->contains("kid") && !text_member(*object, "kid")) return invalid("has a key id that is no string");
  return Header{std::string(found->first), found->second, text_member(*object, "kid")};
}

std::expected<const VerificationKey*, IdTokenProblem> choose_key(const KeySet& keys, const Header& header) {
  const VerificationKey* chosen = nullptr;
  for (const VerificationKey& key : keys) {
    if (key.kind != header.kind || (!key.algorithm.empty() && key.algorithm != header.algorithm)) continue;
    if (header.key_id && key.id != *header.key_id) continue;
    if (chosen) return invalid("can be of several of the provider's keys, and does not name a single one");
    chosen = &key;
  }
  if (!chosen) {
    return std::unexpected(
        IdTokenProblem{IdTokenProblem::Kind::UnknownKey, "is signed with none of the provider's keys"});
  }
  return chosen;
}

std::expected<std::string, IdTokenProblem> verified_payload(std::string_view token, const VerificationKey& key) {
  const Jws jws(cjose_jws_import(token.data(), token.size(), nullptr));
  if (!jws || !cjose_jws_verify(jws.get(), key.key.get(), nullptr)) return invalid("has a wrong signature");
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &bytes, &size, nullptr)) return invalid("has no payload");
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

Problem audience_problem(const json::object& claims, const std::string& client_id) {
  const auto* const audience = claims.if_contains("aud");
  const auto* const several = audience ? audience->if_array() : nullptr;
  const auto is_us = [&](const json::value& value) { return value.is_string() && value.get_string() == client_id; };
  const bool for_us = audience && (several ? std::ranges::any_of(*several, is_us) : is_us(*audience));
  if (!for_us) return "is for another client";
  // Several audiences, and who asked for the token must be known to be us.
  if (several && several->size() > 1 && !claims.contains("azp")) return "is for several clients";
  if (claims.contains("azp") && text_member(claims, "azp") != client_id) return "was made for another client";
  return std::nullopt;
}

// Seconds since the Unix epoch, perhaps with a fraction (RFC 7519, section 2). Of "0e999" Boost.JSON makes NaN, which
// is never later than anything, so a token would never expire.
std::optional<double> seconds_member(const json::object& claims, std::string_view name) {
  const auto* const value = claims.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  return std::isfinite(seconds) ? std::optional(seconds) : std::nullopt;
}

Problem time_problem(const json::object& claims, WallTime now) {
  const auto expires = seconds_member(claims, "exp");
  const auto issued = seconds_member(claims, "iat");
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  constexpr double kSkew = kClockSkew.count();
  if (!expires || !issued) return "does not say when it was issued and expires";
  if (*expires + kSkew <= seconds) return "has expired";
  if (*issued - kSkew > seconds) return "was issued in the future";
  const auto not_before = seconds_member(claims, "nbf");
  if (claims.contains("nbf") && !not_before) return "has a time that is no number";
  if (not_before && *not_before - kSkew > seconds) return "is not valid yet";
  return std::nullopt;
}

Problem claims_problem(const json::object& claims, const IdTokenExpectation& expected, WallTime now) {
  if (text_member(claims, "iss") != expected.issuer) return "is of another issuer";
  if (auto problem = audience_problem(claims, expected.client_id)) return problem;
  if (auto problem = time_problem(claims, now)) return problem;
  const auto nonce = text_member(claims, "nonce");
  if (expected.nonce.empty() || !nonce || !signing::equal_constant_time(*nonce, expected.nonce)) {
    return "is of another sign-in";
  }
  const auto subject = text_member(claims, "sub").value_or("");
  const auto is_odd = [](char c) { return c < ' ' || c > '~'; };
  if (subject.empty() || subject.size() > kSubjectBytesMax || std::ranges::any_of(subject, is_odd)) {
    return "does not say who it is about";
  }
  return std::nullopt;
}

}  // namespace

std::expected<OidcIdentity, IdTokenProblem> read_id_token(std::string_view token, const KeySet& keys,
                                                          const IdTokenExpectation& expected, WallTime now) {
  if (token.size() > kIdTokenBytesMax) return invalid("is too large");
  const auto header = read_header(token);
  if (!header) return std::unexpected(header.error());
  const auto key = choose_key(keys, *header);
  if (!key) return std::unexpected(key.error());
  const auto payload = verified_payload(token, **key);
  if (!payload) return std::unexpected(payload.error());
  const auto claims = read_object(*payload);
  if (!claims) return invalid("holds no object of claims with unique names");
  if (auto problem = claims_problem(*claims, expected, now)) return invalid(std::move(*problem));
  OidcIdentity identity{.issuer = expected.issuer, .subject = *text_member(*claims, "sub")};
  take_profile(identity, *claims);
  return identity;
}

}  // namespace limehook::identity
