#include "identity/oidc.hpp"

#include <fmt/format.h>

#include <utility>

#include "identity/json_object.hpp"
#include "identity/profile.hpp"

namespace limehook::identity {
namespace {

constexpr Duration kProviderTime = std::chrono::hours(1);   // for which its document and keys are kept
constexpr Duration kProblemTime = std::chrono::seconds(5);  // for which a provider in trouble is left alone

std::string problem_with(std::string_view url, const std::expected<FetchAnswer, std::string>& answer) {
  return answer ? fmt::format("{} answered {}", url, answer->status) : fmt::format("{}: {}", url, answer.error());
}

}  // namespace

OidcClient::OidcClient(OidcOptions options, std::function<Now()> clock)
    : options_(std::move(options)),
      clock_(std::move(clock)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

OidcClient::~OidcClient() {
  thread_.request_stop();
  thread_.join();
}

void OidcClient::begin(OidcFlow flow, Answer<std::string> answer) {
  const bool taken =
      put([this, flow = std::move(flow), answer](const std::stop_token& stop) { answer(start(flow, stop)); });
  if (!taken) answer(std::unexpected(unavailable("too many sign-ins wait for the provider")));
}

void OidcClient::finish(OidcFlow flow, std::string code, Answer<OidcIdentity> answer) {
  const bool taken = put([this, flow = std::move(flow), code = std::move(code), answer](const std::stop_token& stop) {
    answer(exchange(flow, code, stop));
  });
  if (!taken) answer(std::unexpected(unavailable("too many sign-ins wait for the provider")));
}

bool OidcClient::put(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= options_.waiting_max) return false;
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void OidcClient::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // What still waits at a stop is run too: nothing is fetched any more, so each ends at once.
  while (wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task(stop);
    lock.lock();
  }
}

OidcClient::Result<std::string> OidcClient::start(const OidcFlow& flow, const std::stop_token& stop) {
  const auto known = provider(stop);
  if (!known) return std::unexpected(known.error());
  return authorize_url(flow, known->authorization_endpoint, options_.client_id, options_.redirect_uri);
}

OidcClient::Result<ProviderDocument> OidcClient::provider(const std::stop_token& stop) {
  const auto now = clock_().mono;
  if (!provider_ || now - provider_at_ >= (*provider_ ? kProviderTime : kProblemTime)) {
    provider_ = discover(stop);
    provider_at_ = clock_().mono;
  }
  return *provider_;
}

OidcClient::Result<ProviderDocument> OidcClient::discover(const std::stop_token& stop) {
  const auto url = discovery_url(options_.issuer);
  const auto answer = fetch({.url = url}, options_.limits, stop);
  if (!answer || answer->status != 200) return std::unexpected(unavailable(problem_with(url, answer)));
  auto document = read_provider_document(answer->body, options_.issuer);
  if (!document) return std::unexpected(unavailable(fmt::format("{} is of no use: {}", url, document.error())));
  return std::move(*document);
}

OidcClient::Result<KeySet> OidcClient::fetch_keys(const ProviderDocument& provider, const std::stop_token& stop) {
  const auto answer = fetch({.url = provider.jwks_uri}, options_.limits, stop);
  if (!answer || answer->status != 200) return std::unexpected(unavailable(problem_with(provider.jwks_uri, answer)));
  auto keys = read_key_set(answer->body);
  if (!keys) return std::unexpected(unavailable(fmt::format("{} is no set of keys", provider.jwks_uri)));
  keys_ = *keys;
  keys_at_ = clock_().mono;
  return std::move(*keys);
}

OidcClient::Result<OidcIdentity> OidcClient::exchange(const OidcFlow& flow, const std::string& code,
                                                      const std::stop_token& stop) {
  const auto known = provider(stop);
  if (!known) return std::unexpected(known.error());
  const ClientCredentials client{options_.client_id, options_.client_secret};
  const auto answer = fetch(token_request(*known, client, flow, code, options_.redirect_uri), options_.limits, stop);
  if (!answer) return std::unexpected(unavailable(problem_with(known->token_endpoint, answer)));
  const auto tokens = read_token_answer(*answer);
  if (!tokens) return std::unexpected(tokens.error());
  auto identity = identify(*known, flow, tokens->id_token, stop);
  if (identity && identity->email.empty()) add_userinfo(*identity, *known, tokens->access_token, stop);
  return identity;
}

OidcClient::Result<OidcIdentity> OidcClient::identify(const ProviderDocument& provider, const OidcFlow& flow,
                                                      const std::string& id_token, const std::stop_token& stop) {
  const IdTokenExpectation expected{options_.issuer, options_.client_id, flow.nonce};
  if (keys_ && clock_().mono - keys_at_ >= kProviderTime) keys_.reset();
  // With the keys that are known, and where these do not suffice with those that the provider has now.
  for (bool fresh = false;; fresh = true) {
    if (fresh || !keys_) {
      if (const auto keys = fetch_keys(provider, stop); !keys) return std::unexpected(keys.error());
      fresh = true;
    }
    auto identity = read_id_token(id_token, *keys_, expected, clock_().wall);
    if (identity) return std::move(*identity);
    if (fresh || identity.error().kind != IdTokenProblem::Kind::UnknownKey) {
      return std::unexpected(refused(fmt::format("the ID token {}", identity.error().what)));
    }
  }
}

void OidcClient::add_userinfo(OidcIdentity& identity, const ProviderDocument& provider, const std::string& access_token,
                              const std::stop_token& stop) {
  if (provider.userinfo_endpoint.empty() || access_token.empty()) return;
  const auto answer =
      fetch({.url = provider.userinfo_endpoint, .authorization = "Bearer " + access_token}, options_.limits, stop);
  if (!answer || answer->status != 200) return;
  const auto claims = read_object(answer->body);
  // OIDC Core, section 5.3.2: else it may be about somebody else.
  if (claims && text_member(*claims, "sub") == identity.subject) take_profile(identity, *claims);
}

}  // namespace limehook::identity
