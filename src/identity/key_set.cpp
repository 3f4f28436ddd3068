#include <cjose/header.h>

#include "identity/base64url.hpp"
#include "identity/id_token.hpp"
#include "identity/json_object.hpp"

namespace limehook::identity {
namespace {

namespace json = boost::json;

constexpr std::size_t kKeysMax = 100;
constexpr std::size_t kRsaBitsMin = 2048;
constexpr std::size_t kRsaBitsMax = 8192;

// A key of the members that are `numbers` alone, so that no private part gets in. cjose ends the program over some
// texts that are no base 64, so it sees none.
std::shared_ptr<cjose_jwk_t> import(json::object wanted, const json::object& object,
                                    std::initializer_list<std::string_view> numbers) {
  for (const auto name : numbers) {
    const auto text = text_member(object, name);
    if (!text || !base64url_decode(*text)) return nullptr;
    wanted[name] = *text;
  }
  const auto text = json::serialize(wanted);
  auto* const key = cjose_jwk_import(text.data(), text.size(), nullptr);
  return key ? std::shared_ptr<cjose_jwk_t>(key, cjose_jwk_release) : nullptr;
}

std::optional<VerificationKey> read_key(const json::object& object) {
  if (object.contains("use") && text_member(object, "use") != "sig") return std::nullopt;
  VerificationKey key{.id = text_member(object, "kid").value_or(""),
                      .algorithm = text_member(object, "alg").value_or("")};
  const auto type = text_member(object, "kty");
  if (type == "RSA") {
    key.kind = *type;
    key.key = import({{"kty", "RSA"}}, object, {"n", "e"});
    if (!key.key) return std::nullopt;
    const auto bits = cjose_jwk_get_keysize(key.key.get(), nullptr);
    if (bits < kRsaBitsMin || bits > kRsaBitsMax) return std::nullopt;
    return key;
  }
  if (type != "EC") return std::nullopt;
  key.kind = text_member(object, "crv").value_or("");
  key.key = import({{"kty", "EC"}, {"crv", key.kind}}, object, {"x", "y"});
  return key.key ? std::optional(std::move(key)) : std::nullopt;
}

}  // namespace

std::optional<KeySet> read_key_set(std::string_view json) {
  const auto document = read_object(json);
  const auto* const list = document ? document->if_contains("keys") : nullptr;
  const auto* const array = list ? list->if_array() : nullptr;
  if (!array || array->size() > kKeysMax) return std::nullopt;
  KeySet keys;
  for (const auto& element : *array) {
    const auto* const object = element.if_object();
    if (!object) continue;
    if (auto key = read_key(*object)) keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace limehook::identity
