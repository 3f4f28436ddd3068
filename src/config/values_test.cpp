#include "config/values.hpp"

#include <gmock/gmock.h>

namespace limehook::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// Goal: an address is an IP literal (IPv6 in brackets) with a port, and nothing else. Method: examples of each kind.
TEST(ReadListen, TakesAddressAndPort) {
  EXPECT_EQ(read_listen("127.0.0.1:8080").value(), (ListenAddress{"127.0.0.1", 8080}));
  EXPECT_EQ(read_listen("0.0.0.0:0").value(), (ListenAddress{"0.0.0.0", 0}));
  EXPECT_EQ(read_listen("[::1]:65535").value(), (ListenAddress{"::1", 65535}));
  EXPECT_EQ(read_listen("localhost:80").value(), (ListenAddress{"127.0.0.1", 80}));
}

TEST(ReadListen, RefusesTheRestAndSaysWhatIsExpected) {
  for (const auto* text : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:80x", "::1:8080", "[127.0.0.1]:80", "[::1", "example.com:80", "1.2.3:80"}) {
    const auto value = read_listen(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), HasSubstr("expected ADDRESS:PORT")) << text;
  }
}

// Goal: a proxy's URL in its few forms, credentials decoded. What is refused is not repeated: it may hold a password.
TEST(ReadProxy, TakesHostPortAndCredentials) {
  EXPECT_EQ(read_proxy("http://proxy.example:3128").value(), (ProxyAddress{"proxy.example", 3128, ""}));
  EXPECT_EQ(read_proxy("http://10.0.0.1:8080/").value(), (ProxyAddress{"10.0.0.1", 8080, ""}));
  EXPECT_EQ(read_proxy("http://[::1]:1").value(), (ProxyAddress{"::1", 1, ""}));
  EXPECT_EQ(read_proxy("http://me:p%40ss:%2f@h:80").value(), (ProxyAddress{"h", 80, "me:p@ss:/"}));
  EXPECT_EQ(read_proxy("http://me@h:80").value(), (ProxyAddress{"h", 80, "me:"}));
  for (const auto* text : {"", "h:80", "https://h:80", "http://h", "http://h:0", "http://h:65536", "http://:80",
                           "http://s3cret@:80", "http://s3cret:%zz@h:80", "http://@h:80", "http://h/p:80",
                           "http://[h]:80", "http://s3cret@h:80?x", "http://::1:80"}) {
    const auto value = read_proxy(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), HasSubstr("expected http://HOST:PORT")) << text;
    EXPECT_EQ(value.error().find("s3cret"), std::string::npos);
  }
}

// Goal: networks reach the address policy in one form. Method: host bits, single addresses, both families.
TEST(ReadNetwork, ClearsHostBits) {
  EXPECT_EQ(read_network("10.1.2.3/8").value(), "10.0.0.0/8");
  EXPECT_EQ(read_network("192.168.1.77/26").value(), "192.168.1.64/26");
  EXPECT_EQ(read_network("127.0.0.1").value(), "127.0.0.1/32");
  EXPECT_EQ(read_network("0.0.0.0/0").value(), "0.0.0.0/0");
  EXPECT_EQ(read_network("fd12:3456::1/7").value(), "fc00::/7");
  EXPECT_EQ(read_network("::1").value(), "::1/128");
  EXPECT_THAT(read_networks("127.0.0.0/8, ::1").value(), ElementsAre("127.0.0.0/8", "::1/128"));
}

TEST(ReadNetwork, RefusesTheRest) {
  for (const auto* text : {"", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "loopback"}) {
    EXPECT_FALSE(read_network(text)) << text;
  }
  EXPECT_FALSE(read_networks("10.0.0.0/8,"));
}

TEST(ReadPorts, TakesPortsOnly) {
  EXPECT_THAT(read_ports("25, 6379").value(), ElementsAre(25, 6379));
  for (const auto* text : {"", "0", "65536", "smtp", "25,", "-1"}) {
    const auto ports = read_ports(text);
    ASSERT_FALSE(ports) << text;
    EXPECT_THAT(ports.error(), HasSubstr("is not a port; expected a number from 1 to 65535"));
  }
}

TEST(ReadRetrySchedule, HoldsToTheLimitsOfTheSpec) {
  EXPECT_THAT(read_retry_schedule("1m,5m, 15m,30m").value(), ElementsAre(1min, 5min, 15min, 30min));
  EXPECT_THAT(read_retry_schedule("1s,24h").value(), ElementsAre(1s, 24h));
  EXPECT_FALSE(read_retry_schedule(""));
  EXPECT_FALSE(read_retry_schedule("1m,"));
  EXPECT_FALSE(read_retry_schedule("999ms"));
  EXPECT_FALSE(read_retry_schedule("25h"));
  std::string many = "1s";
  for (int step = 1; step < 20; ++step) many += ",1s";
  EXPECT_EQ(read_retry_schedule(many).value().size(), 20U);
  EXPECT_FALSE(read_retry_schedule(many + ",1s"));
}

TEST(ReadBytes, KnowsBothKindsOfUnits) {
  EXPECT_EQ(read_bytes("0").value(), 0U);
  EXPECT_EQ(read_bytes("1024").value(), 1024U);
  EXPECT_EQ(read_bytes("64MiB").value(), 64U << 20);
  EXPECT_EQ(read_bytes("20GB").value(), 20'000'000'000U);
  EXPECT_EQ(read_bytes("3 KiB").value(), 3072U);
  for (const auto* text : {"", "MiB", "-1", "1.5GB", "20G", "1PB", "99999999999999999999", "9999999999999TB"}) {
    EXPECT_FALSE(read_bytes(text)) << text;
  }
}

// Goal: nothing goes unencrypted over a network unless somebody asks for it. Method: examples of each form.
TEST(ReadSmtpUrl, KnowsWhenToEncrypt) {
  using enum SmtpServer::Encryption;
  EXPECT_EQ(read_smtp_url("smtp://mail.example.com:587").value(),
            (SmtpServer{"mail.example.com", 587, StartTls, false}));
  EXPECT_EQ(read_smtp_url("smtp://mail.example.com/").value(), (SmtpServer{"mail.example.com", 25, StartTls, false}));
  EXPECT_EQ(read_smtp_url("smtps://mail.example.com").value(), (SmtpServer{"mail.example.com", 465, Tls, false}));
  EXPECT_EQ(read_smtp_url("smtp://10.1.2.3:25?tls=none").value(), (SmtpServer{"10.1.2.3", 25, None, false}));
  EXPECT_EQ(read_smtp_url("smtp://127.0.0.1:2525").value(), (SmtpServer{"127.0.0.1", 2525, None, true}));
  EXPECT_EQ(read_smtp_url("smtp://localhost").value(), (SmtpServer{"localhost", 25, None, true}));
  EXPECT_EQ(read_smtp_url("smtp://[::1]:25").value(), (SmtpServer{"::1", 25, None, true}));
  EXPECT_EQ(read_smtp_url("smtp://localhost?tls=starttls").value(), (SmtpServer{"localhost", 25, StartTls, true}));
  EXPECT_EQ(read_smtp_url("smtp://[2001:db8::1]").value(), (SmtpServer{"2001:db8::1", 25, StartTls, false}));
}

TEST(ReadSmtpUrl, RefusesTheRestWithoutRepeatingIt) {
  for (const auto* text :
       {"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://:25", "smtp://mail:0",
        "smtp://mail:99999", "smtp://mail:", "smtp://user:hidden@mail", "smtp://mail/path", "smtp://mail?tls=no",
        "smtps://mail?tls=none", "smtp://::1", "smtp://[::1", "smtp://[127.0.0.1]", "smtp://ma il", "smtp://mail#x"}) {
    const auto value = read_smtp_url(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), HasSubstr("expected smtp://HOST:PORT")) << text;
    EXPECT_THAT(value.error(), testing::Not(HasSubstr("hidden"))) << text;
  }
}

TEST(ReadEmailAddresses, TakesAListAndNamesTheWrongOne) {
  EXPECT_THAT(read_email_addresses("a@example.com, b@example.com").value(),
              ElementsAre("a@example.com", "b@example.com"));
  EXPECT_THAT(read_email_addresses("a@example.com,b").error(), HasSubstr("\"b\" must be an e-mail address"));
}

// Goal: which issuers there may be. Method: tables of good and bad ones.
TEST(ReadIssuer, WantsHttpsUnlessItIsThisMachine) {
  for (const auto* text :
       {"https://id.example.com", "https://id.example.com/", "https://id.example.com:8443/realms/x", "https://10.0.0.1",
        "https://[2001:db8::1]:8443", "http://localhost:9000", "http://127.0.0.1", "http://[::1]:9000/x"}) {
    EXPECT_EQ(read_issuer(text), text);
  }
  for (const auto* text : {"http://id.example.com", "http://10.0.0.1", "http://localhost.example.com",
                           "http://128.0.0.1", "http://[2001:db8::1]"}) {
    EXPECT_THAT(read_issuer(text).error(), HasSubstr("expected https")) << text;
  }
  for (const auto* text :
       {"", "id.example.com", "https://", "https:///x", "ftp://id.example.com", "https://user:hidden@id",
        "https://id?hidden", "https://id/x?hidden", "https://id#hidden", "https://id:0", "https://id:x",
        "https://id:99999", "https://i d", "https://id/\n", "HTTPS://id", "https://[::1"}) {
    EXPECT_EQ(read_issuer(text).error(), "this is no issuer; expected an https URL without user, query and fragment")
        << text;
  }
}

TEST(ReadPublicUrl, IsAServerWithoutAPath) {
  EXPECT_EQ(read_public_url("https://hooks.example.com"), "https://hooks.example.com");
  EXPECT_EQ(read_public_url("https://hooks.example.com:8443/"), "https://hooks.example.com:8443");
  EXPECT_EQ(read_public_url("http://10.0.0.1:8080"), "http://10.0.0.1:8080");
  EXPECT_EQ(read_public_url("http://[::1]:8080/"), "http://[::1]:8080");
  for (const auto* text : {"", "/", "hooks.example.com", "https://hooks.example.com/x", "https://hooks.example.com//",
                           "https://hooks.example.com?x", "https://a@hooks.example.com", "javascript:alert(1)"}) {
    EXPECT_THAT(read_public_url(text).error(), HasSubstr("expected http(s)://HOST[:PORT]")) << text;
  }
}

TEST(ReadSwitch, KnowsTheUsualWords) {
  EXPECT_TRUE(read_switch("true").value());
  EXPECT_TRUE(read_switch("1").value());
  EXPECT_FALSE(read_switch("off").value());
  EXPECT_FALSE(read_switch("").has_value());
  EXPECT_FALSE(read_switch("2").has_value());
}

}  // namespace
}  // namespace limehook::config
