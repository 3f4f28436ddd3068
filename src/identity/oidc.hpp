#pragma once
// Sign-in with OpenID Connect (OIDC Core, section 3.1: the authorization code flow, with PKCE): the part that talks to
// the provider. A bounded queue that a thread of its own works off, as the provider may be slow. One provider.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/time.hpp"
#include "identity/id_token.hpp"
#include "identity/oidc_flow.hpp"
#include "identity/oidc_types.hpp"
#include "identity/provider.hpp"

namespace limehook::identity {

struct OidcOptions {
  std::string issuer;  // exactly as the provider's discovery document names it
  std::string client_id;
  std::string client_secret;
  std::string redirect_uri;  // where the provider sends browsers back to; registered there
  FetchLimits limits;        // of each request to the provider; a sign-in needs up to five
  std::size_t waiting_max = 100;
};

class OidcClient {
 public:
  template <class T>
  using Answer = std::function<void(std::expected<T, OidcProblem>)>;

  // `clock` is called on the client's thread.
  OidcClient(OidcOptions options, std::function<Now()> clock);
  // Interrupts what runs; all that waits is answered with `Unavailable` before this returns.
  ~OidcClient();
  OidcClient(const OidcClient&) = delete;
  OidcClient& operator=(const OidcClient&) = delete;

  // Both may be called on any thread and never block on the network. Each answer comes exactly once: on the client's
  // thread, or, when too many wait, at once on the caller's.

  // The URL to send the browser to.
  void begin(OidcFlow flow, Answer<std::string> answer);
  // Who has signed in; `code` is what code_of_callback() gave for that flow. A flow must be finished once only.
  void finish(OidcFlow flow, std::string code, Answer<OidcIdentity> answer);

  const std::string& issuer() const { return options_.issuer; }

 private:
  using Task = std::function<void(const std::stop_token&)>;
  template <class T>
  using Result = std::expected<T, OidcProblem>;

  bool put(Task task);
  void run(const std::stop_token& stop);

  // All below on the client's thread.
  Result<ProviderDocument> provider(const std::stop_token& stop);
  Result<ProviderDocument> discover(const std::stop_token& stop);
  Result<KeySet> fetch_keys(const ProviderDocument& provider, const std::stop_token& stop);
  Result<std::string> start(const OidcFlow& flow, const std::stop_token& stop);
  Result<OidcIdentity> exchange(const OidcFlow& flow, const std::string& code, const std::stop_token& stop);
  Result<OidcIdentity> identify(const ProviderDocument& provider, const OidcFlow& flow, const std::string& id_token,
                                const std::stop_token& stop);
  void add_userinfo(OidcIdentity& identity, const ProviderDocument& provider, const std::string& access_token,
                    const std::stop_token& stop);

  const OidcOptions options_;
  const std::function<Now()> clock_;

  // What is known of the provider, and since when.
  std::optional<Result<ProviderDocument>> provider_;
  MonotonicTime provider_at_{};
  std::optional<KeySet> keys_;
  MonotonicTime keys_at_{};

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Task> waiting_;  // guarded by mutex_
  std::jthread thread_;       // the last member: it uses the others
};

}  // namespace limehook::identity
