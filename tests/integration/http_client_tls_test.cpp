// TLS: who is trusted, what is said when somebody is not, and that it carries what plain HTTP does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "http_client_test_certificates.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Tls : public ::testing::Test {
 protected:
  Tls() {
    std::string pattern = (std::filesystem::temp_directory_path() / "limehook-tls-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::ofstream(ca_file()) << authority_.pem();
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

  std::string ca_file() const { return folder_ / "ca.pem"; }
  SenderOptions options() const {
    auto made = test_options();
    made.ca_file = ca_file();
    made.look_up = [](const std::string&) {
      return Resolution{{boost::asio::ip::make_address("127.0.0.1")}, "", false};
    };
    return made;
  }
  Certificate issue(const std::string& alternative_names) const {
    return make_certificate({.alternative_names = alternative_names, .issuer = &authority_});
  }
  static std::string url(const std::string& host, const TestServer& server) {
    return "https://" + host + ":" + std::to_string(server.port()) + "/hook";
  }
  // What comes of an attempt at a server with `certificate`, reached as `host`.
  Attempt attempt_at(const Certificate& certificate, const std::string& host) const {
    const auto context = server_context(certificate);
    TestServer server(always(response_text(200)), context.get());
    TestClient client(options());
    return client.send(url(host, server)).attempt;
  }

  std::filesystem::path folder_;
  Certificate authority_ = make_certificate({.common_name = "test authority", .authority = true});
};

TEST_F(Tls, DeliversToATrustedHost) {
  const auto certificate = issue("DNS:hooks.example,IP:127.0.0.1");
  EXPECT_EQ(attempt_at(certificate, "hooks.example").http_status, 200);
  EXPECT_EQ(attempt_at(certificate, "127.0.0.1").http_status, 200);
}

TEST_F(Tls, SendsTheNameAndTheBytes) {
  const auto certificate = issue("DNS:hooks.example");
  const auto context = server_context(certificate);
  std::string name;
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* ssl, int*, void* arg) {
        const char* sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        *static_cast<std::string*>(arg) = sent != nullptr ? sent : "";
        return SSL_TLSEXT_ERR_OK;
      });
  SSL_CTX_set_tlsext_servername_arg(context.get(), &name);
  ReceivedRequest request;
  TestServer server(
      [&](Peer& peer) {
        request = *peer.read_request();
        peer.write(response_text(200, std::string(10'000, 'y')));
        peer.wait_until_closed();
      },
      context.get());
  TestClient client(options());
  const std::string body(3 * 1024 * 1024, 'x');
  const auto result = client.send(webhook_to(url("hooks.example", server)), body);
  EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  EXPECT_EQ(result.attempt.response_body, std::string(10'000, 'y'));
  EXPECT_EQ(name, "hooks.example");
  EXPECT_EQ(request.header("Host"), "hooks.example:" + std::to_string(server.port()));
  EXPECT_TRUE(request.body == body);
}

TEST_F(Tls, RefusesWhoIsNotTrusted) {
  const auto self_signed = make_certificate({.alternative_names = "DNS:hooks.example"});
  const auto attempt = attempt_at(self_signed, "hooks.example");
  EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(attempt.error, "certificate verify failed: self-signed certificate");

  const auto other_authority = make_certificate({.common_name = "other authority", .authority = true});
  const auto unknown = make_certificate({.alternative_names = "DNS:hooks.example", .issuer = &other_authority});
  EXPECT_EQ(attempt_at(unknown, "hooks.example").error,
            "certificate verify failed: unable to get local issuer certificate");
}

TEST_F(Tls, RefusesACertificateOfAnotherHost) {
  const auto certificate = issue("DNS:hooks.example,IP:127.0.0.2");
  const auto name = attempt_at(certificate, "other.example");
  EXPECT_EQ(name.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(name.error, "certificate is not valid for host other.example: it is for hooks.example, 127.0.0.2");
  EXPECT_EQ(attempt_at(certificate, "127.0.0.1").error,
            "certificate is not valid for host 127.0.0.1: it is for hooks.example, 127.0.0.2");
}

// Goal: which names count is what RFC 9525 says: alternative names, whole labels as wildcards; no Common Name.
TEST_F(Tls, CountsAlternativeNamesOnly) {
  const auto outcome_of = [this](const std::string& common_name, const std::string& alternative_names,
                                 const std::string& host) {
    const auto attempt = attempt_at(
        make_certificate({.common_name = common_name, .alternative_names = alternative_names, .issuer = &authority_}),
        host);
    return attempt.http_status == 200 ? "" : attempt.error;
  };
  const std::string host = "hook.example.test";
  const auto refused = [&](const std::string& names) {
    return "certificate is not valid for host " + host + ": it is for " + names;
  };
  const std::string none = "no host (a Common Name does not count)";
  EXPECT_EQ(outcome_of("x", "DNS:*.example.test", host), "");
  EXPECT_EQ(outcome_of("x", "DNS:*.EXAMPLE.test", host), "");
  EXPECT_EQ(outcome_of("x", "DNS:hook.example.test", host + "."), "");
  EXPECT_EQ(outcome_of(host, "", host), refused(none));
  EXPECT_EQ(outcome_of(host, "email:a@example.test", host), refused(none));
  EXPECT_EQ(outcome_of(host, "URI:https://hook.example.test/", host), refused(none));
  EXPECT_EQ(outcome_of(host, "DNS:other.example.test", host), refused("other.example.test"));
  for (const auto* partial : {"h*.example.test", "*k.example.test", "h*k.example.test", "hook.*.test", "*.*.test"}) {
    EXPECT_EQ(outcome_of("x", std::string("DNS:") + partial, host), refused(partial));
  }
  EXPECT_EQ(outcome_of("x", "DNS:*.test", "a.example.test"),
            "certificate is not valid for host a.example.test: it is for *.test");
  // Addresses are not names, and names not addresses.
  EXPECT_EQ(outcome_of("127.0.0.1", "", "127.0.0.1"), "certificate is not valid for host 127.0.0.1: it is for " + none);
  EXPECT_EQ(outcome_of("x", "DNS:127.0.0.1", "127.0.0.1"),
            "certificate is not valid for host 127.0.0.1: it is for 127.0.0.1");
  EXPECT_EQ(outcome_of("x", "DNS:*.0.0.1", "127.0.0.1"),
            "certificate is not valid for host 127.0.0.1: it is for *.0.0.1");
  EXPECT_EQ(outcome_of("x", "DNS:a1,DNS:a2,DNS:a3,IP:::1,DNS:a4,DNS:a5,DNS:a6", host),
            refused("a1, a2, a3, ::1, a4 and 2 more"));
}

// Goal: an issuing authority can be trusted without the one above it, whether the receiver sends it along or not.
TEST_F(Tls, TrustsAnIssuingAuthority) {
  const auto issuing = make_certificate({.common_name = "issuing", .authority = true, .issuer = &authority_});
  const auto leaf = make_certificate({.alternative_names = "DNS:hooks.example", .issuer = &issuing});
  const auto other = make_certificate({.alternative_names = "DNS:hooks.example", .issuer = &authority_});
  write_file(ca_file(), issuing.pem());
  for (const bool sends_chain : {false, true}) {
    const auto context = server_context(leaf);
    if (sends_chain) SSL_CTX_add1_chain_cert(context.get(), issuing.x509.get());
    TestServer server(always(response_text(200)), context.get());
    TestClient client(options());
    const auto attempt = client.send(url("hooks.example", server)).attempt;
    EXPECT_EQ(attempt.http_status, 200) << attempt.error;
  }
  EXPECT_EQ(attempt_at(other, "hooks.example").error,
            "certificate verify failed: unable to get local issuer certificate");
}

// Goal: a receiver cannot choose cryptography that costs much. Method: it offers nothing else.
TEST_F(Tls, RefusesCostlyKeyExchanges) {
  const KeyPtr rsa(EVP_RSA_gen(2048));
  const auto certificate =
      make_certificate({.alternative_names = "DNS:hooks.example", .issuer = &authority_, .key = rsa.get()});
  const auto attempt_with = [&](int version, const char* ciphers, const char* groups) {
    const auto context = server_context(certificate);
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context.get(), ciphers);
    if (groups != nullptr) SSL_CTX_set1_groups_list(context.get(), groups);
    SSL_CTX_set_dh_auto(context.get(), 1);
    TestServer server(always(response_text(200)), context.get());
    TestClient client(options());
    return client.send(url("hooks.example", server)).attempt;
  };
  for (const auto* groups : {"X25519", "P-256", "P-384", "P-521"}) {
    EXPECT_EQ(attempt_with(TLS1_3_VERSION, nullptr, groups).http_status, 200) << groups;
    EXPECT_EQ(attempt_with(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA", groups).http_status, 200) << groups;
  }
  for (const auto* groups : {"ffdhe2048", "ffdhe8192", "X448"}) {
    EXPECT_EQ(attempt_with(TLS1_3_VERSION, nullptr, groups).outcome, AttemptOutcome::TlsFailed) << groups;
  }
  for (const auto* ciphers : {"DHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"}) {
    const auto attempt = attempt_with(TLS1_2_VERSION, ciphers, nullptr);
    EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed) << ciphers;
  }
}

// Goal: before anything is checked with a receiver's keys it is known that this costs little; chains are short.
TEST_F(Tls, RefusesCostlyChains) {
  const auto leaf = issue("DNS:hooks.example");
  const auto attempt_with = [&](const Certificate& above, int count) {
    const auto context = server_context(leaf);
    for (int i = 0; i < count; ++i) SSL_CTX_add1_chain_cert(context.get(), above.x509.get());
    TestServer server(always(response_text(200)), context.get());
    TestClient client(options());
    return client.send(url("hooks.example", server)).attempt;
  };
  const auto with_key = [this](EVP_PKEY* key) {
    return make_certificate({.common_name = "above", .authority = true, .issuer = &authority_, .key = key});
  };
  EXPECT_EQ(attempt_with(with_key(fake_rsa_key(8192).get()), 1).http_status, 200);
  EXPECT_EQ(attempt_with(with_key(fake_rsa_key(16384).get()), 1).error,
            "the key in a certificate of its chain is an RSA key of 16384 bits; at most 8192 are taken");
  EXPECT_EQ(attempt_with(with_key(fake_rsa_key(3072, 3000).get()), 1).error,
            "the key in a certificate of its chain is an RSA key with a public exponent of more than 64 bits");
  EXPECT_EQ(attempt_with(with_key(KeyPtr(EVP_EC_gen("secp256k1")).get()), 1).error,
            "the key in a certificate of its chain is an EC key on another curve than P-256, P-384 or P-521");
  EXPECT_EQ(attempt_with(authority_, 9).http_status, 200);
  EXPECT_EQ(attempt_with(authority_, 10).error, "the receiver sent a chain of 11 certificates; at most 10 are taken");
  std::string names = "DNS:hooks.example";
  for (int i = 0; i < 2'000; ++i) names += ",DNS:name-" + std::to_string(i) + ".example.test";
  EXPECT_EQ(attempt_at(issue(names), "hooks.example").error, "TLS failed: excessive message size");
}

TEST_F(Tls, RefusesACertificateOutOfItsTime) {
  const auto expired = make_certificate({.alternative_names = "DNS:hooks.example",
                                         .valid_from_seconds = -7200,
                                         .valid_until_seconds = -3600,
                                         .issuer = &authority_});
  EXPECT_EQ(attempt_at(expired, "hooks.example").error, "certificate verify failed: certificate has expired");
}

TEST_F(Tls, RefusesOldVersions) {
  const auto certificate = issue("DNS:hooks.example");
  const auto context = server_context(certificate);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  TestServer server(always(response_text(200)), context.get());
  TestClient client(options());
  EXPECT_EQ(client.send(url("hooks.example", server)).attempt.outcome, AttemptOutcome::TlsFailed);
}

TEST_F(Tls, SaysThatThePeerDoesNotSpeakTls) {
  TestServer greeting([](Peer& peer) {
    peer.write("220 mail.example ESMTP\r\n");
    peer.wait_until_closed();
  });
  TestClient client(options());
  const auto attempt = client.send(url("hooks.example", greeting)).attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(attempt.error, "the receiver does not speak TLS on this port");
}

TEST_F(Tls, AHandshakeThatStallsEndsWithTheConnectLimit) {
  TestServer silent([](Peer& peer) { peer.wait_until_closed(); });
  auto limited = options();
  limited.connect_timeout = milliseconds(200);
  TestClient client(limited);
  const auto attempt = client.send(url("hooks.example", silent)).attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed);
  EXPECT_EQ(attempt.error, "the TLS handshake was not complete within 200ms");
  EXPECT_LT(attempt.duration, seconds(5));
}

TEST_F(Tls, AHandshakeThatIsCutOffIsTold) {
  TestServer closing([](Peer&) {});
  TestClient client(options());
  EXPECT_EQ(client.send(url("hooks.example", closing)).attempt.outcome, AttemptOutcome::TlsFailed);
}

TEST_F(Tls, ReusesConnectionsAndSessions) {
  const auto certificate = issue("DNS:hooks.example");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(certificate);
    SSL_CTX_set_max_proto_version(context.get(), version);
    std::vector<bool> reused;
    TestServer server(
        [&](Peer& peer) {
          reused.push_back(peer.session_reused());
          peer.read_request();
          peer.write(response_text(200));
          peer.read_request();
          peer.write(response_text(200, "", "Connection: close\r\n"));
        },
        context.get());
    TestClient client(options());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(client.send(url("hooks.example", server)).attempt.http_status, 200);
    EXPECT_EQ(reused, (std::vector<bool>{false, true})) << version;
  }
}

// Goal: neither connections nor sessions are shared between webhooks: a receiver may tie to either what one of them is.
TEST_F(Tls, ConnectionsAndSessionsBelongToOneWebhook) {
  const auto certificate = issue("DNS:hooks.example");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(certificate);
    SSL_CTX_set_max_proto_version(context.get(), version);
    std::vector<bool> resumed;
    TestServer server(
        [&](Peer& peer) {
          resumed.push_back(peer.session_reused());
          while (peer.read_request()) peer.write(response_text(200));
        },
        context.get());
    TestClient client(options());
    const WebhookPtr webhooks[] = {webhook_to(url("hooks.example", server)), webhook_to(url("hooks.example", server))};
    for (int i = 0; i < 3; ++i) {
      for (const auto& webhook : webhooks) EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
    }
    EXPECT_EQ(resumed, (std::vector<bool>{false, false})) << version;
  }
}

// Goal: what comes after an answer is nobody's answer, also where it came with the answer and is still encrypted.
// Method: the second attempt waits for the first one's connection and would take it in the moment it is free.
TEST_F(Tls, UnaskedRecordsEndAConnectionsUse) {
  const auto certificate = issue("DNS:hooks.example");
  const auto context = server_context(certificate);
  for (const std::string_view more :
       {std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"), std::string_view()}) {
    TestServer server(
        [&](Peer& peer) {
          if (!peer.read_request()) return;
          peer.hold_back(true);
          peer.write(response_text(200, "first"));
          if (more.empty()) peer.write_raw(std::string_view("\x17\x03\x03\x01\x00half", 9));
          else peer.write(more);
          peer.hold_back(false);
          peer.wait_until_closed();
        },
        context.get());
    auto limited = options();
    limited.connections_max = 1;
    TestClient client(limited);
    const auto webhook = webhook_to(url("hooks.example", server));
    for (int i = 0; i < 4; ++i) client.start(webhook);
    for (const auto& result : client.next(4)) EXPECT_EQ(result.attempt.response_body, "first");
    EXPECT_EQ(server.connections(), 4);
  }
}

// Goal: a request is repeated when its kept connection was stale, with TLS as without, but not after any part of a
// response. Method: the receiver hangs up when a second request comes, in one case after the beginning of a record.
TEST_F(Tls, RepeatsARequestThatMetAStaleConnection) {
  const auto certificate = issue("DNS:hooks.example");
  const auto context = server_context(certificate);
  for (const std::string_view begun : {std::string_view(), std::string_view("\x17\x03\x03\x01\x00half", 9)}) {
    std::atomic<int> connections = 0;
    TestServer server(
        [&](Peer& peer) {
          const bool first = ++connections == 1;
          peer.read_request();
          peer.write(response_text(first ? 200 : 201));
          if (!first) return;
          peer.wait_until_readable();
          peer.write_raw(begun);
        },
        context.get());
    TestClient client(options());
    EXPECT_EQ(client.send(url("hooks.example", server)).attempt.http_status, 200);
    const auto attempt = client.send(url("hooks.example", server)).attempt;
    EXPECT_EQ(attempt.http_status, begun.empty() ? 201 : 0) << attempt.error;
    EXPECT_EQ(connections, begun.empty() ? 2 : 1);
  }
}

TEST_F(Tls, ServesManyAtTheSameTime) {
  const auto certificate = issue("DNS:hooks.example");
  const auto context = server_context(certificate);
  TestServer server(always(response_text(200, "ok")), context.get());
  TestClient client(options());
  const auto webhook = webhook_to(url("hooks.example", server));
  for (int i = 0; i < 200; ++i) client.start(webhook);
  for (const auto& result : client.next(200)) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
}

TEST_F(Tls, ABadAuthorityFileIsTold) {
  const auto missing = HttpSender::create(
      [&] {
        auto made = options();
        made.ca_file = folder_ / "missing.pem";
        return made;
      }(),
      [](const AttemptResult&) {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error(), StartsWith("cannot read certificates from " + (folder_ / "missing.pem").string()));
}

}  // namespace
}  // namespace limehook::http_client::testing
