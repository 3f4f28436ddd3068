#pragma once
// What holds for every outgoing TLS connection, whoever makes it: whom to trust, which names count, and what
// cryptography a peer may ask for.

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <optional>
#include <string>

namespace limehook::http_client {

// RSA keys: what checking a signature costs (0.2 ms with 8192 bits), and what making one does (3.5 ms with 4096 bits,
// 25 ms with 8192). With 16384 bits it is 0.7 ms and 200 ms.
inline constexpr int kPeerRsaBitsMax = 8192;
inline constexpr int kClientRsaBitsMax = 4096;
inline constexpr int kChainCertificatesMax = 10;

// Every certificate among the trusted ones ends a chain, not only self-signed ones: an operator may trust the authority
// that issues, without the one above it.
void trust_issuing_authorities(SSL_CTX* context);

// The peer must prove to be `host`, a name or an address literal without brackets, as RFC 9525 says: by a DNS name or
// an IP address among the certificate's alternative names, never by its Common Name; a wildcard is a whole label.
void expect_host(X509_VERIFY_PARAM* parameters, std::string host);

// Keeps to key exchanges and groups that cost little, whatever the peer would choose: with finite-field Diffie-Hellman
// a server chooses the size of the numbers that its client has to work with.
void allow_cheap_cryptography_only(SSL_CTX* context);

// Why a key costs too much or is of a kind that is not used, as the end of a sentence ("is an RSA key of 16384 bits;
// …").
std::optional<std::string> key_problem(const EVP_PKEY* key, int rsa_bits_max);

// What the certificate is for, for people: its DNS names and IP addresses, a few of them.
std::string names_of(const X509* certificate);

}  // namespace limehook::http_client
