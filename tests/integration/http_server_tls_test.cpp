// The server over TLS, with a client of OpenSSL.

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <csignal>
#include <filesystem>

#include "http_client_test_certificates.hpp"
#include "http_server/tls.hpp"
#include "http_server_test_server.hpp"

namespace limehook::http_server::testing {
namespace {

using http_client::testing::Certificate;
using http_client::testing::make_certificate;
using http_client::testing::write_file;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

// A certificate and its key in a folder of their own.
class Files {
 public:
  Files() {
    std::string pattern = std::filesystem::temp_directory_path() / "limehook-tls-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  TlsFiles paths() const { return {folder_ / "cert.pem", folder_ / "key.pem"}; }
  TlsFiles write(const Certificate& certificate, const Certificate& key) const {
    write_file(paths().certificate, certificate.pem());
    write_file(paths().key, key.key_pem());
    return paths();
  }

 private:
  std::filesystem::path folder_;
};

std::shared_ptr<boost::asio::ssl::context> context_named(const std::string& common_name) {
  const Files files;
  const auto certificate = make_certificate({.common_name = common_name});
  return load_tls(files.write(certificate, certificate)).value().context;
}

struct ClientWish {
  int version_max = 0;  // 0: any
  const char* ciphers = nullptr;
  std::string alpn;  // in wire form
};

// A TLS connection to the server; `ready` tells whether the handshake succeeded.
class TlsCaller {
 public:
  explicit TlsCaller(std::uint16_t port, const ClientWish& wish = {}) : tcp_(port) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that the server has closed
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);  // so that it is the server who refuses what is old
    if (wish.version_max != 0) SSL_CTX_set_max_proto_version(context, wish.version_max);
    if (wish.ciphers != nullptr) SSL_CTX_set_cipher_list(context, wish.ciphers);
    tls_.reset(SSL_new(context));
    SSL_CTX_free(context);
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(wish.alpn.data()),
                        static_cast<unsigned>(wish.alpn.size()));
    SSL_set_fd(tls_.get(), tcp_.descriptor());
    ready = SSL_connect(tls_.get()) == 1;
  }

  std::string ask(const std::string& request) {
    SSL_write(tls_.get(), request.data(), static_cast<int>(request.size()));
    char bytes[16 * 1024];
    const int size = SSL_read(tls_.get(), bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(std::max(size, 0))};
  }
  std::string peer_name() {
    char name[100]{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(tls_.get())), NID_commonName, name,
                              sizeof name);
    return name;
  }
  SSL* tls() { return tls_.get(); }

  bool ready = false;

 private:
  struct Deleter {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  Caller tcp_;
  std::unique_ptr<SSL, Deleter> tls_;
};

TEST(HttpServerTls, AnswersAndSaysThatItIsSecure) {
  const TestServer server({.tls = context_named("one")});
  TlsCaller caller(server.port(), {.alpn = "\x02h2\x08http/1.1"});
  ASSERT_TRUE(caller.ready);
  const auto answer = caller.ask(kGet);
  EXPECT_THAT(answer, HasSubstr("GET /a 127.0.0.1 https 0"));
  EXPECT_THAT(answer, HasSubstr("Strict-Transport-Security: max-age="));
  EXPECT_STREQ(SSL_get_version(caller.tls()), "TLSv1.3");
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(caller.tls(), &protocol, &size);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(protocol), size), "http/1.1");
  EXPECT_THAT(caller.ask("GET / HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
}

// Goal: nothing old, nothing without forward secrecy, nothing that is not HTTP/1.1.
TEST(HttpServerTls, RefusesWeakHandshakes) {
  const TestServer server({.tls = context_named("one")});
  const std::vector<ClientWish> wishes{
      {.version_max = TLS1_VERSION},
      {.version_max = TLS1_1_VERSION},
      {.version_max = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"},
      {.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA"},
      {.alpn = "\x02h2"},
  };
  for (const auto& wish : wishes) EXPECT_FALSE(TlsCaller(server.port(), wish).ready) << wish.version_max;
  EXPECT_TRUE(TlsCaller(server.port(), {.version_max = TLS1_2_VERSION}).ready);
  Caller plain(server.port());
  plain.send(kGet);
  EXPECT_EQ(status_of(plain.rest()), 0);
  EXPECT_EQ(server.refused(Refusal::Tls), static_cast<int>(wishes.size()) + 1);
  EXPECT_EQ(server.handled(), 0);
}

// Goal: handshakes have a time limit, and count as connections from the first byte on.
TEST(HttpServerTls, EndsHandshakesThatStall) {
  const TestServer server(
      {.shares = {.connections_max = 1}, .times = {.handshake = 300ms}, .tls = context_named("one")});
  Caller silent(server.port());
  EXPECT_TRUE(eventually([&] { return server.connections() == 1; }));
  EXPECT_FALSE(TlsCaller(server.port()).ready);
  EXPECT_EQ(server.refused(Refusal::Connections), 1);
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(server.refused(Refusal::Timeout), 1);
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_TRUE(TlsCaller(server.port()).ready);
}

// Goal: a new certificate serves new connections, and open ones go on.
TEST(HttpServerTls, ChangesCertificatesWhileItRuns) {
  TestServer server({.tls = context_named("one")});
  TlsCaller old(server.port());
  EXPECT_EQ(old.peer_name(), "one");
  server.use_tls(context_named("two"));
  EXPECT_TRUE(eventually([&] { return TlsCaller(server.port()).peer_name() == "two"; }));
  EXPECT_THAT(old.ask(kGet), HasSubstr("200 OK"));
}

// Goal: what cannot be used is told with its file, and which of the two it is.
TEST(LoadTls, SaysWhatIsWrong) {
  const Files files;
  const auto one = make_certificate({});
  const auto other = make_certificate({});
  EXPECT_FALSE(load_tls(files.paths()).error().of_key);

  const auto mixed = load_tls(files.write(one, other));
  EXPECT_TRUE(mixed.error().of_key);
  EXPECT_THAT(mixed.error().text, HasSubstr("key.pem"));

  write_file(files.write(one, one).certificate, "nonsense");
  EXPECT_THAT(load_tls(files.paths()).error().text, HasSubstr("cert.pem"));

  write_file(files.write(one, one).key, "");
  EXPECT_TRUE(load_tls(files.paths()).error().of_key);

  EXPECT_FALSE(load_tls(files.write(one, one)).value().valid_until.empty());
  const auto expired = make_certificate({.valid_until_seconds = -60});
  EXPECT_TRUE(load_tls(files.write(expired, expired)).value().valid_until.empty());
}

}  // namespace
}  // namespace limehook::http_server::testing
