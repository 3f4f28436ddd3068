#pragma once
// Connects to whichever of a host's addresses answers first (RFC 8305, Happy Eyeballs): an address that swallows
// packets costs a quarter of a second, not the time to connect.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <vector>

namespace limehook::http_client {

// The order in which to try addresses: the two families take turns, beginning with that of the first (section 4).
// Within a family the order stays.
std::vector<boost::asio::ip::address> interleaved(const std::vector<boost::asio::ip::address>& addresses);

// How many sockets races may hold beside the one that each connection has anyway. Shared by the races of one thread, so
// that hosts with many silent addresses do not use up the process's file descriptors.
struct RaceBudget {
  std::size_t extra_sockets_max = 0;
  std::size_t extra_sockets = 0;  // now
};

// One race. One thread; what is under way keeps it alive.
class Race final : public boost::intrusive_ref_counter<Race, boost::thread_unsafe_counter> {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Error = boost::system::error_code;

  // Until the next address is tried beside those that have not answered (section 5, Connection Attempt Delay).
  static constexpr auto kDelay = std::chrono::milliseconds(250);
  // Sockets of one race at a time. Where there are more addresses, the next one takes the place of the one that has
  // been silent for longest, which has had at least a second.
  static constexpr std::size_t kRunningMax = 4;

  struct Result {
    Error error;        // none: connected
    Endpoint endpoint;  // the winner, or the last one that failed
    std::optional<Socket> socket;
  };
  // Called once, perhaps from inside start(), and not after cancel().
  using Done = std::function<void(Result)>;

  // `budget` must outlive it.
  Race(boost::asio::io_context& io, RaceBudget& budget, std::vector<Endpoint> endpoints, Done done);
  ~Race() { count_running(0); }
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  // Sets no limit to the whole: that is for the caller, with cancel().
  void start();
  void cancel();

 private:
  struct Runner {
    std::size_t number;  // index of its endpoint
    Socket socket;
  };

  void start_next();
  Error open(Runner& runner, const Endpoint& endpoint);
  void on_connected(std::size_t number, const Error& error);
  void wait_for_next();
  bool may_start_beside_others();
  void remove(std::size_t number);
  void count_running(std::size_t count);
  void finish(Result result);

  boost::asio::io_context& io_;
  RaceBudget& budget_;
  std::vector<Endpoint> endpoints_;
  Done done_;  // empty: over
  boost::asio::steady_timer timer_;
  std::list<Runner> running_;  // the one that has run for longest is in front
  std::size_t counted_ = 0;    // how many of them the budget knows of
  std::size_t next_ = 0;
  Result last_failure_;
};

}  // namespace limehook::http_client
