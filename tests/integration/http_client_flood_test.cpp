// Receivers that pour: what an attempt takes from them is counted by the receiver, in bytes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "http_client_test_certificates.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// What a receiver can write at most: what is taken, and what fits into the buffers of both sockets.
constexpr std::size_t kPouredMax = 32 * 1024 * 1024;

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

struct Flood {
  const char* name;
  std::string start;
  std::string piece;  // without end
  AttemptOutcome outcome;
  const char* error;
};

std::ostream& operator<<(std::ostream& out, const Flood& flood) { return out << flood.name; }

class Floods : public ::testing::TestWithParam<Flood> {};

// Goal: the attempt ends long before its time is over, keeps no more than the log takes, and the receiver gets rid of
// little; the next attempt is none the worse.
TEST_P(Floods, AreCutOff) {
  const auto& flood = GetParam();
  std::atomic<std::size_t> poured = 0;
  TestServer server([&](Peer& peer) {
    if (!peer.read_request()) return;
    peer.write(flood.start);
    std::string block;
    while (block.size() < 64 * 1024) block += flood.piece;
    while (poured < 1'000'000'000 && peer.write(block)) poured += block.size();
  });
  TestClient client;
  const auto attempt = client.send(webhook_to(server.url(), seconds(60))).attempt;
  EXPECT_EQ(attempt.outcome, flood.outcome) << attempt.error;
  EXPECT_THAT(attempt.error, HasSubstr(flood.error));
  EXPECT_LE(attempt.response_head.size(), limits::kResponseHeadBytesMax);
  EXPECT_LE(attempt.response_body.size(), limits::kResponseBodyBytesMax);
  EXPECT_LT(poured, kPouredMax);
  TestServer good(always(response_text(200)));
  EXPECT_EQ(client.send(good.url()).attempt.http_status, 200);
}

const std::string kExtension = "1;" + std::string(30'000, 'e') + "\r\nx\r\n";

INSTANTIATE_TEST_SUITE_P(
    , Floods,
    ::testing::Values(
        Flood{"status_line", "HTTP/1.1 200 ", "x", AttemptOutcome::BadResponse, "head is too long"},
        Flood{"one_header", kOk + "X-Long: ", "x", AttemptOutcome::BadResponse, "head is too long"},
        Flood{"header_name", kOk, "x", AttemptOutcome::BadResponse, "head is too long"},
        Flood{"many_headers", kOk, "A: b\r\n", AttemptOutcome::BadResponse, "head is too long"},
        Flood{"folded_header", kOk + "A: b", "\r\n c", AttemptOutcome::BadResponse, ""},
        Flood{"interim_answers", "", "HTTP/1.1 103 Early\r\n\r\n", AttemptOutcome::BadResponse, "too many interim"},
        Flood{"long_interim_answers", "", "HTTP/1.1 103 Early\r\nLink: " + std::string(16'000, 'x') + "\r\n\r\n",
              AttemptOutcome::BadResponse, "too many interim"},
        Flood{"empty_lines", "", "\r\n", AttemptOutcome::BadResponse, "not HTTP/1.1"},
        Flood{"zeros", "", std::string(1, '\0'), AttemptOutcome::BadResponse, "not HTTP/1.1"},
        Flood{"huge_body", kOk + "Content-Length: 18446744073709551615\r\n\r\n", "x", AttemptOutcome::Response, ""},
        Flood{"endless_body", kOk + "\r\n", "x", AttemptOutcome::Response, ""},
        Flood{"big_chunk", kChunked + "ffffffffffffffff\r\n", "x", AttemptOutcome::Response, ""},
        Flood{"small_chunks", kChunked, "1\r\nx\r\n", AttemptOutcome::Response, ""},
        Flood{"chunk_extension", kChunked + "1;", "e", AttemptOutcome::Response, "malformed"},
        Flood{"chunk_extensions", kChunked, kExtension, AttemptOutcome::Response, ""},
        Flood{"chunk_size", kChunked, "0", AttemptOutcome::Response, "malformed"},
        Flood{"trailers", kChunked + "0\r\n", "X-Trailer: 1\r\n", AttemptOutcome::Response, "malformed"}),
    [](const auto& instance) { return std::string(instance.param.name); });

// Goal: bytes that come slowly extend no deadline, wherever in the answer they come.
TEST(Drips, DoNotExtendTheTimeLimit) {
  for (const std::string& start :
       {std::string(), std::string("HTTP/1.1 200 "), kOk + "X-Slow: ", kOk + "Content-Length: 1000\r\n\r\n",
        kChunked + "1;", kChunked + "0\r\nX: ", std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")}) {
    TestServer server([&](Peer& peer) {
      peer.read_request();
      peer.write(start);
      while (!peer.closed_within(milliseconds(20)) && peer.write(start.empty() ? "H" : "x")) {
      }
    });
    TestClient client;
    const auto attempt = client.send(webhook_to(server.url(), milliseconds(250))).attempt;
    const bool has_head = start.find("\r\n\r\n") != std::string::npos && !start.starts_with("HTTP/1.1 100");
    if (start.empty()) {
      EXPECT_EQ(attempt.outcome, AttemptOutcome::BadResponse);
      continue;  // "HHH" is no HTTP
    }
    EXPECT_EQ(attempt.outcome, has_head ? AttemptOutcome::Response : AttemptOutcome::Timeout) << start;
    EXPECT_GE(attempt.duration, milliseconds(250));
    EXPECT_LT(attempt.duration, seconds(5));
  }
}

// Goal: nobody is asked for a compressed body. One that comes all the same is read where that is simple, and else
// named.
TEST(Compression, IsNotAskedForAndUndone) {
  const std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x44\x05\x00", 15);
  for (const auto& [coding, shown] : std::initializer_list<std::pair<std::string, std::string>>{
           {"gzip", "aaaaaaaaaaaaaaaa"},
           {"br", "[15 bytes, Content-Encoding: br]"},
           {"deflate", packed},
           {"gzip, gzip", "[15 bytes, Content-Encoding: gzip, gzip]"}}) {
    ReceivedRequest request;
    TestServer server([&](Peer& peer) {
      request = *peer.read_request();
      peer.write(response_text(200, packed, fmt::format("Content-Encoding: {}\r\n", coding)));
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.response_body, shown) << coding;
    EXPECT_EQ(request.header("Accept-Encoding"), "identity");
  }
}

// Goal: an answer that comes before the request is that connection's answer, once; it is never another request's.
TEST(Early, AnswersCountOnce) {
  TestServer server([](Peer& peer) {
    peer.write(response_text(200, "first") + response_text(200, "second"));
    peer.read_request();
    peer.wait_until_closed();
  });
  TestClient client;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(server.url()).attempt.response_body, "first");
  EXPECT_EQ(server.connections(), 3);
}

// Goal: an endpoint for tokens gets no further than a receiver. Method: it pours what could be a token, a head,
// nesting.
TEST(TokenFloods, AreCutOff) {
  TestServer server(always(response_text(200)));
  for (const auto& [start, piece] : std::initializer_list<std::pair<std::string, std::string>>{
           {kOk + "Content-Length: 1000000000000\r\n\r\n{\"access_token\":\"", "x"},
           {kOk + "Content-Length: 1000000000000\r\n\r\n", "[{\"a\":"},
           {kOk, "X-More: x\r\n"},
           {kChunked, kExtension}}) {
    std::atomic<std::size_t> poured = 0;
    TestServer tokens([&](Peer& peer) {
      peer.read_request();
      peer.write(start);
      while (peer.write(piece)) poured += piece.size();
    });
    auto webhook = webhook_to(server.url(), seconds(60));
    webhook->oauth = OauthSettings{.token_url = tokens.url(), .client_id = "c", .client_secret = "secret-of-client"};
    TestClient client;
    const auto attempt = client.send(webhook).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::OauthFailed);
    EXPECT_THAT(attempt.error, HasSubstr("too long")) << start;
    EXPECT_LT(poured, kPouredMax);
  }
  EXPECT_EQ(server.connections(), 0);
}

class TlsFloods : public ::testing::Test {
 protected:
  TlsFloods() { write_file(ca_file_, authority_.pem()); }
  ~TlsFloods() override { std::remove(ca_file_.c_str()); }

  SenderOptions options() const {
    auto made = test_options();
    made.ca_file = ca_file_;
    return made;
  }
  std::unique_ptr<SSL_CTX, CertificateDeleter> context(int version) const {
    auto made = server_context(certificate_);
    SSL_CTX_set_min_proto_version(made.get(), version);
    SSL_CTX_set_max_proto_version(made.get(), version);
    return made;
  }

  std::string ca_file_ = ::testing::TempDir() + "limehook-flood-ca.pem";
  Certificate authority_ = make_certificate({.common_name = "test authority", .authority = true});
  Certificate certificate_ = make_certificate({.alternative_names = "IP:127.0.0.1", .issuer = &authority_});
};

// Goal: TLS messages that carry nothing are not taken for ever, before an answer, within one and after one. Method: the
// receiver asks for new keys, or sends tickets, until it cannot.
TEST_F(TlsFloods, AreCutOff) {
  const auto ctx = context(TLS1_3_VERSION);
  const auto new_keys = [](SSL* ssl) { return SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED); };
  const auto ticket = [](SSL* ssl) { return SSL_new_session_ticket(ssl); };
  for (const auto& ask : {std::function<int(SSL*)>(new_keys), std::function<int(SSL*)>(ticket)}) {
    for (const std::string& start : {std::string(), kOk + "Content-Length: 5\r\n\r\n", response_text(200)}) {
      std::atomic<std::uint64_t> poured = 0;
      std::atomic<bool> ended = false;
      TestServer server(
          [&](Peer& peer) {
            peer.read_request();
            peer.write(start);
            // OpenSSL does not say that a ticket could not be written.
            for (std::uint64_t before = 1;
                 poured != before && ask(peer.tls()) == 1 && SSL_do_handshake(peer.tls()) == 1;) {
              before = poured;
              poured = BIO_number_written(SSL_get_wbio(peer.tls()));
            }
            ended = true;
          },
          ctx.get());
      TestClient client(options());
      const auto attempt = client.send(webhook_to(server.url(), seconds(60))).attempt;
      EXPECT_EQ(attempt.outcome, start.empty() ? AttemptOutcome::BadResponse : AttemptOutcome::Response);
      EXPECT_EQ(attempt.error, start.empty() ? "the answer is too long" : "");
      while (!ended) std::this_thread::yield();
      EXPECT_LT(poured, kPouredMax);
      EXPECT_LT(attempt.duration, seconds(30));
    }
  }
}

// Goal: with TLS 1.2 the receiver cannot start further handshakes. Method: it asks for them, and counts what it gets.
TEST_F(TlsFloods, NoHandshakeFollowsTheFirst) {
  const auto ctx = context(TLS1_2_VERSION);
  static std::atomic<int> client_hellos;
  client_hellos = 0;
  SSL_CTX_set_msg_callback(
      ctx.get(), +[](int sent, int, int type, const void* bytes, std::size_t, SSL*, void*) {
        const bool hello = type == SSL3_RT_HANDSHAKE && *static_cast<const char*>(bytes) == SSL3_MT_CLIENT_HELLO;
        if (sent == 0 && hello) ++client_hellos;
      });
  TestServer server(
      [&](Peer& peer) {
        peer.read_request();
        char byte;
        while (SSL_renegotiate(peer.tls()) == 1 && SSL_do_handshake(peer.tls()) == 1 &&
               SSL_read(peer.tls(), &byte, 1) > 0) {
        }
      },
      ctx.get());
  TestClient client(options());
  const auto attempt = client.send(webhook_to(server.url(), seconds(5))).attempt;
  EXPECT_EQ(client_hellos, 1);
  EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed) << attempt.error;
}

// Goal: a handshake that never ends costs the time to connect at most, whether it drips or pours.
TEST_F(TlsFloods, AHandshakeEnds) {
  const std::string alert("\x15\x03\x03\x00\x02\x01\x5a", 7);    // a warning: user_canceled
  const std::string cipher_spec("\x14\x03\x03\x00\x01\x01", 6);  // means nothing in TLS 1.3
  const std::string empty("\x16\x03\x03\x00\x00", 5);            // a handshake message of no bytes
  const std::string long_message("\x16\x03\x03\x40\x00\x02\xff\xff\xff", 9);
  for (const auto& [start, piece] :
       std::initializer_list<std::pair<std::string, std::string>>{{alert, alert},
                                                                  {cipher_spec, cipher_spec},
                                                                  {empty, empty},
                                                                  {long_message, std::string(16'000, 'x')},
                                                                  {std::string("\x16\x03\x03\x40\x00", 5), "x"}}) {
    std::atomic<std::size_t> poured = 0;
    const bool drips = piece.size() == 1;
    TestServer server([&](Peer& peer) {
      peer.write(start);
      while (peer.write(piece) && (!drips || !peer.closed_within(milliseconds(20)))) poured += piece.size();
    });
    auto limited = options();
    limited.connect_timeout = milliseconds(400);
    TestClient client(limited);
    const auto attempt = client.send(fmt::format("https://127.0.0.1:{}/", server.port())).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::TlsFailed) << attempt.error;
    EXPECT_LT(attempt.duration, seconds(5));
    EXPECT_LT(poured, kPouredMax);
  }
}

}  // namespace
}  // namespace limehook::http_client::testing
