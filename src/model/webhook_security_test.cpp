#include <gtest/gtest.h>

#include "model/verbatim_json.hpp"
#include "model/webhook_json.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

const UrlRules kRules{.allow_http = false, .literal_problem = [](std::string_view host) -> std::optional<std::string> {
                        if (host == "10.0.0.1") return "is private";
                        return std::nullopt;
                      }};

// The pointers of what is wrong, one a line.
std::string wrong(Webhook& webhook, std::string_view patch) {
  std::string pointers;
  auto errors = apply_webhook_json(webhook, patch, kRules);
  if (errors.empty()) errors = required_problems(webhook);
  for (const auto& error : errors) pointers += error.pointer + "\n";
  return pointers;
}
std::string wrong(std::string_view patch) {
  Webhook webhook;
  webhook.name = "n";
  webhook.url = "https://a.example/";
  return wrong(webhook, patch);
}

constexpr std::string_view kOauth =
    R"({"oauth":{"token_url":"https://id.example/t","client_id":"me","client_secret":"s3cret","scope":"a b"}})";
constexpr std::string_view kCertificate =
    R"({"client_certificate":{"certificate":"a certificate","private_key":"its key"}})";

// Goal: v1, v1a or both; nothing else, and not neither.
TEST(WebhookSignatures, AreChosenFromTheTwo) {
  Webhook webhook;
  wrong(webhook, R"({"signatures":["v1a"]})");
  EXPECT_EQ(webhook.signatures, (SignatureSchemes{false, true}));
  wrong(webhook, R"({"signatures":["v1a","v1"]})");
  EXPECT_EQ(webhook.signatures, (SignatureSchemes{true, true}));
  wrong(webhook, R"({"signatures":null})");
  EXPECT_EQ(webhook.signatures, SignatureSchemes{});
  EXPECT_EQ(wrong(R"({"signatures":[]})"), "/signatures\n");
  EXPECT_EQ(wrong(R"({"signatures":"v1"})"), "/signatures\n");
  EXPECT_EQ(wrong(R"({"signatures":["v1","v2",3]})"), "/signatures/1\n/signatures/2\n");
  EXPECT_EQ(wrong(R"({"public_key":"whpk_x"})"), "/public_key\n");
}

// Goal: the name is a header that a webhook may add, and not one that it adds.
TEST(WebhookSignatureHeader, IsAFreeName) {
  EXPECT_EQ(wrong(R"({"signature_header":"X-Acme-Signature"})"), "");
  for (const auto* const name : {"", "a b", "Host", "connection", "webhook-signature", "X-LimeCall-Event", "Proxy-X"}) {
    EXPECT_EQ(wrong(json::serialize(json::object{{"signature_header", name}})), "/signature_header\n") << name;
  }
  EXPECT_EQ(wrong(R"({"signature_header":7})"), "/signature_header\n");
  EXPECT_EQ(wrong(R"({"signature_header":"X-Sig","headers":{"x-sig":"1"}})"), "/signature_header\n");
  EXPECT_EQ(wrong(R"({"signature_header":"X-Sig","headers":{"x-sig-previous":"1"}})"), "/signature_header\n");
}

// Goal: every member is judged by itself; the token's URL by the rules for webhooks' URLs.
TEST(WebhookOauth, NamesWhatIsWrong) {
  EXPECT_EQ(wrong(kOauth), "");
  EXPECT_EQ(wrong(R"({"oauth":{}})"), "/oauth/token_url\n/oauth/client_id\n/oauth/client_secret\n");
  EXPECT_EQ(wrong(R"({"oauth":7})"), "/oauth\n");
  for (const auto* const url : {"http://id.example/", "https://10.0.0.1/", "https://u:p@id.example/", "id.example"}) {
    json::object oauth{{"token_url", url}, {"client_id", "a"}, {"client_secret", "b"}};
    EXPECT_EQ(wrong(json::serialize(json::object{{"oauth", oauth}})), "/oauth/token_url\n") << url;
  }
  EXPECT_EQ(
      wrong(R"({"oauth":{"token_url":"https://a.example","client_id":"a\n","client_secret":"é","auth":"jwt","x":1}})"),
      "/oauth/x\n/oauth/client_id\n/oauth/auth\n/oauth/client_secret\n");
}

// Goal: who changes the rest need not know the secret, but cannot have it sent elsewhere.
TEST(WebhookOauth, KeepsTheSecretForTheSameClientOnly) {
  Webhook webhook;
  webhook.name = "n";
  webhook.url = "https://a.example/";
  ASSERT_EQ(wrong(webhook, kOauth), "");
  EXPECT_EQ(wrong(webhook, R"({"oauth":{"token_url":"https://id.example/t","client_id":"me","auth":"body"}})"), "");
  EXPECT_EQ(webhook.oauth->client_secret, "s3cret");
  EXPECT_EQ(webhook.oauth->scope, "");
  EXPECT_EQ(webhook.oauth->auth, OauthSettings::ClientAuth::Body);
  auto other = webhook;
  EXPECT_EQ(wrong(other, R"({"oauth":{"token_url":"https://evil.example/t","client_id":"me"}})"),
            "/oauth/client_secret\n");
  other = webhook;
  EXPECT_EQ(wrong(other, R"({"oauth":null})"), "");
  EXPECT_FALSE(other.oauth);
}

// Goal: both texts are wanted, but the key only with a new certificate; what is read from them cannot be given.
TEST(WebhookClientCertificate, KeepsTheKeyOfTheSameCertificate) {
  Webhook webhook;
  webhook.name = "n";
  webhook.url = "https://a.example/";
  ASSERT_EQ(wrong(webhook, kCertificate), "");
  EXPECT_EQ(wrong(webhook, R"({"client_certificate":{"certificate":"a certificate"}})"), "");
  EXPECT_EQ(webhook.client_certificate->private_key, "its key");
  EXPECT_EQ(wrong(R"({"client_certificate":{"certificate":"a certificate"}})"), "/client_certificate/private_key\n");
  EXPECT_EQ(wrong(R"({"client_certificate":{"certificate":1,"private_key":"","subject":"x"}})"),
            "/client_certificate/subject\n/client_certificate/certificate\n/client_certificate/private_key\n");
}

Webhook with_everything() {
  Webhook webhook;
  webhook.id = WebhookId{77};
  webhook.name = "n";
  webhook.url = "https://a.example/";
  wrong(webhook, kOauth);
  wrong(webhook, kCertificate);
  webhook.client_certificate->subject = "CN=me";
  webhook.client_certificate->not_after = WallTime(std::chrono::hours(500'000));
  webhook.secret = "the-secret";
  webhook.previous_secrets = {{"the-old-secret", WallTime(Duration(1'738'249'200'123'456))},
                              {"the-older-secret", WallTime(Duration(1'738'249'200'654'321))}};
  webhook.token = "the-token";
  webhook.signatures.v1a = true;
  webhook.signing_key = "the-signing-key";
  webhook.public_key = "whpk_public";
  webhook.signature_header = "X-Sig";
  return webhook;
}

// Goal: what is shown holds no secret, whatever it is.
TEST(WebhookSecrets, AreNotShown) {
  const auto shown = serialize_verbatim(webhook_to_json(with_everything()));
  for (const auto* const secret :
       {"the-secret", "the-old-secret", "the-older-secret", "the-token", "the-signing-key", "s3cret", "its key"}) {
    EXPECT_EQ(shown.find(secret), std::string::npos) << secret;
  }
  for (const auto* const open : {"whpk_public", "a certificate", "CN=me", "id.example", "X-Sig"}) {
    EXPECT_NE(shown.find(open), std::string::npos) << open;
  }
}

// Goal: both stored texts together give back the same webhook, to the microsecond.
TEST(WebhookSecrets, SurviveBeingStored) {
  for (const auto& webhook :
       {with_everything(), Webhook{.id = WebhookId{1}, .name = "n", .url = "https://a.example/"}}) {
    const auto config = webhook_to_stored_json(webhook);
    const auto secrets = json::serialize(webhook_secrets_to_json(webhook));
    auto back = webhook_from_stored_json(config);
    take_stored_secrets(back, json::parse(secrets).as_object());
    EXPECT_TRUE(back == webhook) << config << secrets;
  }
}

// Goal: what store version 1 has kept of a rotation is still a promise.
TEST(WebhookSecrets, OneSecretOfAnOlderVersionGoesOnSigning) {
  Webhook webhook;
  take_stored_secrets(webhook, json::parse(R"({"secret":"new","token":"t","previous_secret":"old",)"
                                           R"("previous_secret_expires_at_us":1738249200123456})")
                                   .as_object());
  EXPECT_EQ(webhook.previous_secrets,
            (std::vector<PreviousSecret>{{"old", WallTime(Duration(1'738'249'200'123'456))}}));
}

}  // namespace
}  // namespace limehook
