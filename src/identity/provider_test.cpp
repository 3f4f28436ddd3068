#include "identity/provider.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace limehook::identity {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kIssuer = "https://id.example.com/realm";

json::object document(std::string_view base = kIssuer) {
  const auto url = [&](std::string_view path) { return std::string(base) + std::string(path); };
  return {{"issuer", std::string(base)},
          {"authorization_endpoint", url("/auth")},
          {"token_endpoint", url("/token")},
          {"jwks_uri", url("/keys")}};
}
json::object document_with(std::string_view name, json::value value, std::string_view base = kIssuer) {
  auto object = document(base);
  object[name] = std::move(value);
  return object;
}
std::string problem_of(const json::object& object, std::string_view issuer = kIssuer) {
  const auto provider = read_provider_document(json::serialize(object), issuer);
  return provider ? "taken" : provider.error();
}

TEST(DiscoveryUrl, IsBelowTheIssuer) {
  EXPECT_EQ(discovery_url("https://id.example.com"), "https://id.example.com/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://id.example.com/"), "https://id.example.com/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url(kIssuer), "https://id.example.com/realm/.well-known/openid-configuration");
}

// Goal: a document of another issuer, or one that would send secrets unencrypted, is refused. Method: a table.
TEST(ProviderDocument, IsCheckedBeforeItIsUsed) {
  struct Case {
    json::object document;
    std::string_view words;
  };
  for (const auto& [object, words] : std::initializer_list<Case>{
           {document(), "taken"},
           {document_with("userinfo_endpoint", "https://other.example.com/me"), "taken"},
           {document_with("authorization_endpoint", "https://id.example.com/auth?tenant=1"), "taken"},
           {document_with("issuer", "https://id.example.com/realm/"), "another issuer, https://id.example.com/realm/"},
           {document_with("issuer", "https://evil.example.com"), "another issuer, https://evil.example.com"},
           {document_with("issuer", "x\ny"), "another issuer, unreadable"},
           {document_with("issuer", nullptr), "another issuer"},
           {document_with("authorization_endpoint", "http://id.example.com/auth"),
            "authorization_endpoint is no https"},
           {document_with("authorization_endpoint", "javascript:alert(1)"), "authorization_endpoint is no https"},
           {document_with("token_endpoint", "http://id.example.com/token"), "token_endpoint is no https"},
           {document_with("token_endpoint", "http://127.0.0.1/token"), "token_endpoint is no https"},
           {document_with("token_endpoint", "https://user:pass@id.example.com/token"), "token_endpoint is no https"},
           {document_with("token_endpoint", "https://id.example.com/token#x"), "token_endpoint is no https"},
           {document_with("token_endpoint", "https:///token"), "token_endpoint is no https"},
           {document_with("token_endpoint", "/token"), "token_endpoint is no https"},
           {document_with("token_endpoint", nullptr), "token_endpoint is no https"},
           {document_with("jwks_uri", "file:///etc/passwd"), "jwks_uri is no https"},
           {document_with("jwks_uri", json::string(3000, 'x')), "jwks_uri is no https"},
           {document_with("userinfo_endpoint", "http://id.example.com/me"), "userinfo_endpoint is no https"},
           {document_with("token_endpoint_auth_methods_supported", json::array{"private_key_jwt"}), "neither"},
           {document_with("token_endpoint_auth_methods_supported", json::array{"none"}), "neither"},
       }) {
    EXPECT_THAT(problem_of(object), HasSubstr(words)) << object;
  }
  for (const std::string_view text : {"", "[]", "{}", "null", "<html>", "{\"issuer\":\"a\",\"issuer\":\"b\"}"}) {
    EXPECT_FALSE(read_provider_document(text, kIssuer)) << text;
  }
}

// Goal: without encryption on this machine only, and only where the issuer is there too. Method: a table of issuers.
TEST(ProviderDocument, MayUseHttpOnThisMachineOnly) {
  for (const std::string_view issuer : {"http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"}) {
    EXPECT_EQ(problem_of(document(issuer), issuer), "taken") << issuer;
    EXPECT_THAT(problem_of(document_with("token_endpoint", "http://192.0.2.1/token", issuer), issuer),
                HasSubstr("token_endpoint"));
    EXPECT_THAT(problem_of(document_with("token_endpoint", "http://localhost.example.com/", issuer), issuer),
                HasSubstr("token_endpoint"));
  }
  for (const std::string_view issuer : {"http://192.0.2.1", "http://id.example.com", "http://localhost.example.com"}) {
    EXPECT_THAT(problem_of(document(issuer), issuer), HasSubstr("no https")) << issuer;
  }
}

// Goal: the secret goes as the provider wants it, encoded. Method: a table of what it lists.
TEST(TokenRequest, SendsTheSecretAsTheProviderTakesIt) {
  const OidcFlow flow{.verifier = "ver"};
  const ClientCredentials client{"lime hook", "p:w&d"};
  const auto request_for = [&](const json::object& object) {
    const auto provider = read_provider_document(json::serialize(object), kIssuer).value();
    return token_request(provider, client, flow, "c&de", "https://hooks.example.com/cb");
  };
  static constexpr std::string_view kMethods = "token_endpoint_auth_methods_supported";
  for (const auto& object :
       {document(), document_with(kMethods, json::array{"client_secret_post", "client_secret_basic"})}) {
    const auto request = request_for(object);
    EXPECT_EQ(request.url, "https://id.example.com/realm/token");
    EXPECT_EQ(request.authorization, "Basic bGltZSUyMGhvb2s6cCUzQXclMjZk");  // lime%20hook:p%3Aw%26d
    EXPECT_EQ(request.form,
              "grant_type=authorization_code&code=c%26de&redirect_uri=https%3A%2F%2Fhooks.example.com%2Fcb"
              "&code_verifier=ver");
  }
  const auto request = request_for(document_with(kMethods, json::array{"client_secret_post"}));
  EXPECT_EQ(request.authorization, "");
  EXPECT_THAT(request.form, HasSubstr("&client_id=lime%20hook&client_secret=p%3Aw%26d"));
}

// Goal: what the token endpoint may answer. Method: a table; nothing of the answer but a known error gets into texts.
TEST(TokenAnswer, IsReadWithCare) {
  using enum OidcProblem::Kind;
  struct Case {
    long status;
    std::string_view body;
    OidcProblem::Kind kind;
    std::string_view words;
  };
  for (const auto& [status, body, kind, words] : std::initializer_list<Case>{
           {400, R"({"error":"invalid_grant","error_description":"hidden"})", Refused, "400 with \"invalid_grant\""},
           {401, R"({"error":"invalid_client"})", Unavailable, "401 with \"invalid_client\""},
           {400, R"({"error":"hidden hidden"})", Unavailable, "400 with \"an unknown error\""},
           {400, R"({"error":["hidden"]})", Unavailable, "an unknown error"},
           {500, "hidden", Unavailable, "500 with \"an unknown error\""},
           {302, "", Unavailable, "302"},
           {201, R"({"id_token":"hidden"})", Unavailable, "201"},
           {200, "", Unavailable, "without an ID token"},
           {200, "{}", Unavailable, "without an ID token"},
           {200, R"({"access_token":"hidden"})", Unavailable, "without an ID token"},
           {200, R"({"id_token":["hidden"]})", Unavailable, "without an ID token"},
           {200, R"({"id_token":"hidden","id_token":"hidden"})", Unavailable, "without an ID token"},
       }) {
    const auto tokens = read_token_answer({status, std::string(body)});
    ASSERT_FALSE(tokens) << body;
    EXPECT_EQ(tokens.error().kind, kind) << body;
    EXPECT_THAT(tokens.error().log, AllOf(HasSubstr(words), Not(HasSubstr("hidden")))) << body;
    EXPECT_THAT(tokens.error().person, Not(HasSubstr("hidden"))) << body;
  }
  const auto tokens = read_token_answer({200, R"({"id_token":"a.b.c","access_token":"xyz","token_type":"Bearer"})"});
  ASSERT_TRUE(tokens);
  EXPECT_EQ(tokens->id_token, "a.b.c");
  EXPECT_EQ(tokens->access_token, "xyz");
  EXPECT_EQ(read_token_answer({200, "{\"id_token\":\"a\",\"access_token\":\"x\\r\\nEvil: y\"}"})->access_token, "");
}

}  // namespace
}  // namespace limehook::identity
