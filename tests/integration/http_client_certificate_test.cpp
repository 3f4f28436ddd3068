// Client certificates: shown to receivers that ask for one, checked when saved, never mixed up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include "http_client/client_certificate.hpp"
#include "http_client/tls_rules.hpp"
#include "http_client_test_certificates.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using ::testing::HasSubstr;
using Member = CertificateProblem::Member;

ClientCertificate client_certificate(const Certificate& certificate) {
  return {.certificate = certificate.pem(), .private_key = certificate.key_pem()};
}

WallTime now() {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

// With four primes it is made quickly.
KeyPtr large_rsa_key() {
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_CTX_set_rsa_keygen_bits(context, 4608);
  EVP_PKEY_CTX_set_rsa_keygen_primes(context, 4);
  EVP_PKEY_keygen(context, &key);
  EVP_PKEY_CTX_free(context);
  return KeyPtr(key);
}

class ClientCertificates : public ::testing::Test {
 protected:
  ClientCertificates() {
    write_file(ca_file_, authority_.pem());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority_.x509.get());
    const unsigned char session_context[] = "test";
    SSL_CTX_set_session_id_context(context_.get(), session_context, sizeof session_context);
  }
  ~ClientCertificates() override { std::remove(ca_file_.c_str()); }
  SenderOptions options() const {
    auto made = test_options();
    made.ca_file = ca_file_;
    return made;
  }
  std::shared_ptr<Webhook> webhook_with(const std::string& url, const Certificate& certificate) const {
    auto webhook = webhook_to(url);
    webhook->client_certificate = client_certificate(certificate);
    return webhook;
  }
  Certificate client(const std::string& name) const {
    return make_certificate({.common_name = name, .issuer = &authority_});
  }
  // Answers with the name in the client's certificate.
  TestServer::Handler naming() {
    return [this](Peer& peer) {
      while (peer.read_request()) {
        ++requests_;
        if (peer.session_reused()) ++resumed_;
        peer.write(response_text(200, peer.client_name(), close_ ? "Connection: close\r\n" : ""));
      }
    };
  }

  std::string ca_file_ = ::testing::TempDir() + "limehook-client-certificate-ca.pem";
  Certificate authority_ = make_certificate({.common_name = "test authority", .authority = true});
  Certificate server_certificate_ = make_certificate({.alternative_names = "IP:127.0.0.1", .issuer = &authority_});
  std::unique_ptr<SSL_CTX, CertificateDeleter> context_ = server_context(server_certificate_);
  std::atomic<bool> close_ = false;
  std::atomic<int> requests_ = 0;
  std::atomic<int> resumed_ = 0;
};

// Goal: each webhook is known by its own certificate, on kept connections and on resumed TLS sessions too.
TEST_F(ClientCertificates, AreNeverMixedUp) {
  TestServer server(naming(), context_.get());
  TestClient sender(options());
  const auto alice = webhook_with(server.url(), client("alice"));
  const auto bob = webhook_with(server.url(), client("bob"));
  for (const bool close : {false, true}) {
    close_ = close;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(sender.send(alice).attempt.response_body, "alice");
      EXPECT_EQ(sender.send(bob).attempt.response_body, "bob");
    }
  }
  EXPECT_EQ(requests_, 12);
  EXPECT_GE(resumed_, 2) << "sessions are resumed, each with its own certificate";
}

// Goal: without a certificate, or with one that the receiver does not trust, the attempt says that.
TEST_F(ClientCertificates, AreAskedFor) {
  TestServer server(naming(), context_.get());
  TestClient sender(options());
  const auto none = sender.send(server.url()).attempt;
  EXPECT_EQ(none.outcome, AttemptOutcome::TlsFailed);
  EXPECT_THAT(none.error, HasSubstr("certificate required"));
  const auto stranger = sender.send(webhook_with(server.url(), make_certificate({.common_name = "mallory"}))).attempt;
  EXPECT_EQ(stranger.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(requests_, 0);
}

// Goal: intermediate certificates are sent along.
TEST_F(ClientCertificates, ComeWithTheirChain) {
  const auto middle = make_certificate({.common_name = "middle", .authority = true, .issuer = &authority_});
  const auto leaf = make_certificate({.common_name = "carol", .issuer = &middle});
  TestServer server(naming(), context_.get());
  TestClient sender(options());
  auto webhook = webhook_with(server.url(), leaf);
  webhook->client_certificate->certificate += middle.pem();
  EXPECT_EQ(sender.send(webhook).attempt.response_body, "carol");
}

// Goal: what is saved can be used; each mistake is named with the text it is in.
TEST_F(ClientCertificates, AreCheckedWhenSaved) {
  const auto alice = client("alice");
  auto good = client_certificate(alice);
  ASSERT_TRUE(complete(good, now()));
  EXPECT_EQ(good.subject, "CN=alice");
  EXPECT_GT(good.not_after, now());
  EXPECT_LT(good.not_after, now() + std::chrono::hours(2));

  const auto problem = [](ClientCertificate wrong) {
    const auto completed = complete(wrong, now());
    return completed ? CertificateProblem{Member::Certificate, "none"} : completed.error();
  };
  auto wrong = good;
  wrong.private_key = client("bob").key_pem();
  EXPECT_EQ(problem(wrong).member, Member::PrivateKey);
  EXPECT_EQ(problem(wrong).detail, "is not the key of the certificate");
  wrong.private_key = "nonsense";
  EXPECT_EQ(problem(wrong).detail, "must be a private key in PEM form that needs no password");
  wrong = good;
  wrong.certificate = "nonsense";
  EXPECT_EQ(problem(wrong).member, Member::Certificate);
  EXPECT_EQ(problem(wrong).detail, "must begin with a certificate in PEM form");
  wrong.certificate = good.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(problem(wrong).detail, "has a certificate that cannot be read after the first one");
  wrong.certificate = good.certificate + good.private_key;
  EXPECT_EQ(problem(wrong).detail, "must not contain a private key");
  const auto old = make_certificate({.common_name = "old", .valid_until_seconds = -60, .issuer = &authority_});
  EXPECT_EQ(problem(client_certificate(old)).member, Member::Certificate);
  EXPECT_THAT(problem(client_certificate(old)).detail, HasSubstr("has expired on "));
}

// Goal: what each handshake would cost is bounded when a certificate is saved.
TEST_F(ClientCertificates, MustNotCostMuch) {
  const auto problem_with = [this](EVP_PKEY* key) {
    auto given = client_certificate(make_certificate({.common_name = "dear", .issuer = &authority_, .key = key}));
    const auto completed = complete(given, now());
    return completed ? "" : (completed.error().member == Member::PrivateKey ? "key " : "") + completed.error().detail;
  };
  for (const char* curve : {"P-256", "P-384", "P-521"}) EXPECT_EQ(problem_with(KeyPtr(EVP_EC_gen(curve)).get()), "");
  EXPECT_EQ(problem_with(KeyPtr(EVP_RSA_gen(2048)).get()), "");
  EXPECT_EQ(problem_with(KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")).get()), "");
  EXPECT_EQ(problem_with(KeyPtr(EVP_EC_gen("secp256k1")).get()),
            "key is an EC key on another curve than P-256, P-384 or P-521");
  EXPECT_EQ(problem_with(large_rsa_key().get()), "key is an RSA key of 4608 bits; at most 4096 are taken");

  auto long_chain = client_certificate(client("alice"));
  for (int i = 0; i < kChainCertificatesMax; ++i) long_chain.certificate += authority_.pem();
  EXPECT_EQ(complete(long_chain, now()).error().detail, "must have at most 10 certificates");
}

// Asks for the client's certificate once the handshake is over, and waits until it is there, or a refusal.
void ask_for_certificate(SSL* tls) {
  SSL_clear_mode(tls, SSL_MODE_AUTO_RETRY);  // SSL_read returns after each message of the handshake
  SSL_verify_client_post_handshake(tls);
  SSL_do_handshake(tls);
  char byte;
  int result = 0;
  do {
    result = SSL_read(tls, &byte, 1);
  } while (result <= 0 && SSL_get_error(tls, result) == SSL_ERROR_WANT_READ &&
           (SSL_get0_peer_certificate(tls) == nullptr || SSL_in_init(tls) == 1));
  SSL_set_mode(tls, SSL_MODE_AUTO_RETRY);
}

// Goal: a receiver that asks for the certificate after the handshake gets it, also more than once on a connection that
// is kept; but not as often as it likes. Method: it reads a request, asks, and answers.
TEST_F(ClientCertificates, AreShownAfterTheHandshake) {
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT | SSL_VERIFY_POST_HANDSHAKE,
                     nullptr);
  std::atomic<int> times = 1;
  TestServer server(
      [&](Peer& peer) {
        while (peer.read_request()) {
          ++requests_;
          for (int i = 0; i < times; ++i) ask_for_certificate(peer.tls());
          if (!peer.write(response_text(200, peer.client_name()))) return;
        }
      },
      context_.get());
  TestClient sender(options());
  const auto alice = webhook_with(server.url(), client("alice"));
  for (int i = 0; i < 4; ++i) {
    const auto attempt = sender.send(alice).attempt;
    EXPECT_EQ(attempt.response_body, "alice") << attempt.error;
  }
  EXPECT_EQ(server.connections(), 1);
  times = 3;
  const auto asked_too_often = sender.send(alice).attempt;
  EXPECT_EQ(asked_too_often.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(asked_too_often.error, "the receiver asked for the client certificate again and again");
  times = 1;
  const auto none = sender.send(server.url()).attempt;
  EXPECT_EQ(none.outcome, AttemptOutcome::TlsFailed);
  EXPECT_THAT(none.error, HasSubstr("certificate required"));
}

// Goal: with TLS 1.2 that takes a new handshake, which is refused; whatever the receiver does then, the attempt's error
// names it.
TEST_F(ClientCertificates, AreNotShownInARenegotiation) {
  SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  enum class Then { GiveUp, Answer403, Answer200, Wait };
  for (const auto then : {Then::GiveUp, Then::Answer403, Then::Answer200, Then::Wait}) {
    TestServer server(
        [&](Peer& peer) {
          peer.read_request();
          SSL_set_verify(peer.tls(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
          SSL_renegotiate(peer.tls());
          SSL_do_handshake(peer.tls());
          if (then == Then::GiveUp) peer.read_request();
          if (then == Then::Wait) peer.wait_until_closed();
          if (then == Then::Answer403) peer.write(response_text(403));
          if (then == Then::Answer200) peer.write(response_text(200));
        },
        context_.get());
    TestClient sender(options());
    auto webhook = webhook_with(server.url(), client("alice"));
    webhook->timeout = std::chrono::seconds(then == Then::Wait ? 1 : 20);
    const auto attempt = sender.send(webhook).attempt;
    if (then == Then::Answer200) {
      EXPECT_EQ(attempt.error, "");
    } else {
      EXPECT_THAT(attempt.error, HasSubstr("TLS 1.2 renegotiation), which is refused")) << static_cast<int>(then);
    }
  }
}

}  // namespace
}  // namespace limehook::http_client::testing
