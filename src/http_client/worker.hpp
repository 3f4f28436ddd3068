#pragma once
// One thread of the sender: an event loop, its connections, and the attempts it makes over them.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <expected>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "http_client/connection.hpp"
#include "http_client/exchange.hpp"
#include "http_client/fair_queue.hpp"
#include "http_client/http_sender.hpp"
#include "http_client/request_head.hpp"
#include "http_client/resolver.hpp"
#include "http_client/start_window.hpp"

namespace limehook::http_client {

// All arguments of the constructor must outlive it; the resolver must be stopped before it is destroyed.
class Worker final : private ConnectionUser {
 public:
  Worker(const SenderOptions& options, const TlsContext& tls, Resolver& resolver, const AttemptDone& done);
  ~Worker();

  void start(AttemptRequest request);  // any thread
  void request_stop();                 // any thread
  void join();

 private:
  friend Exchange;

  // Between two turns of the event loop: opening a connection costs as much as several requests.
  static constexpr int kDialsPerTurn = 4;

  void run();

  // From request to connection.
  void schedule_take_up();
  void take_up_inbox();
  Exchange& new_exchange(AttemptRequest request);
  void take_up(AttemptRequest request);
  void begin(Exchange& exchange, Plan& plan);
  void send(Exchange& exchange);
  void leave_window(Exchange& exchange);
  // Whom the connection goes to.
  Origin& hop_of(const Exchange& exchange) const { return exchange.origin->via_proxy ? *proxy_ : *exchange.origin; }
  void resolve(Exchange& exchange);
  void on_resolved(OriginPtr origin, const std::string& owner, Resolution resolution);
  std::string_view lookup_owner(const Origin& origin, const Exchange& exchange) const;
  static bool waits_for_others(const Origin& origin, std::string_view owner);
  void look_up(Origin& origin, std::string owner, MonotonicTime now);
  void on_nobody_asked(Origin& origin, const std::string& owner, const Resolution& resolution, MonotonicTime now);
  void judge(const Origin& origin, Resolution& resolution) const;
  void finish_unresolved(Exchange& exchange);
  void on_addresses(Exchange& exchange);

  // Plans.
  std::expected<Plan*, std::string> plan_for(const WebhookPtr& webhook);
  static std::expected<void, std::string> give_pools(Plan& plan, const Plan* old);
  // To where deliveries go, and to any other URL: only among the former are this server's own test receivers.
  std::expected<Route, std::string> receiver_route(std::string_view url);
  std::expected<Route, std::string> route_to(std::string_view url);
  OriginPtr origin_for(const Target& target);
  OriginPtr own_origin(const Target& target);
  OriginPtr origin_of(const Proxy& proxy);
  std::string tunnel_request(const std::string& authority) const;
  RequestTarget target_of(const Route& route) const;
  void sign_and_write_head(Exchange& exchange, const Plan& plan, const Route& route);

  // OAuth tokens.
  void await_token(Exchange& exchange);
  void begin_with_token(Exchange& exchange);
  void fetch_token(const std::shared_ptr<TokenSource>& source, const WebhookPtr& webhook);
  std::shared_ptr<TokenSource> finish_with_token(Exchange& exchange, const Attempt& attempt);
  void on_token_answer(TokenSource& source, const Attempt& answer);
  static std::string no_token(const TokenSource& source, std::string_view why);

  // Connections.
  static bool is_current(const Connection& connection, const Origin& hop, MonotonicTime now);
  bool send_on_idle(Exchange& exchange);
  void place(Exchange& exchange);
  bool may_dial() const;
  void wait_for_descriptor(Exchange& exchange);
  void dial(Exchange& exchange);
  void transmit(Exchange& exchange, Connection& connection);
  void park(Connection& connection);
  void take_from_idle(Connection& connection);
  void keep_session_of(const PoolPtr& pool);
  static bool ended_stale(Connection& connection, const Exchange& exchange);
  void forget(Connection& connection);
  void close_and_forget(Connection& connection);
  void serve_queue();
  void on_ready(Connection& connection) override;
  void on_failed(Connection& connection, AttemptOutcome outcome, std::string why) override;
  void on_response(Connection& connection, std::string note) override;
  void on_idle_closed(Connection& connection) override;
  void on_turn_wanted(Connection& connection) override;
  void take_handshake_turn();

  // The end of an attempt.
  void on_deadline(Exchange& exchange);
  void keep_response(Exchange& exchange, ResponseParser& response);
  void mask_all(std::string& text, const Exchange& exchange, bool cut) const;
  std::string with_first_bytes(std::string why, const Connection& connection, const Exchange& exchange) const;
  void finish(Exchange& exchange, AttemptOutcome outcome, std::string error);
  void schedule(DeadlineWheel::Item& item, MonotonicTime at, MonotonicTime now);
  void wait_for_tick();
  void expire_some();
  void stop_everything();
  static AttemptResult stopped_result(const AttemptRequest& request);

  const SenderOptions& options_;
  const TlsContext& tls_;
  Resolver& resolver_;
  const AttemptDone& done_;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  bool timer_waiting_ = false;

  std::mutex mutex_;  // guards the next three
  std::vector<AttemptRequest> inbox_;
  bool wake_up_posted_ = false;
  bool stopping_ = false;

  // The rest belongs to the thread.
  std::vector<AttemptRequest> taken_;  // from the inbox; those before next_taken_ have begun
  std::size_t next_taken_ = 0;
  StartWindow window_;
  bool window_closed_ = false;  // nothing is taken up until an attempt ends or all has been quiet
  DeadlineWheel wheel_;
  bool expiring_ = false;  // a slice of due deadlines waits for the next turn
  OriginPtr proxy_;        // none: receivers are connected to directly
  std::string proxy_authorization_;
  std::unordered_map<WebhookId, Plan> plans_;
  std::unordered_map<std::string, OriginPtr> origins_;
  std::deque<Exchange> exchanges_;  // all ever needed at a time; reused
  std::vector<Exchange*> free_exchanges_;
  // Those who wait for a connection, first come first served; whose receivers have not answered lately come last.
  ExchangeWaitList queue_;
  ExchangeWaitList unresponsive_queue_;
  bool serving_queue_ = false;
  int dials_left_ = kDialsPerTurn;
  boost::asio::steady_timer descriptor_timer_;  // until it is worth asking again; see wait_for_descriptor()
  bool out_of_descriptors_ = false;
  boost::intrusive::list<Connection, boost::intrusive::member_hook<Connection, AutoUnlinkHook, &Connection::all_hook>,
                         boost::intrusive::constant_time_size<false>>
      connections_;
  std::size_t connection_count_ = 0;
  RaceBudget race_budget_;
  FairQueue<ConnectionPtr> handshakes_;  // by team; each waits for a turn of its own
  bool handshake_posted_ = false;
  boost::intrusive::list<Connection, boost::intrusive::member_hook<Connection, AutoUnlinkHook, &Connection::idle_hook>,
                         boost::intrusive::constant_time_size<false>>
      idle_connections_;            // the one idle for longest is in front
  std::vector<PoolPtr> resumable_;  // those whose TLS session is kept, as a ring
  std::size_t next_resumable_ = 0;
  std::thread thread_;
};

}  // namespace limehook::http_client
