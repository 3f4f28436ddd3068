#pragma once
// What a worker knows about an origin and about one attempt. Plain values; worker.cpp has the behaviour.

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http_client/attempt_sender.hpp"
#include "http_client/connection.hpp"
#include "http_client/deadline_wheel.hpp"
#include "http_client/name_record.hpp"
#include "http_client/start_window.hpp"
#include "http_client/target.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {

class ClientIdentity;
class Worker;
struct TokenSource;

// One attempt, or one request for an OAuth token, from when it is taken up until its result is given back.
struct Exchange final : DeadlineWheel::Item {
  enum class Phase {
    Free,
    AwaitingToken,  // waits for its webhook's OAuth token
    Resolving,      // waits for its origin's addresses, or the proxy's
    Queued,         // waits for a connection
    Connecting,     // has a connection that is not ready yet
    Waiting,        // sent, or being sent; waits for the response
  };

  explicit Exchange(Worker& owner) : worker(owner) {}
  void on_deadline(MonotonicTime now) override;

  Worker& worker;
  Phase phase = Phase::Free;
  AttemptRequest request;  // of a request for a token: the webhook that wants it, and the body
  AttemptResult result;
  MonotonicTime started{};
  std::optional<StartWindow::Generation> generation;  // nothing: does not count in the window
  MonotonicTime deadline{};                           // of the whole attempt
  MonotonicTime connect_deadline{};                   // set when connecting begins
  OriginPtr origin;
  PoolPtr pool;
  std::string head;
  std::shared_ptr<TokenSource> token_source;        // of the webhook's OAuth token; none: its token is a fixed one
  bool fetches_token = false;                       // is the request for the token
  std::shared_ptr<const std::string> access_token;  // what the attempt has got from `token_source`
  std::vector<boost::asio::ip::address> addresses;  // allowed ones, in the order in which to try them
  bool dials_anew = false;  // a kept connection turned out to be stale under it; it gets a new one, once
  Connection* connection = nullptr;
  AutoUnlinkHook wait_hook;  // in the list of those who wait for the same
};

using ExchangeWaitList =
    boost::intrusive::list<Exchange, boost::intrusive::member_hook<Exchange, AutoUnlinkHook, &Exchange::wait_hook>,
                           boost::intrusive::constant_time_size<false>>;

// What one webhook keeps at one of its URLs, or at its token endpoint, and shares with no other: nothing that comes
// late on a connection, and nothing that a receiver ties to a connection or a TLS session, ever meets another's
// request.
struct Pool final : boost::intrusive_ref_counter<Pool, boost::thread_unsafe_counter> {
  explicit Pool(std::shared_ptr<const ClientIdentity> shown) : identity(std::move(shown)) {}
  const std::shared_ptr<const ClientIdentity> identity;  // none: no certificate is shown
  PoolIdleList idle;                                     // the one to use next is in front
  std::size_t idle_count = 0;
  TlsSessionSlot tls_session;
  bool may_resume = false;  // is among those whose session is kept; see Worker::keep_session_of()
};

// Scheme, host and port, and what is known of them whoever asks.
struct Origin final : boost::intrusive_ref_counter<Origin, boost::thread_unsafe_counter> {
  bool tls = false;
  std::string host;
  std::optional<boost::asio::ip::address> address;
  std::uint16_t port = 0;
  std::string refusal;  // why it may not be connected to as it is written; empty: the host's addresses are judged
  bool own = false;     // this server's own test receivers: its address is fit
  bool via_proxy = false;
  std::string tunnel_request;  // what to send to the proxy before TLS; empty: nothing
  bool unresponsive = false;   // the last attempt that ended had run out of time
  NameRecord name;             // of `host`, unless that is an address
  // Whose lookups of it are under way: a team does not wait for another's, which may be far back in a queue.
  std::vector<std::string> lookup_owners;
  ExchangeWaitList resolution_waiters;
};

// The access token of one webhook (RFC 6749). One request for it is under way at a time, for all who wait.
struct TokenSource {
  explicit TokenSource(OauthSettings oauth) : settings(std::move(oauth)) {}
  const OauthSettings settings;
  const PoolPtr pool{new Pool(nullptr)};     // the endpoint is not shown the webhook's client certificate
  std::shared_ptr<const std::string> token;  // none: must be asked for
  MonotonicTime usable_until{};
  bool fetching = false;
  ExchangeWaitList waiters;
};

// One URL of a webhook.
struct Route {
  std::string authority;  // as in Target
  std::string target;     // as in RequestTarget
  OriginPtr origin;
  PoolPtr pool;
};

// What is constant for one webhook version.
struct Plan {
  WebhookPtr webhook;
  signing::Signer signer;
  Route main;
  std::unique_ptr<Route> fallback;            // rare
  std::shared_ptr<TokenSource> token_source;  // rare; handed on to the next version's plan
};

}  // namespace limehook::http_client
