// The members of a webhook that say how it and its receiver prove who they are.

#include <algorithm>
#include <array>
#include <utility>

#include "model/webhook_checks.hpp"
#include "model/webhook_headers.hpp"
#include "model/webhook_member.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

void read_signatures(MemberTarget& target, const json::value& value) {
  auto& schemes = target.webhook.signatures;
  schemes = {};
  if (value.is_null()) return;
  schemes.v1 = false;
  const auto* list = value.if_array();
  if (list == nullptr || list->empty()) return target.refuse(R"(must be a list of "v1", "v1a" or both)");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto name = text_in((*list)[i]);
    if (name == "v1") schemes.v1 = true;
    else if (name == "v1a") schemes.v1a = true;
    else target.errors.push_back({target.pointer + step(i), R"(must be "v1" or "v1a")"});
  }
}

void read_signature_header(MemberTarget& target, const json::value& value) {
  target.webhook.signature_header.clear();
  if (!value.is_null()) read_text(target.webhook.signature_header, value, target, &header_name_problem);
}

// One text member of an object; `required`: it may not be missing, null or empty.
std::string read_member(MemberTarget& target, const json::object& object, std::string_view name, bool required,
                        const auto& problem_of) {
  const auto* value = object.if_contains(name);
  const auto here = target.pointer + step(name);
  if (value == nullptr || value->is_null()) {
    if (required) target.errors.push_back({here, "is required"});
    return {};
  }
  const auto text = text_in(*value);
  if (!text) {
    target.errors.push_back({here, "must be a string"});
  } else if (auto problem = problem_of(*text)) {
    target.errors.push_back({here, std::move(*problem)});
  }
  return std::string(text.value_or(""));
}

// RFC 6749 appendix A: VSCHAR.
std::optional<std::string> oauth_text_problem(std::string_view text) {
  const bool visible = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f'; });
  if (!text.empty() && text.size() <= limits::kTokenBytesMax && visible) return std::nullopt;
  return "must be 1 to " + std::to_string(limits::kTokenBytesMax) + " printable ASCII characters";
}

std::optional<std::string> pem_problem(std::string_view text) {
  if (!text.empty() && text.size() <= limits::kPemBytesMax) return std::nullopt;
  return "must be a PEM text of at most " + std::to_string(limits::kPemBytesMax) + " bytes";
}

OauthSettings::ClientAuth read_client_auth(MemberTarget& target, const json::object& object) {
  const auto* value = object.if_contains("auth");
  if (value == nullptr || text_in(*value) == "basic") return OauthSettings::ClientAuth::Basic;
  if (text_in(*value) != "body") target.errors.push_back({target.pointer + "/auth", R"(must be "basic" or "body")"});
  return OauthSettings::ClientAuth::Body;
}

void read_oauth(MemberTarget& target, const json::value& value) {
  const auto before = std::exchange(target.webhook.oauth, std::nullopt);
  if (value.is_null()) return;
  const auto* object = value.if_object();
  if (object == nullptr) return target.refuse("must be an object");
  static constexpr std::array<std::string_view, 6> kKnown{"token_url", "client_id", "client_secret",
                                                          "scope",     "audience",  "auth"};
  report_unknown(*object, kKnown, target.pointer, target.errors);
  auto& oauth = target.webhook.oauth.emplace();
  UrlRules rules = target.rules;
  rules.is_test_receiver = {};  // a client's secret is for nobody to look at
  oauth.token_url =
      read_member(target, *object, "token_url", true, [&](std::string_view url) { return url_problem(url, rules); });
  oauth.client_id = read_member(target, *object, "client_id", true, &oauth_text_problem);
  oauth.scope = read_member(target, *object, "scope", false, &oauth_text_problem);
  oauth.audience = read_member(target, *object, "audience", false, &oauth_text_problem);
  oauth.auth = read_client_auth(target, *object);
  // The secret is never shown, so who changes the rest cannot repeat it. It is not sent to anybody new, though.
  const bool same_client = before && before->token_url == oauth.token_url && before->client_id == oauth.client_id;
  oauth.client_secret = read_member(target, *object, "client_secret", !same_client, &oauth_text_problem);
  if (oauth.client_secret.empty() && same_client) oauth.client_secret = before->client_secret;
}

// What is in the texts is for whoever can read certificates; the subject and the date come from there, too.
void read_client_certificate(MemberTarget& target, const json::value& value) {
  const auto before = std::exchange(target.webhook.client_certificate, std::nullopt);
  if (value.is_null()) return;
  const auto* object = value.if_object();
  if (object == nullptr) return target.refuse("must be an object");
  static constexpr std::array<std::string_view, 2> kKnown{"certificate", "private_key"};
  report_unknown(*object, kKnown, target.pointer, target.errors);
  auto& read = target.webhook.client_certificate.emplace();
  read.certificate = read_member(target, *object, "certificate", true, &pem_problem);
  const bool same = before && before->certificate == read.certificate;
  read.private_key = read_member(target, *object, "private_key", !same, &pem_problem);
  if (same && read.private_key.empty()) read = *before;
}

json::value oauth_to_json(const std::optional<OauthSettings>& oauth) {
  if (!oauth) return nullptr;
  return json::object{{"token_url", oauth->token_url},
                      {"client_id", oauth->client_id},
                      {"scope", text_or_null(oauth->scope)},
                      {"audience", text_or_null(oauth->audience)},
                      {"auth", oauth->auth == OauthSettings::ClientAuth::Basic ? "basic" : "body"}};
}

json::value certificate_to_json(const std::optional<ClientCertificate>& certificate) {
  if (!certificate) return nullptr;
  return json::object{{"certificate", certificate->certificate},
                      {"subject", certificate->subject},
                      {"not_after", format_rfc3339(certificate->not_after)}};
}

// A text that webhook_secrets_to_json() or webhook_to_stored_json() wrote; empty where there is none.
std::string stored_text(const json::object& stored, std::string_view name) {
  const auto* value = stored.if_contains(name);
  return value != nullptr ? std::string(text_in(*value).value_or("")) : std::string();
}

std::vector<PreviousSecret> stored_previous_secrets(const json::object& stored) {
  const auto read = [](const json::object& from, std::string_view secret, std::string_view expires_at) {
    const auto* us = from.if_contains(expires_at);
    return PreviousSecret{stored_text(from, secret), from_us(us != nullptr ? json_integer(*us).value_or(0) : 0)};
  };
  std::vector<PreviousSecret> secrets;
  // Store version 1 knew one of them only.
  if (stored.contains("previous_secret")) {
    secrets.push_back(read(stored, "previous_secret", "previous_secret_expires_at_us"));
  }
  const auto* list = stored.if_contains("previous_secrets");
  if (list == nullptr || !list->is_array()) return secrets;
  for (const auto& old : list->get_array()) {
    if (old.is_object()) secrets.push_back(read(old.get_object(), "secret", "expires_at_us"));
  }
  return secrets;
}

}  // namespace

std::span<const MemberReader> security_members() {
  static constexpr std::array<MemberReader, 4> kMembers{{
      {"signatures", read_signatures},
      {"signature_header", read_signature_header},
      {"oauth", read_oauth},
      {"client_certificate", read_client_certificate},
  }};
  return kMembers;
}

void add_security_members(json::object& out, const Webhook& webhook) {
  json::array schemes;
  if (webhook.signatures.v1) schemes.emplace_back("v1");
  if (webhook.signatures.v1a) schemes.emplace_back("v1a");
  out["signatures"] = std::move(schemes);
  out["public_key"] = text_or_null(webhook.public_key);
  out["signature_header"] = text_or_null(webhook.signature_header);
  out["oauth"] = oauth_to_json(webhook.oauth);
  out["client_certificate"] = certificate_to_json(webhook.client_certificate);
}

void take_stored_security(Webhook& webhook, const json::object& stored) {
  webhook.public_key = stored_text(stored, "public_key");
  const auto* certificate = stored.if_contains("client_certificate");
  if (!webhook.client_certificate || certificate == nullptr || !certificate->is_object()) return;
  webhook.client_certificate->subject = stored_text(certificate->get_object(), "subject");
  webhook.client_certificate->not_after =
      parse_rfc3339(stored_text(certificate->get_object(), "not_after")).value_or(WallTime{});
}

FieldErrors signature_header_problems(const Webhook& webhook) {
  const auto& name = webhook.signature_header;
  const bool taken = std::ranges::any_of(webhook.headers, [&](const Header& own) {
    return same_header_name(own.name, name) || same_header_name(own.name, name + "-Previous");
  });
  if (name.empty() || !taken) return {};
  return {{"/signature_header", "is one of the webhook's own headers"}};
}

json::object webhook_secrets_to_json(const Webhook& webhook) {
  json::object out{{"secret", webhook.secret}, {"token", webhook.token}};
  if (!webhook.previous_secrets.empty()) {
    auto& list = out["previous_secrets"].emplace_array();
    for (const PreviousSecret& old : webhook.previous_secrets) {
      list.push_back(json::object{{"secret", old.secret}, {"expires_at_us", to_us(old.expires_at)}});
    }
  }
  if (!webhook.signing_key.empty()) out["signing_key"] = webhook.signing_key;
  if (webhook.oauth) out["oauth_client_secret"] = webhook.oauth->client_secret;
  if (webhook.client_certificate) out["client_private_key"] = webhook.client_certificate->private_key;
  if (!webhook.headers.empty()) out["headers"] = headers_to_json(webhook.headers);
  return out;
}

void take_stored_secrets(Webhook& webhook, const json::object& stored) {
  webhook.secret = stored_text(stored, "secret");
  webhook.token = stored_text(stored, "token");
  webhook.previous_secrets = stored_previous_secrets(stored);
  webhook.signing_key = stored_text(stored, "signing_key");
  if (webhook.oauth) webhook.oauth->client_secret = stored_text(stored, "oauth_client_secret");
  if (webhook.client_certificate) {
    webhook.client_certificate->private_key = stored_text(stored, "client_private_key");
  }
  webhook.headers.clear();
  if (const auto* headers = stored.if_contains("headers")) {
    FieldErrors ignored;  // what was saved once stays
    webhook.headers = read_headers(*headers, "", ignored);
  }
}

}  // namespace limehook
