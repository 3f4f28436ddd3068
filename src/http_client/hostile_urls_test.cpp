// Hosts written so that a check and a connection could read them differently.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>

#include "http_client/address_policy.hpp"
#include "http_client/target.hpp"
#include "model/webhook_json.hpp"

namespace limehook::http_client {
namespace {

using ::testing::HasSubstr;

enum class Verdict {
  Refused,   // when the webhook is saved
  Resolved,  // a name: judged by the addresses that it leads to, when connecting
  Public,    // an address that may be reached
};
using enum Verdict;

struct Case {
  std::string_view url;
  Verdict verdict;
  std::string_view words = {};  // of the refusal
  std::string_view host = {};   // that is connected to; empty: as written
};

constexpr std::string_view kNumber = "neither a host name nor an address";
constexpr std::string_view kLoopback = "127.0.0.1 is not a public address: loopback";
constexpr std::string_view kAscii = "outside ASCII";
constexpr std::string_view kCharacters = "control characters";

using namespace std::string_view_literals;
constexpr Case kCases[] = {
    // 127.0.0.1 in every spelling of inet_aton and of the WHATWG's URL standard.
    {"http://127.0.0.1/", Refused, kLoopback},
    {"http://127.0.0.1./", Refused},
    {"http://127.0.0.1../", Refused},
    {"http://2130706433/", Refused, kNumber},
    {"http://2130706433./", Refused, kNumber},
    {"http://017700000001/", Refused, kNumber},
    {"http://0177.0.0.1/", Refused, kNumber},
    {"http://0177.0.0.01/", Refused, kNumber},
    {"http://00000177.0.0.1/", Refused, kNumber},
    {"http://0x7f.1/", Refused, kNumber},
    {"http://0X7F.1/", Refused, kNumber},
    {"http://0x7f000001/", Refused, kNumber},
    {"http://0x7f.0x0.0x0.0x1/", Refused, kNumber},
    {"http://127.1/", Refused, kNumber},
    {"http://127.0.1/", Refused, kNumber},
    {"http://127.0x1/", Refused, kNumber},
    {"http://0x7f.0.01/", Refused, kNumber},
    {"http://127.0.0.01/", Refused, kNumber},
    {"http://127.000.000.001/", Refused, kNumber},
    {"http://4294967296/", Refused, kNumber},
    {"http://127.0.0.257/", Refused, kNumber},
    {"http://1.2.3.4.5/", Refused},
    {"http://0/", Refused, kNumber},
    {"http://0x/", Refused, kNumber},
    {"http://example.0x7f/", Refused, kNumber},
    {"http://example.1/", Refused, kNumber},
    {"http://8.8.8.8./", Refused},
    {"http://8.8.8.8/", Public},
    {"http://0x7f.example/", Resolved},
    {"http://127.0.0.1.example/", Refused},  // the parser sees an address and something behind it
    // This machine's names.
    {"http://localhost/", Refused, "loopback"},
    {"http://LOCALHOST/", Refused, "loopback"},
    {"http://localhost./", Refused, "loopback"},
    {"http://a.b.localhost/", Refused, "loopback"},
    {"http://a.Localhost./", Refused, "loopback"},
    {"http://localhost.example/", Resolved},
    {"http://localhost.localdomain/", Resolved},
    // Dots, cases, labels.
    {"http://example.com./", Resolved},
    {"http://EXAMPLE.com/", Resolved, {}, "example.com"},
    {"http://example..com/", Refused, "1 to 63 between two dots"},
    {"http://.example.com/", Refused, "1 to 63 between two dots"},
    {"http://./", Refused, "1 to 63 between two dots"},
    {"http://metadata/", Resolved},
    {"http://-/", Resolved},
    // Percent encoding is not decoded by one side only: it is refused.
    {"http://%31%32%37.0.0.1/", Refused, "must name a host of letters"},
    {"http://127.0.0.1%2eexample.com/", Refused},
    {"http://localhos%74/", Refused, "must name a host of letters"},
    {"http://127.0.0.1%00.example.com/", Refused},
    {"http://example.com%2f@127.0.0.1/", Refused, "user name"},
    {"http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/", Refused, "must name a host of letters"},
    // Letters and full stops that look alike (UTS 46 maps them to ASCII).
    {"http://127\u3002"
     "0\u30020\u30021/",
     Refused, kAscii},
    {"http://127\uff0e"
     "0\uff0e0\uff0e1/",
     Refused, kAscii},
    {"http://127\uff61"
     "0\uff610\uff611/",
     Refused, kAscii},
    {"http://\uff11\uff12\uff17.0.0.1/", Refused, kAscii},
    {"http://\u2460\u2461\u2466.0.0.1/", Refused, kAscii},
    {"http://b\u00fccher.example/", Refused, kAscii},
    {"http://loc\u0430lhost/", Refused, kAscii},
    {"http://xn--bcher-kva.example/", Resolved},
    {"http://xn--127-0ja.example/", Resolved},
    // User names.
    {"http://127.0.0.1@example.com/", Refused, "user name"},
    {"http://example.com@127.0.0.1/", Refused, "user name"},
    {"http://example.com:80@127.0.0.1/", Refused, "user name"},
    {"http://a@b@127.0.0.1/", Refused, "absolute URL"},
    {"http://@127.0.0.1/", Refused, "user name"},
    // Backslashes, control characters, other schemes and shapes.
    {"http://example.com\\@127.0.0.1/", Refused, "absolute URL"},
    {"http:\\\\127.0.0.1\\", Refused, "absolute URL"},
    {"http:/\\127.0.0.1/", Refused, "absolute URL"},
    {"http://127.0.0.1\\.example.com/", Refused, "absolute URL"},
    {"http://127.0.0.1\t.example.com/", Refused, kCharacters},
    {"http://127.0.0.1\r\nHost: x/", Refused, kCharacters},
    {"http://127.0.0.1\0.example.com/"sv, Refused, kCharacters},
    {" http://8.8.8.8/", Refused, kCharacters},
    {"http://example.com #@127.0.0.1/", Refused, kCharacters},
    {"http://example.com/#@127.0.0.1/", Refused, "fragment"},
    {"http://example.com?@127.0.0.1/", Resolved, {}, "example.com"},
    {"http://example.com/@127.0.0.1/", Resolved, {}, "example.com"},
    {"http:127.0.0.1", Refused, "host"},
    {"http:///127.0.0.1/", Refused, "host"},
    {"//127.0.0.1/", Refused, "absolute URL"},
    {"file://127.0.0.1/etc/passwd", Refused, "must start with https://"},
    {"gopher://127.0.0.1/", Refused, "must start with https://"},
    {"http+unix://127.0.0.1/", Refused, "must start with https://"},
    // Ports.
    {"http://8.8.8.8:0/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:00000/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:65536/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:65616/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:4294967376/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:/", Refused, "port from 1 to 65535"},
    {"http://8.8.8.8:-80/", Refused, "absolute URL"},
    {"http://8.8.8.8:+80/", Refused, "absolute URL"},
    {"http://8.8.8.8:0x50/", Refused, "absolute URL"},
    {"http://8.8.8.8:80:127.0.0.1/", Refused, "absolute URL"},
    {"http://8.8.8.8:00080/", Public},
    {"http://8.8.8.8:65535/", Public},
    // IPv6.
    {"http://[::1]/", Refused, "::1 is not a public address: loopback"},
    {"http://[0:0:0:0:0:0:0:1]/", Refused, "loopback"},
    {"http://[::]/", Refused, "unspecified"},
    {"http://[::127.0.0.1]/", Refused, "IPv4-compatible"},
    {"http://[::ffff:127.0.0.1]/", Refused, kLoopback},
    {"http://[::FFFF:7F00:1]/", Refused, kLoopback},
    {"http://[0:0:0:0:0:ffff:7f00:1]/", Refused, kLoopback},
    {"http://[64:ff9b::7f00:1]/", Refused, kLoopback},
    {"http://[2002:7f00:1::]/", Refused, "6to4"},
    {"http://[2606:4700::5efe:7f00:1]/", Refused, "loopback"},
    {"http://[fe80::1%25lo]/", Refused, "absolute URL"},
    {"http://[fe80::1%lo]/", Refused, "absolute URL"},
    {"http://[::1%2525lo]/", Refused, "absolute URL"},
    {"http://[::ffff:0177.0.0.1]/", Refused, "absolute URL"},
    {"http://[127.0.0.1]/", Refused, "absolute URL"},
    {"http://[::1/", Refused, "absolute URL"},
    {"http://::1/", Refused, "absolute URL"},
    {"http://[[::1]]/", Refused, "absolute URL"},
    {"http://[::1].example.com/", Refused, "absolute URL"},
    {"http://[v1.127]/", Refused, "must name a host or an IPv4 or IPv6 address"},
    {"http://[2606:4700::1111]/", Public, {}, "2606:4700::1111"},
    {"http://[::ffff:8.8.8.8]/", Public, {}, "::ffff:8.8.8.8"},
};

std::string label_of(std::size_t length) { return std::string(length, 'a'); }

std::string_view written_host(std::string_view url) {
  const auto begin = url.find("//") + 2;
  return url.substr(begin, url.find_first_of(":/?", begin) - begin);
}

// What the system's resolver makes of a host without asking anybody; nothing when it is a name to it.
std::optional<std::string> numeric_address(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return std::nullopt;
  char text[NI_MAXHOST] = "";
  ::getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  ::freeaddrinfo(list);
  return text;
}

class HostileUrls : public ::testing::Test {
 protected:
  std::optional<std::string> problem(std::string_view url) const { return url_problem(url, rules_); }

  AddressPolicy policy_;
  UrlRules rules_{.allow_http = true,
                  .literal_problem = [this](std::string_view host) { return policy_.literal_problem(host); }};
};

// Goal: each form has the verdict of the table. What is not refused means one thing to the check, to the connection and
// to the system's resolver: the host as written, an address exactly where the resolver sees one.
TEST_F(HostileUrls, MeanTheSameToCheckAndConnection) {
  for (const auto& [url, verdict, words, host] : kCases) {
    const auto refusal = problem(url);
    EXPECT_EQ(refusal.has_value(), verdict == Refused) << url << ": " << refusal.value_or("accepted");
    if (refusal) EXPECT_THAT(*refusal, HasSubstr(words)) << url;
    if (refusal || verdict == Refused) continue;
    const auto target = parse_target(url);
    ASSERT_TRUE(target) << url;
    EXPECT_EQ(target->host, host.empty() ? written_host(url) : host) << url;
    EXPECT_EQ(target->address.has_value(), verdict == Public) << url;
    const auto numeric = numeric_address(target->host);
    EXPECT_EQ(numeric, target->address ? std::optional(target->address->to_string()) : std::nullopt) << url;
  }
}

// Goal: what was saved under other rules is refused when connecting, by the same check. Method: those hosts of the
// table that can be connected to at all.
TEST_F(HostileUrls, AreJudgedAgainWhenConnecting) {
  int judged = 0;
  for (const auto& [url, verdict, words, host] : kCases) {
    const auto target = parse_target(url);
    if (verdict != Refused || !target || numeric_address(target->host) == std::nullopt) continue;
    if (words == "user name" || words.starts_with("port") || words == "fragment") continue;  // no matter of the host
    ++judged;
    EXPECT_TRUE(policy_.literal_problem(target->host)) << url;
  }
  EXPECT_GT(judged, 25);
}

// Goal: names are as long as DNS allows and no longer (RFC 1035 section 2.3.4).
TEST_F(HostileUrls, HaveNamesThatFitIntoDns) {
  const auto label = label_of(63);
  const auto longest = label + "." + label + "." + label + "." + label_of(61);
  EXPECT_EQ(problem("https://" + longest + "/"), std::nullopt);
  EXPECT_EQ(problem("https://" + longest + "./"), std::nullopt);
  EXPECT_TRUE(problem("https://" + longest + "a/"));
  EXPECT_TRUE(problem("https://" + label_of(64) + ".example/"));
}

}  // namespace
}  // namespace limehook::http_client
