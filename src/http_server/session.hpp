#pragma once
// One connection of a caller: TLS if need be, then one request after the other.

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <unordered_set>

#include "http_server/answer_writer.hpp"
#include "http_server/server.hpp"

namespace limehook::http_server {

class Session;

// What the sessions of a server share. One thread.
struct ServerState {
  ServerOptions options;
  Handler handler;
  Shares shares;
  AnswerWriter answers;
  bool draining = false;
  std::unordered_set<Session*> sessions;
};

class Session {
 public:
  using Clock = std::chrono::steady_clock;

  // The peer has entered the state's shares, and leaves them with this. `tls`: nullptr for plain HTTP.
  Session(std::shared_ptr<ServerState> state, asio::ip::tcp::socket socket, const asio::ip::address& peer,
          const std::shared_ptr<asio::ssl::context>& tls);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves the connection to its end. The session must outlive it.
  asio::awaitable<void> run();

  // Ends what takes longer than it may.
  void end_if_overdue(Clock::time_point now);
  // Ends the connection if it waits for a request.
  void end_if_idle();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  class BodyShare;
  class AnswerShare;

  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> read_head(Parser& parser, Request& head);
  asio::awaitable<bool> read_body(Parser& parser, const Request& head, BodyShare& share);
  asio::awaitable<bool> fill(std::size_t bytes);
  asio::awaitable<bool> send(std::string_view bytes, std::string_view more = {});
  asio::awaitable<bool> answer(Response response, const AnswerForm& form, const Request* request = nullptr);
  asio::awaitable<void> send_pieces(BodyStream& stream, bool chunks);
  asio::awaitable<bool> refuse(Refusal reason, Response response, bool secure);
  asio::awaitable<void> say_goodbye();
  void may_take(Clock::duration limit) { deadline_ = Clock::now() + limit; }
  Response short_of_memory() const;
  Response too_many_answers() const;

  std::shared_ptr<ServerState> state_;
  asio::ip::tcp::socket socket_;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
  boost::beast::flat_buffer buffer_;
  asio::ip::address peer_;
  asio::ip::address block_;  // by which the peer's shares are counted
  bool exempt_;              // from limits per address
  bool idle_ = true;         // waits for a request, or for a handshake to begin
  bool new_ = true;          // nothing has been answered yet
  bool shaken_ = false;      // a TLS handshake is through
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace limehook::http_server
