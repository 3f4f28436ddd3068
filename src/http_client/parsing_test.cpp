// Small pure parts: URLs, header values, the request's head, deadlines.

#include <gtest/gtest.h>

#include "http_client/request_head.hpp"
#include "http_client/response_head.hpp"
#include "http_client/target.hpp"

namespace limehook::http_client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Target, TakesAUrlApartAndKeepsPathAndQuery) {
  const auto target = parse_target("HTTPS://Example.COM:8443/a%2Fb/../c?x=%41&y=a+b");
  ASSERT_TRUE(target.has_value());
  EXPECT_TRUE(target->tls);
  EXPECT_EQ(target->host, "example.com");
  EXPECT_EQ(target->authority, "example.com:8443");
  EXPECT_EQ(target->port, 8443);
  EXPECT_EQ(target->path, "/a%2Fb/../c?x=%41&y=a+b");
  EXPECT_FALSE(target->address.has_value());
}

TEST(Target, KnowsDefaultsAndLiterals) {
  EXPECT_EQ(parse_target("http://h")->path, "/");
  EXPECT_EQ(parse_target("http://h?a=b")->path, "/?a=b");
  EXPECT_EQ(parse_target("http://h:80/")->authority, "h");
  EXPECT_EQ(parse_target("http://h:443/")->authority, "h:443");
  EXPECT_EQ(parse_target("https://h:443/")->authority, "h");
  EXPECT_EQ(parse_target("https://h:/")->port, 443);
  const auto v6 = parse_target("http://[::1]:8080/");
  EXPECT_EQ(v6->authority, "[::1]:8080");
  EXPECT_EQ(v6->host, "::1");
  EXPECT_TRUE(v6->address.has_value());
  for (const char* url : {"", "ftp://h/", "http://", "http:///x", "h/x", "http://h:0/", "http://h:65536/",
                          "http://8.8.8.8.example/", "http://h:80x/"}) {
    EXPECT_FALSE(parse_target(url).has_value()) << url;
  }
}

TEST(Target, OriginTextEndsBeforeThePath) {
  EXPECT_EQ(origin_text("https://h:1/x/y"), "https://h:1");
  EXPECT_EQ(origin_text("https://h?x"), "https://h");
  EXPECT_EQ(origin_text("https://h"), "https://h");
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  const auto now = *parse_rfc3339("2025-01-30T15:00:00Z");
  EXPECT_EQ(parse_retry_after("0", now), Duration(0));
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Thu, 30 Jan 2025 15:01:30 GMT", now), seconds(90));
  EXPECT_EQ(parse_retry_after("Thu, 30 Jan 2025 14:00:00 GMT", now), Duration(0));
  // RFC 9110 section 5.6.7: the two other forms count as well.
  EXPECT_EQ(parse_retry_after("Thursday, 30-Jan-25 15:01:30 GMT", now), seconds(90));
  EXPECT_EQ(parse_retry_after("Thu Jan 30 15:01:30 2025", now), seconds(90));
  EXPECT_EQ(parse_retry_after("Friday, 30-Jan-76 15:01:30 GMT", now), Duration(0)) << "1976, not 2076";
  for (const char* value : {"", "-1", "1.5", "soon", "+5", "1e3", "5 s", "Thu, 30 Jan 2025", "Thu Jan 30 2025"}) {
    EXPECT_EQ(parse_retry_after(value, now), std::nullopt) << value;
  }
  for (const char* value : {"9223372036854775807", "99999999999999999999999999", "9223372036855"}) {
    EXPECT_GT(parse_retry_after(value, now), hours(24)) << value;
  }
}

TEST(KeepAlive, ReadsTheTimeout) {
  EXPECT_EQ(parse_keep_alive_timeout("timeout=5"), seconds(5));
  EXPECT_EQ(parse_keep_alive_timeout("max=100, Timeout=15"), seconds(15));
  EXPECT_EQ(parse_keep_alive_timeout("timeout=0"), seconds(0));
  for (const char* value : {"", "timeout", "timeout=", "timeout=x", "timeout=-1", "timeout=99999999999", "max=5"}) {
    EXPECT_EQ(parse_keep_alive_timeout(value), std::nullopt) << value;
  }
}

TEST(RequestHead, ListAndTextSayTheSame) {
  const signing::SignedHeaders signatures{"new", "old", "v1,a v1,b"};
  const std::vector<Header> own{{"X-Own", "1"}};
  const DeliveryHeaders headers{.version = "1.2.3",
                                .webhook_id = "dlv_1",
                                .token = "secret",
                                .type = EventType::MissedCall,
                                .attempt = 3,
                                .timestamp = 1738249200,
                                .test = true,
                                .signatures = signatures,
                                .own_headers = own};
  const std::vector<Header> expected{{"User-Agent", "Limehook/1.2.3"},
                                     {"Content-Type", "application/json"},
                                     {"Accept", "*/*"},
                                     {"Accept-Encoding", "identity"},
                                     {"Authorization", "Bearer secret"},
                                     {"X-LimeCall-Event", "missed_call"},
                                     {"X-LimeCall-Attempt", "3"},
                                     {"X-LimeCall-Test", "true"},
                                     {"X-LimeCall-Signature", "new"},
                                     {"X-LimeCall-Signature-Previous", "old"},
                                     {"webhook-id", "dlv_1"},
                                     {"webhook-timestamp", "1738249200"},
                                     {"webhook-signature", "v1,a v1,b"},
                                     {"X-Own", "1"}};
  EXPECT_EQ(delivery_headers(headers), expected);

  std::string text = "what was there before";
  write_request_head(text, {"/p?q", "h:8080", ""}, headers, 17);
  std::string expected_text = "POST /p?q HTTP/1.1\r\nHost: h:8080\r\nContent-Length: 17\r\n";
  for (const auto& header : expected) expected_text += header.name + ": " + header.value + "\r\n";
  EXPECT_EQ(text, expected_text + "\r\n");
}

// Goal: a proxy's credentials and the whole URL, the webhook's own name for the signature, each body type.
TEST(RequestHead, VariesWhereItHasTo) {
  const signing::SignedHeaders signatures{"new", "old", "v1,a"};
  DeliveryHeaders headers{.signature_header = "X-Sig", .body_type = BodyType::Form, .signatures = signatures};
  std::string text;
  write_request_head(text, {"http://h/p", "h", "Basic x"}, headers, 0);
  EXPECT_TRUE(
      text.starts_with("POST http://h/p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nProxy-Authorization: Basic x\r\n"));
  EXPECT_NE(text.find("\r\nX-Sig: new\r\nX-Sig-Previous: old\r\n"), std::string::npos);
  EXPECT_EQ(text.find("X-LimeCall-Signature"), std::string::npos);
  EXPECT_NE(text.find("\r\nContent-Type: application/x-www-form-urlencoded\r\n"), std::string::npos);
  EXPECT_EQ(content_type_of(BodyType::Json), "application/json");
  EXPECT_EQ(content_type_of(BodyType::CloudEvents), "application/cloudevents+json; charset=UTF-8");
}

}  // namespace
}  // namespace limehook::http_client
