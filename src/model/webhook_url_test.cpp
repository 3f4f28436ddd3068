#include <gtest/gtest.h>

#include "model/webhook_json.hpp"

namespace limehook {
namespace {

const UrlRules kStrict{.allow_http = false, .literal_problem = {}};
const UrlRules kHttpToo{.allow_http = true, .literal_problem = {}};

TEST(UrlProblem, TakesAbsoluteUrls) {
  // Goal: whatever RFC 3986 allows in path and query is the user's own business.
  for (const auto* url : {"https://example.com", "https://example.com/", "HTTPS://Example.COM/Hook",
                          "https://example.com:8443/a/b;c?d=e&f", "https://example.com/%7Euser/?q=%20+%C3%A9",
                          "https://xn--bcher-kva.example/a", "https://a_b.example.com/", "https://203.0.113.7/",
                          "https://[2001:db8::1]:443/x", "https://example.com?query", "https://localhost/",
                          "https://example.com:1/", "https://example.com:65535/", "https://example.com/a@b:c"}) {
    EXPECT_EQ(url_problem(url, kStrict), std::nullopt) << url;
  }
}

TEST(UrlProblem, SaysWhatIsWrong) {
  // Goal: each mistake has a sentence that helps. Method: the sentence's tell-tale words.
  struct Case {
    std::string url;
    std::string_view words;
  };
  for (const auto& [url, words] : std::initializer_list<Case>{
           {"", "is required"},
           {"example.com", "absolute URL"},
           {"/hook", "absolute URL"},
           {"//example.com/", "absolute URL"},
           {"https://exam ple.com/", "spaces"},
           {"https://example.com/a b", "spaces"},
           {"https://example.com/\n", "spaces"},
           {"https://b\xC3\xBC"
            "cher.example/",
            "ASCII"},
           {"https://example.com/\"x\"", "absolute URL"},
           {"https://example.com/%zz", "absolute URL"},
           {"https://example.com/|", "absolute URL"},
           {"https://[::1/", "absolute URL"},
           {"https://[fe80::1%25eth0]/", "absolute URL"},
           {"https://example.com:x/", "absolute URL"},
           {"https://example.com:80x/", "absolute URL"},
           {"https://example.com:+80/", "absolute URL"},
           {"https://[::1]x/", "absolute URL"},
           {"https://203.0.113.7x/", "absolute URL"},
           {"https://a@b@c/", "absolute URL"},
           {"https://example.com:443:80/", "absolute URL"},
           {"ftp://example.com/", "must start with https://"},
           {"javascript:alert(1)", "must start with https://"},
           {"mailto:a@example.com", "must start with https://"},
           {"http://example.com/", "--allow-http"},
           {"https://user@example.com/", "user name"},
           {"https://user:password@example.com/", "user name"},
           {"https://@example.com/", "user name"},
           {"https://example.com/#", "fragment"},
           {"https://example.com/#part", "fragment"},
           {"https://example.com:0/", "port"},
           {"https://example.com:65536/", "port"},
           {"https://example.com:99999999999999999999/", "port"},
           {"https://example.com:/", "port"},
           {"https:///path", "host"},
           {"https://:443/", "host"},
           {"https:path", "host"},
           {"https://exa%6dple.com/", "host"},
           {"https://exa!mple.com/", "host"},
           {"https://[v1.x]/", "host"},
           {"https://example..com/", "two dots"},
           {"https://.example.com/", "two dots"},
           {"https://./", "two dots"},
           {"https://" + std::string(64, 'a') + ".example/", "two dots"},
           {"https://example.com/" + std::string(2048, 'a'), "2048"},
       }) {
    const auto problem = url_problem(url, kStrict);
    ASSERT_TRUE(problem) << url;
    EXPECT_NE(problem->find(words), std::string::npos) << url << ": " << *problem;
  }
}

TEST(UrlProblem, AllowsHttpWhereTheServerDoes) {
  // Goal: --allow-http opens http and nothing else.
  EXPECT_EQ(url_problem("http://example.com:8080/", kHttpToo), std::nullopt);
  EXPECT_EQ(url_problem("https://example.com/", kHttpToo), std::nullopt);
  EXPECT_EQ(url_problem("ftp://example.com/", kHttpToo), "must start with https://");
}

TEST(UrlProblem, JudgesTheHostAsTheServerSays) {
  // Goal: the rule for literals sees the host without brackets and port, and its answer is the answer.
  std::string seen;
  const UrlRules rules{.allow_http = false,
                       .literal_problem = [&](std::string_view host) -> std::optional<std::string> {
                         seen = host;
                         return host == "::1" ? std::optional<std::string>("is a private address") : std::nullopt;
                       }};
  EXPECT_EQ(url_problem("https://[::1]:8443/", rules), "is a private address");
  EXPECT_EQ(url_problem("https://127.0.0.1/", rules), std::nullopt);
  EXPECT_EQ(seen, "127.0.0.1");
}

TEST(UrlProblem, JudgesThePortAsTheServerSays) {
  // Goal: the rule for ports sees those that are written, and its answer is the answer.
  const UrlRules rules{
      .allow_http = true, .literal_problem = {}, .port_problem = [](std::uint16_t port) -> std::optional<std::string> {
        return port == 25 ? std::optional<std::string>("must not use port 25") : std::nullopt;
      }};
  EXPECT_EQ(url_problem("http://example.com:25/", rules), "must not use port 25");
  EXPECT_EQ(url_problem("https://[::1]:0025", rules), "must not use port 25");
  EXPECT_EQ(url_problem("https://example.com:8443/:25", rules), std::nullopt);
  EXPECT_EQ(url_problem("https://example.com/", rules), std::nullopt);
}

TEST(UrlProblem, TakesTheLongestUrl) {
  // Goal: the limit itself still fits.
  const std::string start = "https://example.com/";
  EXPECT_EQ(url_problem(start + std::string(limits::kUrlBytesMax - start.size(), 'a'), kStrict), std::nullopt);
}

}  // namespace
}  // namespace limehook
