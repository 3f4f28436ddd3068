#include "http_client/masking.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

std::string masked(std::string text, const Webhook& webhook, bool cut = false) {
  mask_secrets(text, webhook, cut);
  return text;
}

// Goal: every occurrence of a credential goes; short values and the rest stay.
TEST(Masking, HidesWhatWasSentInConfidence) {
  Webhook webhook;
  webhook.token = "lht_secret";
  webhook.secret = "whsec_abcdef";
  webhook.oauth = OauthSettings{.client_secret = "s3cret-of-client"};
  webhook.headers = {{"X-Api-Key", "own-value"}, {"X-Flag-Key", "1"}, {"X-Auth", "Bearer abcdefg"}};
  EXPECT_EQ(masked("a lht_secret b own-value 1 lht_secretlht_secret", webhook),
            "a •••••••• b •••••••• 1 ••••••••••••••••");
  EXPECT_EQ(masked("whsec_abcdef s3cret-of-client Bearer abcdefg abcdefg", webhook),
            "•••••••• •••••••• •••••••• ••••••••");
  EXPECT_EQ(masked("nothing here", webhook), "nothing here");
}

// Goal: own headers that say where something comes from do not eat the words of answers.
TEST(Masking, LeavesOrdinaryWords) {
  Webhook webhook;
  webhook.token = "lht_secret";
  webhook.headers = {{"X-Environment", "production"},
                     {"X-Source", "application"},
                     {"X-Format", "application/json"},
                     {"X-Version", "2025-01-30T15:00:00"},
                     {"X-Host", "pbx-12.eu-west-1.example.com"}};
  const std::string text = R"({"error":"relation production.calls does not exist","type":"application/json",)"
                           R"("at":"2025-01-30T15:00:00","host":"pbx-12.eu-west-1.example.com"})";
  EXPECT_EQ(masked(text, webhook), text);
}

TEST(Masking, KnowsCredentialsByNameAndByValue) {
  for (const auto* name : {"X-Api-Key", "x-apikey", "X-AccessToken", "Authentication", "X-Auth", "Cookie", "X_SECRET",
                           "X-Client-Secret-2", "password", "X-JWT", "Ocp-Apim-Subscription-Key", "X-Session.Id"}) {
    EXPECT_TRUE(holds_credential({name, "ordinary"})) << name;
  }
  for (const auto* name :
       {"X-Environment", "X-Author", "X-Source", "X-Tenant", "X-Keyboard", "X-Passenger", "Accept"}) {
    EXPECT_FALSE(holds_credential({name, "ordinary"})) << name;
  }
  for (const auto* value : {"Bearer abc", "basic dXNlcjpwYXNz", "Token x", "sk_live_51H8abcdEFGH1234",
                            "550e8400-e29b-41d4-a716-446655440000", "d41d8cd98f00b204e9800998ecf8427e",
                            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "AKIAIOSFODNN7EXAMPL3"}) {
    EXPECT_TRUE(holds_credential({"X-Any", value})) << value;
  }
  for (const auto* value : {"production", "application/json; charset=utf-8", "eu-west-1", "2025-01-30T15:00:00.000Z",
                            "Limehook in the cloud", "+1234567890", "1738249200", "20250130150000123456", "v1.22.333",
                            "a-b-c-d-e-f-0-1-2-3-4-5-6-7-8-9", "", "internationalization"}) {
    EXPECT_FALSE(holds_credential({"X-Any", value})) << value;
  }
}

// Goal: a receiver that echoes as JSON, or whose answer is cut within the secret, gives nothing of it away. A text that
// was not cut keeps a word that a secret only begins with.
TEST(Masking, HidesSecretsInJsonAndAtACut) {
  const std::string secret = R"(own"value\of 20 chars)";
  std::string json = R"({"got":"own\"value\\of 20 chars"})";
  mask(json, secret, false);
  EXPECT_EQ(json, R"({"got":"••••••••"})");
  std::string cut = "got lht_secr";
  mask(cut, "lht_secret_token", true);
  EXPECT_EQ(cut, "got ••••••••");
  std::string whole = "in production";
  mask(whole, "production-token-1", false);
  EXPECT_EQ(whole, "in production");
  std::string short_cut = "got lht_s";
  mask(short_cut, "lht_secret_token", true);
  EXPECT_EQ(short_cut, "got lht_s");
}

// Goal: credentials are found in the form they are sent in, and in the one they were given in.
TEST(Masking, HidesBasicCredentials) {
  const std::string sent = "Basic dXNlcjpwYXNzd29yZDE=";  // user:password1
  std::string text = "dXNlcjpwYXNzd29yZDE= user:password1 password1 user";
  mask_basic(text, sent, false);
  EXPECT_EQ(text, "•••••••• •••••••• •••••••• user");
}

}  // namespace
}  // namespace limehook::http_client
