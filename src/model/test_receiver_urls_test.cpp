#include "model/test_receiver_urls.hpp"

#include <gtest/gtest.h>

#include "model/webhook_json.hpp"

namespace limehook {
namespace {

const std::string kId = "rcv_" + std::string(43, 'a');
const std::string kOrigin = "http://127.0.0.1:8080";
const std::string kUrl = kOrigin + "/test-receiver/" + kId;

// Goal: exactly one spelling of a receiver's URL is exempt, and nothing else that may lead to this server.
TEST(TestReceiverUrls, ExemptOneSpellingOnly) {
  const TestReceiverUrls urls(kOrigin, true);
  EXPECT_EQ(urls.url_of(kId), kUrl);
  EXPECT_EQ(urls.id_in(kUrl), kId);
  EXPECT_TRUE(urls.exempts(kUrl));
  EXPECT_TRUE(urls.exempts(kOrigin + "/test-receiver/rcv_-_0Zz" + std::string(38, '9')));
  const std::string rest(38, 'a');
  for (const std::string& url : {std::string(),
                                 kOrigin,
                                 kOrigin + "/",
                                 kOrigin + "/v1/keys",
                                 kOrigin + "/test-receiver/",
                                 kOrigin + "/test-receiver/rcv_",
                                 kUrl + "a",
                                 kUrl.substr(0, kUrl.size() - 1),
                                 kUrl + "/",
                                 kUrl + "?a=b",
                                 kUrl + "#a",
                                 kUrl + "/../../v1/keys",
                                 kOrigin + "/test-receiver/../v1/keys",
                                 kOrigin + "/test-receiver/rcv_/../" + rest + "ab",
                                 kOrigin + "/test-receiver/rcv_%2e%2e" + rest + "a",
                                 kOrigin + "//test-receiver/" + kId,
                                 kOrigin + "/test-receiver//" + kId,
                                 kOrigin + "/Test-receiver/" + kId,
                                 kOrigin + "/test-receiver/RCV_" + std::string(43, 'a'),
                                 kOrigin + "/%74est-receiver/" + kId,
                                 "http://127.0.0.1:80/test-receiver/" + kId,
                                 "http://127.0.0.1:80800/test-receiver/" + kId,
                                 "http://127.0.0.1/test-receiver/" + kId,
                                 "http://127.0.0.2:8080/test-receiver/" + kId,
                                 "http://localhost:8080/test-receiver/" + kId,
                                 "http://127.1:8080/test-receiver/" + kId,
                                 "https://127.0.0.1:8080/test-receiver/" + kId,
                                 "HTTP://127.0.0.1:8080/test-receiver/" + kId,
                                 "http://u@127.0.0.1:8080/test-receiver/" + kId,
                                 "http://u:p@127.0.0.1:8080/test-receiver/" + kId,
                                 "http://127.0.0.1:8080@evil.example/test-receiver/" + kId,
                                 " " + kUrl,
                                 kUrl + " ",
                                 kUrl + "\r\nX: y"}) {
    EXPECT_FALSE(urls.exempts(url)) << url;
    EXPECT_EQ(urls.id_in(url), std::nullopt) << url;
  }
}

// Goal: where receivers are behind a public URL, it has to be fit like anybody's.
TEST(TestReceiverUrls, AreNotExemptElsewhere) {
  const TestReceiverUrls urls("https://hooks.example.com", false);
  EXPECT_EQ(urls.id_in("https://hooks.example.com/test-receiver/" + kId), kId);
  EXPECT_FALSE(urls.exempts("https://hooks.example.com/test-receiver/" + kId));
  EXPECT_FALSE(TestReceiverUrls().any());
  EXPECT_FALSE(TestReceiverUrls().exempts("rcv_" + std::string(43, 'a')));
}

// Goal: the exception holds for where deliveries go, and not for where an OAuth client's secret goes.
TEST(TestReceiverUrls, AreTakenAsWebhookUrls) {
  const TestReceiverUrls urls(kOrigin, true);
  const UrlRules rules{.literal_problem = [](std::string_view) { return "is refused"; },
                       .is_test_receiver = [&](std::string_view url) { return urls.exempts(url); }};
  EXPECT_EQ(url_problem(kUrl, rules), std::nullopt);
  EXPECT_TRUE(url_problem(kUrl + "?a", rules));
  const auto pointers = [&](const boost::json::object& members) {
    Webhook webhook;
    std::string text;
    for (const auto& error : apply_webhook_json(webhook, boost::json::serialize(members), rules))
      text += error.pointer + " ";
    return text;
  };
  EXPECT_EQ(pointers({{"url", kUrl}, {"fallback_url", kUrl}}), "");
  EXPECT_EQ(pointers({{"url", kOrigin + "/v1/keys"}, {"fallback_url", kOrigin + "/"}}), "/url /fallback_url ");
  EXPECT_EQ(pointers({{"oauth", {{"token_url", kUrl}, {"client_id", "i"}, {"client_secret", "s"}}}}),
            "/oauth/token_url ");
}

}  // namespace
}  // namespace limehook
