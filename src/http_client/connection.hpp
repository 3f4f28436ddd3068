#pragma once
// One socket to one origin or to a proxy on the way there, used for one request after the other. It does the I/O; when
// to connect, what to send and how long to wait is its user's business.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_client/deadline_wheel.hpp"
#include "http_client/race.hpp"
#include "http_client/read_buffer.hpp"
#include "http_client/response_parser.hpp"
#include "http_client/tls.hpp"
#include "model/delivery.hpp"

namespace limehook::http_client {

class Connection;
struct Exchange;
struct Origin;
struct Pool;
using ConnectionPtr = boost::intrusive_ptr<Connection>;
using OriginPtr = boost::intrusive_ptr<Origin>;
using PoolPtr = boost::intrusive_ptr<Pool>;
using AutoUnlinkHook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// An end that comes so soon after a request was written to a kept connection is laid to the connection's rest: the
// receiver had given it up, or was about to, and did not take the request.
inline constexpr Duration kStaleWithin = std::chrono::seconds(2);

// What becomes of a connection. Calls come from the event loop, and from inside connect().
class ConnectionUser {
 public:
  virtual void on_ready(Connection& connection) = 0;  // connected: can take a request
  // Not connected, or the request is lost: no response head has arrived. The connection is closed.
  virtual void on_failed(Connection& connection, AttemptOutcome outcome, std::string why) = 0;
  // A response head has arrived, and its body as far as it is wanted or will come; `note` says what is missing.
  // The connection is idle; see reusable().
  virtual void on_response(Connection& connection, std::string note) = 0;
  virtual void on_idle_closed(Connection& connection) = 0;  // by the peer, or the idle time is over
  // It has to do costly cryptography, in take_turn(): when is for its user to say. Nothing is read meanwhile.
  virtual void on_turn_wanted(Connection& connection) = 0;

 protected:
  ~ConnectionUser() = default;
};

// One thread. Pending operations keep it alive; its user lists it until it is closed.
class Connection final : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
                         public DeadlineWheel::Item {
 public:
  using Socket = Race::Socket;
  using Endpoint = Race::Endpoint;

  Connection(boost::asio::io_context& io, OriginPtr origin, PoolPtr pool, const TlsContext& tls, ConnectionUser& user);

  // To the endpoint that answers first. `budget` must outlive it.
  void connect(boost::asio::io_context& io, RaceBudget& budget, std::vector<Endpoint> endpoints);
  void take_turn();  // after on_turn_wanted(); nothing if it has been closed since
  // False: the connection is dead and not a byte has left.
  bool send(std::string_view head, const std::shared_ptr<const std::string>& body);
  void close();

  const Endpoint& endpoint() const { return endpoint_; }  // what it is connected to
  bool closed() const { return state_ == State::Closed; }
  bool connecting() const { return state_ == State::Connecting; }
  bool tunneling() const { return state_ == State::Tunneling; }  // waits for the proxy's answer
  bool handshaking() const { return state_ == State::Handshaking; }
  // Did the response's head arrive?
  bool head_received() const { return parser_ && parser_->head_done(); }
  ResponseParser& response() { return *parser_; }
  // What has come and was not understood. After on_failed too.
  std::string_view unread() const { return in_.data(); }
  // After on_failed: it ended before a single byte of a response, and the receiver cannot have had the whole request.
  bool request_unprocessed() const { return request_unprocessed_; }
  // Why a request failed, and what TLS has to add to that.
  std::string with_tls_note(std::string why) const;
  // After a response: may another request follow?
  bool reusable() const;
  // Of an idle connection: has nothing come since the last response, neither its end nor a byte that belongs to no
  // response? Asks the kernel, whose event may still wait in line. TLS may have said something of its own.
  bool quiet();

  void on_deadline(MonotonicTime) override;  // of an idle connection

  const OriginPtr origin;
  const PoolPtr pool;
  Exchange* exchange = nullptr;  // what it is used for; none: idle
  MonotonicTime opened_at{};
  MonotonicTime idle_since{};
  bool reused = false;       // its present request is not its first
  MonotonicTime sent_at{};   // when that was sent
  AutoUnlinkHook all_hook;   // in the user's list of connections
  AutoUnlinkHook idle_hook;  // in the user's list of idle connections
  AutoUnlinkHook pool_hook;  // in the pool's list of idle connections

 private:
  enum class State { Connecting, Tunneling, Handshaking, Idle, Busy, Ending, Closed };
  using Error = boost::system::error_code;

  void on_connected(Race::Result result, std::size_t addresses);
  std::string where() const;  // before a sentence about the other end: "proxy 127.0.0.1:3128: "
  void open_tunnel();
  void consume_tunnel_answer();
  void begin_tls();
  void handshake();
  void read();
  void on_read(const Error& ec, std::size_t size);
  void decrypt();
  void want_turn();
  std::string tls_note() const;
  void consume();
  void on_end(const Error& ec);
  void on_flood();
  bool response_begun() const;
  bool surely_unprocessed(const Error& ec);
  bool is_fresh() const;
  void await_reset();
  void lose(const Error& ec);
  void on_parse_error();
  void end_response(std::string note);
  void fail(AttemptOutcome outcome, std::string why);
  void close_idle();
  void flush();
  void wait_writable();

  Socket socket_;
  ConnectionUser& user_;
  const TlsContext& tls_context_;
  State state_ = State::Connecting;
  Endpoint endpoint_;
  boost::intrusive_ptr<Race> race_;  // while it is connecting
  std::optional<TlsChannel> tls_;
  std::unique_ptr<char[]> encrypted_;  // what TLS reads into
  ReadBuffer in_;
  std::optional<ResponseParser> parser_;  // of a response, or of a proxy's answer to CONNECT
  int interim_responses_ = 0;
  std::size_t received_ = 0;  // bytes since the last request was sent, TLS included
  // What is being written: `out_`, then `body_`; the first `sent_` bytes of both are gone.
  std::string out_;
  std::shared_ptr<const std::string> body_;
  std::size_t sent_ = 0;
  bool waiting_writable_ = false;
  bool write_failed_ = false;
  bool wants_turn_ = false;
  bool doubtful_interim_ = false;  // an interim response was framed as none may be
  bool request_unprocessed_ = false;
  std::optional<boost::asio::steady_timer> aftermath_;
};

using PoolIdleList =
    boost::intrusive::list<Connection,
                           boost::intrusive::member_hook<Connection, AutoUnlinkHook, &Connection::pool_hook>,
                           boost::intrusive::constant_time_size<false>>;

}  // namespace limehook::http_client
