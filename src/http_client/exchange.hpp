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

class Worker;

// One attempt from when it is taken up until its result is given back.
struct Exchange final : DeadlineWheel::Item {
  enum class Phase {
    Free,
    Resolving,   // waits for its origin's addresses
    Queued,      // waits for a connection
    Connecting,  // has a connection that is not ready yet
    Waiting,     // sent, or being sent; waits for the response
  };

  explicit Exchange(Worker& owner) : worker(owner) {}
  void on_deadline(MonotonicTime now) override;

  Worker& worker;
  Phase phase = Phase::Free;
  AttemptRequest request;
  AttemptResult result;
  MonotonicTime started{};
  StartWindow::Generation generation{};
  MonotonicTime deadline{};          // of the whole attempt
  MonotonicTime connect_deadline{};  // set when connecting begins
  OriginPtr origin;
  std::string head;
  std::vector<boost::asio::ip::address> addresses;  // allowed ones
  std::size_t next_address = 0;
  bool dials_anew = false;  // a connection that had been idle was lost under it; it gets a new one, once
  Connection* connection = nullptr;
  AutoUnlinkHook wait_hook;  // in the origin's or the worker's list of those who wait
};

using ExchangeWaitList =
    boost::intrusive::list<Exchange, boost::intrusive::member_hook<Exchange, AutoUnlinkHook, &Exchange::wait_hook>,
                           boost::intrusive::constant_time_size<false>>;

// Scheme, host and port, and what all requests to them share.
struct Origin final : boost::intrusive_ref_counter<Origin, boost::thread_unsafe_counter> {
  bool tls = false;
  std::string host;
  std::optional<boost::asio::ip::address> address;
  std::uint16_t port = 0;
  OriginIdleList idle;  // the one to use next is in front
  TlsSessionSlot tls_session;
  NameRecord name;  // of `host`, unless that is an address
  ExchangeWaitList resolution_waiters;
};

// What is constant for one webhook version.
struct Plan {
  WebhookPtr webhook;
  std::string authority;  // as in Target
  std::string path;
  signing::Signer signer;
  OriginPtr origin;
};

}  // namespace limehook::http_client
