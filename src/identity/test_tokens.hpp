#pragma once
// A provider's keys and tokens, for tests.

#include <cjose/header.h>
#include <cjose/jwk.h>
#include <cjose/jws.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "identity/base64url.hpp"

namespace limehook::identity::testing {

inline std::string encoded(std::string_view text) {
  return base64url({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

class TestKey {
 public:
  static TestKey rsa(std::string id, std::size_t bits = 2048) {
    static constexpr std::uint8_t kExponent[] = {1, 0, 1};
    return {cjose_jwk_create_RSA_random(bits, kExponent, sizeof kExponent, nullptr), std::move(id)};
  }
  static TestKey ec(std::string id, cjose_jwk_ec_curve curve) {
    return {cjose_jwk_create_EC_random(curve, nullptr), std::move(id)};
  }
  static TestKey secret(std::string_view bytes) {
    return {cjose_jwk_create_oct_spec(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), nullptr), ""};
  }

  // The public part as a JWK.
  boost::json::object jwk() const {
    char* const text = cjose_jwk_to_json(key_.get(), false, nullptr);
    auto object = boost::json::parse(text).as_object();
    std::free(text);
    if (!id_.empty()) object["kid"] = id_;
    return object;
  }
  // A JWS over any payload, with the header's members `algorithm` and `id` (none when empty), and "crit" as raw JSON.
  std::string sign(std::string_view algorithm, std::string_view id, std::string_view payload,
                   std::string_view critical = "") const {
    const std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)> header(cjose_header_new(nullptr),
                                                                                  cjose_header_release);
    cjose_header_set(header.get(), CJOSE_HDR_ALG, std::string(algorithm).c_str(), nullptr);
    if (!id.empty()) cjose_header_set(header.get(), CJOSE_HDR_KID, std::string(id).c_str(), nullptr);
    if (!critical.empty()) cjose_header_set_raw(header.get(), "crit", std::string(critical).c_str(), nullptr);
    const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
        cjose_jws_sign(key_.get(), header.get(), reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(),
                       nullptr),
        cjose_jws_release);
    const char* text = nullptr;
    return jws && cjose_jws_export(jws.get(), &text, nullptr) ? text : "";
  }
  std::string sign(std::string_view algorithm, const boost::json::object& claims) const {
    return sign(algorithm, id_, boost::json::serialize(claims));
  }

 private:
  TestKey(cjose_jwk_t* key, std::string id) : key_(key, cjose_jwk_release), id_(std::move(id)) {}
  std::shared_ptr<cjose_jwk_t> key_;
  std::string id_;
};

inline std::string key_set_of(std::initializer_list<boost::json::object> keys) {
  boost::json::array array;
  for (const auto& key : keys) array.push_back(key);
  return boost::json::serialize(boost::json::object{{"keys", array}});
}

}  // namespace limehook::identity::testing
