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

}  // namespace
}  // namespace limehook::http_client
