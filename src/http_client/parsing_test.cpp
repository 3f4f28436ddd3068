// Small pure parts: URLs, header values, the request's head, deadlines.

#include <gtest/gtest.h>

#include "http_client/deadline_wheel.hpp"
#include "http_client/request_head.hpp"
#include "http_client/response_parser.hpp"
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
  for (const char* url : {"", "ftp://h/", "http://", "http:///x", "h/x", "http://h:0/", "http://h:65536/"}) {
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
  for (const char* value : {"", "-1", "1.5", "soon", "+5", "1e3", "5 s", "Thu, 30 Jan 2025"}) {
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
  write_request_head(text, "h:8080", "/p?q", headers, 17);
  std::string expected_text = "POST /p?q HTTP/1.1\r\nHost: h:8080\r\nContent-Length: 17\r\n";
  for (const auto& header : expected) expected_text += header.name + ": " + header.value + "\r\n";
  EXPECT_EQ(text, expected_text + "\r\n");
}

struct Alarm final : DeadlineWheel::Item {
  int rung = 0;
  void on_deadline(MonotonicTime) override { ++rung; }
};

TEST(DeadlineWheel, RingsOnceAtMostATickLate) {
  DeadlineWheel wheel;
  const MonotonicTime start{hours(5)};
  Alarm near, far, dropped;
  wheel.schedule(near, start + milliseconds(50), start);
  wheel.schedule(far, start + seconds(61), start);  // rounds away
  wheel.schedule(dropped, start + milliseconds(50), start);
  wheel.drop(dropped);
  MonotonicTime rang_near{}, rang_far{};
  for (auto now = start; now <= start + seconds(70); now += DeadlineWheel::kTick) {
    wheel.advance(now);
    if (near.rung == 1 && rang_near == MonotonicTime{}) rang_near = now;
    if (far.rung == 1 && rang_far == MonotonicTime{}) rang_far = now;
  }
  EXPECT_EQ(near.rung, 1);
  EXPECT_EQ(far.rung, 1);
  EXPECT_EQ(dropped.rung, 0);
  EXPECT_GE(rang_near, start + milliseconds(50));
  EXPECT_LE(rang_near, start + milliseconds(50) + 2 * DeadlineWheel::kTick);
  EXPECT_GE(rang_far, start + seconds(61));
  EXPECT_LE(rang_far, start + seconds(61) + 2 * DeadlineWheel::kTick);
  EXPECT_TRUE(wheel.empty());
}

TEST(DeadlineWheel, TakesAPastDeadlineALongPauseAndAMove) {
  DeadlineWheel wheel;
  const MonotonicTime start{hours(5)};
  Alarm past, paused, moved;
  wheel.schedule(past, start - seconds(1), start);
  wheel.schedule(paused, start + seconds(3), start);
  wheel.schedule(moved, start + seconds(3), start);
  wheel.schedule(moved, start + hours(2), start);
  wheel.advance(start + DeadlineWheel::kTick);
  EXPECT_EQ(past.rung, 1);
  wheel.advance(start + hours(1));
  EXPECT_EQ(paused.rung, 1);
  EXPECT_EQ(moved.rung, 0);
  wheel.drop(moved);
  EXPECT_TRUE(wheel.empty());
}

}  // namespace
}  // namespace limehook::http_client
