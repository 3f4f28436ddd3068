#pragma once
// Requests that wait for a webhook's next event (long polling). The core says when there is one: nothing looks into the
// store meanwhile, and nothing is spent while nobody waits. All on the engine's thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <unordered_map>

#include "delivery/scheduler.hpp"

namespace limehook::runtime {

namespace asio = boost::asio;

class EventWatch;

// All watches. Shared with them, as a request may outlive the engine.
class EventWatches : public std::enable_shared_from_this<EventWatches> {
 public:
  explicit EventWatches(delivery::Scheduler& scheduler) : scheduler_(&scheduler) {}

  // Null when as many wait as may, in all (limits::kPollWaitersMax) or for this webhook.
  std::unique_ptr<EventWatch> open(asio::io_context& io, WebhookId webhook);
  std::size_t size() const { return watches_.size(); }
  // The core's WatchEnded.
  void wake(WebhookId webhook);
  // Wakes all; from now on nobody waits. The scheduler is not used any more.
  void close();

 private:
  friend EventWatch;
  void leave(EventWatch& watch);

  delivery::Scheduler* scheduler_;  // null once closed
  std::unordered_multimap<WebhookId, EventWatch*> watches_;
};

// The place of one waiting request: arm(), read the store, and wait_until() when nothing was found. An event that is
// committed after arm() ends the wait, so none is missed between the read and the wait.
class EventWatch {
 public:
  EventWatch(asio::io_context& io, std::shared_ptr<EventWatches> watches, WebhookId webhook)
      : watches_(std::move(watches)), webhook_(webhook), timer_(io) {}
  ~EventWatch() { watches_->leave(*this); }
  EventWatch(const EventWatch&) = delete;
  EventWatch& operator=(const EventWatch&) = delete;

  void arm();
  // True: the store may have more, or the webhook was changed or deleted. False: the time is over, or the server stops.
  asio::awaitable<bool> wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  friend EventWatches;
  void wake();

  std::shared_ptr<EventWatches> watches_;
  WebhookId webhook_;
  asio::steady_timer timer_;
  bool woken_ = false;  // since arm()
};

}  // namespace limehook::runtime
