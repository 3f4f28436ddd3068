#pragma once
// Webhooks as JSON: what the API takes and shows, and what the stores keep (spec, section 5).

#include <boost/json.hpp>
#include <functional>

#include "model/webhook.hpp"

namespace limehook {

// What a server allows in a webhook's URL.
struct UrlRules {
  bool allow_http = false;
  // What is wrong with an address literal as a destination; unset: nothing is. Names are judged when connecting.
  std::function<std::optional<std::string>(std::string_view host)> literal_problem;
  // What is wrong with a port as a destination, as the end of a sentence; unset: nothing is.
  std::function<std::optional<std::string>(std::uint16_t port)> port_problem{};
  // Is it one of this server's own test receivers? These are fit, whatever else stands here. Unset: there are none.
  std::function<bool(std::string_view url)> is_test_receiver{};
};

// Checks a URL: absolute http(s), strict RFC 3986 characters, a host, a port from 1 to 65535, no userinfo, no
// fragment, at most limits::kUrlBytesMax. Answers what is wrong.
std::optional<std::string> url_problem(std::string_view url, const UrlRules& rules);

// Applies the members of `patch`, valid JSON, to `webhook`; null resets a member to its default (of `secret` and
// `token` that is the empty text: the caller generates them). Unknown and read-only members and wrong values are
// errors, which name the member by its pointer; `webhook` is then in an unspecified state. Sets neither id, version nor
// times; `enabled: true` clears disabled_reason. `team_id` is taken like the rest: whether it may change is for the
// caller to compare. Creating is: apply to Webhook{}, then required_problems().
FieldErrors apply_webhook_json(Webhook& webhook, std::string_view patch, const UrlRules& rules);
// What is wrong with the webhook as a whole: what it cannot be saved without, and what does not go together.
FieldErrors required_problems(const Webhook& webhook);

// What the API shows, to be written with serialize_verbatim() (verbatim_json.hpp): everything but the secrets (token
// and private keys among them). Times are exact to the millisecond.
boost::json::object webhook_to_json(const Webhook& webhook);

// Whom it names and may not write to yet.
std::vector<std::string> unconfirmed_emails(const Webhook& webhook);

// What stores may keep in clear: the same, without the own headers, whose values often are secrets.
std::string webhook_to_stored_json(const Webhook& webhook);
// Back from webhook_to_stored_json(): trusts its input, which is compact. Leaves the secrets empty.
Webhook webhook_from_stored_json(std::string_view json);

// The secrets, for stores: what nobody is shown, or only those who may change the webhook. The own headers are with
// them.
boost::json::object webhook_secrets_to_json(const Webhook& webhook);
// Back from webhook_secrets_to_json(), into what webhook_from_stored_json() has made.
void take_stored_secrets(Webhook& webhook, const boost::json::object& stored);

}  // namespace limehook
