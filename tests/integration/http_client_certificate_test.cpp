// Client certificates: shown to receivers that ask for one, checked when saved, never mixed up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_client/client_certificate.hpp"
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

}  // namespace
}  // namespace limehook::http_client::testing
