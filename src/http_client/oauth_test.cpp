#include "http_client/oauth.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

using std::chrono::seconds;

OauthSettings settings() {
  return {.token_url = "https://id.example/token", .client_id = "s6BhdRkqt3", .client_secret = "gX1fBat3bV"};
}

// Goal: the example of RFC 6749 section 4.4.2, with the form encoding that section 2.3.1 asks for.
TEST(TokenRequest, IsTheOneOfTheRfc) {
  std::string head;
  write_token_request_head(head, {.target = "/token", .authority = "server.example.com"}, "1.2.3", settings(), 29);
  EXPECT_EQ(head,
            "POST /token HTTP/1.1\r\nHost: server.example.com\r\nContent-Length: 29\r\nUser-Agent: Limehook/1.2.3\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
            "Accept-Encoding: identity\r\n"
            "Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW\r\n\r\n");
  EXPECT_EQ(token_request_body(settings()), "grant_type=client_credentials");
}

// Goal: every optional member, and credentials whose characters mean something in Basic and in forms.
TEST(TokenRequest, EncodesWhatHasToBe) {
  auto wanted = settings();
  wanted.client_id = "a:b c";
  wanted.client_secret = "p&ss=w%rd+\xC3\xA9";
  wanted.scope = "hooks:write read";
  wanted.audience = "https://api.example/";
  EXPECT_EQ(token_request_body(wanted),
            "grant_type=client_credentials&scope=hooks%3Awrite+read&audience=https%3A%2F%2Fapi.example%2F");
  std::string head;
  write_token_request_head(head, {.target = "/"}, "1", wanted, 0);
  EXPECT_NE(head.find("Authorization: " + basic_credentials("a%3Ab+c:p%26ss%3Dw%25rd%2B%C3%A9") + "\r\n"),
            std::string::npos);
  wanted.auth = OauthSettings::ClientAuth::Body;
  EXPECT_TRUE(token_request_body(wanted).ends_with("&client_id=a%3Ab+c&client_secret=p%26ss%3Dw%25rd%2B%C3%A9"));
  write_token_request_head(head, {.target = "/"}, "1", wanted, 0);
  EXPECT_EQ(head.find("Authorization"), std::string::npos);
}

// Goal: a token is used a little shorter than it is valid; without a word about that it is soon asked for again.
TEST(TokenResponse, SaysHowLongTheTokenMayBeUsed) {
  const auto lifetime = [](const std::string& members) {
    const auto token =
        read_token_response(200, R"({"access_token":"2YotnFZFEjr1zCsicMWpAA")" + members + "}", settings());
    EXPECT_TRUE(token) << members;
    EXPECT_EQ(token->text, "2YotnFZFEjr1zCsicMWpAA");
    return token->lifetime;
  };
  EXPECT_EQ(lifetime(R"(,"token_type":"Bearer","expires_in":3600)"), seconds(3570));
  EXPECT_EQ(lifetime(R"(,"token_type":"BEARER","expires_in":10)"), seconds(9));
  EXPECT_EQ(lifetime(R"(,"expires_in":"3600")"), seconds(3570));
  EXPECT_EQ(lifetime(R"(,"expires_in":1e300)"), seconds(24 * 3600 - 30));
  EXPECT_EQ(lifetime(R"(,"expires_in":0)"), seconds(0));
  EXPECT_EQ(lifetime(R"(,"expires_in":-5)"), seconds(0));
  EXPECT_EQ(lifetime(R"(,"expires_in":null)"), seconds(0));
  EXPECT_EQ(lifetime(""), std::chrono::minutes(5));
}

// Goal: a refusal's words are cut between two characters, so that the log stays UTF-8.
TEST(TokenResponse, CutsLongWordsBetweenCharacters) {
  for (const std::size_t shift : {0u, 1u, 2u}) {
    std::string words(shift, 'x');
    for (int i = 0; i < 200; ++i) words += "\u20ac";
    const auto token = read_token_response(400, R"({"error":")" + words + "\"}", settings());
    ASSERT_FALSE(token);
    EXPECT_LE(token.error().size(), 300u);
    EXPECT_GT(token.error().size(), 296u);
    EXPECT_TRUE(token.error().ends_with("\u20ac"));
  }
}

// Goal: every answer without a usable token is told apart, and none of the words holds the secret.
TEST(TokenResponse, SaysWhatIsWrong) {
  const auto error = [](int status, std::string_view body) {
    const auto token = read_token_response(status, body, settings());
    return token ? "none" : token.error();
  };
  EXPECT_EQ(error(401, R"({"error":"invalid_client","error_description":"gX1fBat3bV is\r\nwrong"})"),
            "it answered 401: invalid_client (•••••••• is  wrong)");
  EXPECT_EQ(error(503, "<html>"), "it answered 503");
  EXPECT_EQ(error(302, ""), "it answered 302");
  EXPECT_EQ(error(200, "[]"), "its answer is not a JSON object");
  EXPECT_EQ(error(200, "{"), "its answer is not a JSON object");
  const std::string no_token = "its answer has no access_token that could be sent";
  EXPECT_EQ(error(200, "{}"), no_token);
  EXPECT_EQ(error(200, R"({"access_token":""})"), no_token);
  EXPECT_EQ(error(200, R"({"access_token":"a\r\nX-Evil: 1"})"), no_token);
  EXPECT_EQ(error(200, R"({"access_token":7})"), no_token);
  EXPECT_EQ(error(200, R"({"access_token":"a","token_type":"mac"})"), "its token_type is not Bearer");
}

}  // namespace
}  // namespace limehook::http_client
