#include "http_client/masking.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

// Goal: every occurrence of the token and of own headers' values goes; short values and the rest stay.
TEST(Masking, HidesWhatWasSentInConfidence) {
  Webhook webhook;
  webhook.token = "lht_secret";
  webhook.headers = {{"X-Api-Key", "own-value"}, {"X-Flag", "1"}};
  std::string text = "a lht_secret b own-value 1 lht_secretlht_secret";
  mask_secrets(text, webhook);
  EXPECT_EQ(text, "a •••••••• b •••••••• 1 ••••••••••••••••");
  std::string clean = "nothing here";
  mask_secrets(clean, webhook);
  EXPECT_EQ(clean, "nothing here");
}

// Goal: a receiver that echoes as JSON, or whose answer is cut within the secret, gives nothing of it away.
TEST(Masking, HidesSecretsInJsonAndAtACut) {
  const std::string secret = R"(own"value\of 20 chars)";
  std::string json = R"({"got":"own\"value\\of 20 chars"})";
  mask(json, secret);
  EXPECT_EQ(json, R"({"got":"••••••••"})");
  std::string cut = "got lht_secr";
  mask(cut, "lht_secret_token");
  EXPECT_EQ(cut, "got ••••••••");
  std::string short_cut = "got lht_s";
  mask(short_cut, "lht_secret_token");
  EXPECT_EQ(short_cut, "got lht_s");
}

// Goal: credentials are found in the form they are sent in, and in the one they were given in.
TEST(Masking, HidesBasicCredentials) {
  const std::string sent = "Basic dXNlcjpwYXNzd29yZDE=";  // user:password1
  std::string text = "dXNlcjpwYXNzd29yZDE= user:password1 password1 user";
  mask_basic(text, sent);
  EXPECT_EQ(text, "•••••••• •••••••• •••••••• user");
}

}  // namespace
}  // namespace limehook::http_client
