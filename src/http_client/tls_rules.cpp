#include "http_client/tls_rules.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "base/assert.hpp"

namespace limehook::http_client {
namespace {

constexpr int kExponentBitsMax = 64;  // larger public exponents make checking as dear as signing
constexpr std::size_t kNamesShown = 5;
constexpr std::size_t kNameBytesShown = 100;
constexpr long kChainBytesMax = 32 * 1024;

// X25519 and the curves of NIST, which receivers are known to have. None of the others is needed, and the finite-field
// groups of RFC 7919 cost up to a hundred times as much.
constexpr const char* kGroups = "X25519:P-256:P-384:P-521";
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
constexpr std::array<std::string_view, 3> kCurves{"prime256v1", "secp384r1", "secp521r1"};

using NamesPtr = std::unique_ptr<GENERAL_NAMES, decltype([](GENERAL_NAMES* p) { GENERAL_NAMES_free(p); })>;
using NumberPtr = std::unique_ptr<BIGNUM, decltype([](BIGNUM* p) { BN_free(p); })>;

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// A stranger's bytes, for a message.
std::string shown(std::string_view name) {
  std::string out(name.substr(0, kNameBytesShown));
  std::ranges::replace_if(out, [](char c) { return c <= ' ' || c > '~'; }, '?');
  return out;
}

std::optional<std::string> text_of(const GENERAL_NAME& name) {
  if (name.type == GEN_DNS) return shown(bytes_of(name.d.dNSName));
  if (name.type != GEN_IPADD) return std::nullopt;
  const auto bytes = bytes_of(name.d.iPAddress);
  if (bytes.size() == 4) {
    boost::asio::ip::address_v4::bytes_type v4;
    std::ranges::copy(bytes, v4.begin());
    return boost::asio::ip::address_v4(v4).to_string();
  }
  if (bytes.size() != 16) return std::nullopt;
  boost::asio::ip::address_v6::bytes_type v6;
  std::ranges::copy(bytes, v6.begin());
  return boost::asio::ip::address_v6(v6).to_string();
}

std::optional<std::string> rsa_problem(const EVP_PKEY* key, int bits_max) {
  if (const int bits = EVP_PKEY_get_bits(key); bits > bits_max) {
    return fmt::format("is an RSA key of {} bits; at most {} are taken", bits, bits_max);
  }
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &number);
  const NumberPtr exponent(number);
  if (exponent && BN_num_bits(exponent.get()) <= kExponentBitsMax) return std::nullopt;
  return fmt::format("is an RSA key with a public exponent of more than {} bits", kExponentBitsMax);
}

}  // namespace

void trust_issuing_authorities(SSL_CTX* context) {
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
}

void expect_host(X509_VERIFY_PARAM* parameters, std::string host) {
  boost::system::error_code no_address;
  boost::asio::ip::make_address(host, no_address);
  if (!no_address) {
    X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str());
    return;
  }
  if (host.ends_with('.')) host.pop_back();  // only marks it as absolute
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
}

void allow_cheap_cryptography_only(SSL_CTX* context) {
  LIMEHOOK_ASSERT(SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1);
  LIMEHOOK_ASSERT(SSL_CTX_set1_groups_list(context, kGroups) == 1);
  SSL_CTX_set_verify_depth(context, kChainCertificatesMax);
  SSL_CTX_set_max_cert_list(context, kChainBytesMax);
}

std::optional<std::string> key_problem(const EVP_PKEY* key, int rsa_bits_max) {
  switch (key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return rsa_problem(key, rsa_bits_max);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return std::nullopt;
    case EVP_PKEY_EC: {
      std::array<char, 64> name{};
      EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr);
      if (std::ranges::find(kCurves, std::string_view(name.data())) != kCurves.end()) return std::nullopt;
      return "is an EC key on another curve than P-256, P-384 or P-521";
    }
    default:
      return "is neither an RSA nor an EC key, and neither Ed25519 nor Ed448";
  }
}

std::string names_of(const X509* certificate) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  std::size_t count = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    auto text = text_of(*sk_GENERAL_NAME_value(names.get(), i));
    if (text && ++count <= kNamesShown) texts.push_back(std::move(*text));
  }
  if (texts.empty()) return "no host (a Common Name does not count)";
  const auto more = count > kNamesShown ? fmt::format(" and {} more", count - kNamesShown) : "";
  return fmt::format("{}{}", fmt::join(texts, ", "), more);
}

}  // namespace limehook::http_client
