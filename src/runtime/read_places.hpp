#pragma once
// How many reads of the store may be under way or have results that nobody has taken yet: a result may be megabytes,
// and readers may be faster than the thread that makes answers of what they bring. The others wait in the order in
// which they came. One thread.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>

namespace limehook::runtime {

class ReadPlaces : public std::enable_shared_from_this<ReadPlaces> {
 public:
  ReadPlaces(boost::asio::io_context& io, std::size_t count) : io_(io), free_(count) {}

  // Held for as long as the place is needed; it may outlive whoever reads.
  class Place {
   public:
    explicit Place(std::shared_ptr<ReadPlaces> places) : places_(std::move(places)) {}
    Place(Place&&) = default;
    ~Place() {
      if (places_) places_->leave();
    }

   private:
    std::shared_ptr<ReadPlaces> places_;
  };

  boost::asio::awaitable<Place> enter() {
    if (free_ > 0) {
      --free_;
    } else {
      Waiter waiter(*this);
      while (!waiter.has_place) co_await waiter.turn.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    co_return Place(shared_from_this());
  }

 private:
  // In the queue until it has a place, or its coroutine is gone.
  struct Waiter {
    explicit Waiter(ReadPlaces& places_)
        : places(places_.shared_from_this()), turn(places_.io_, boost::asio::steady_timer::time_point::max()) {
      places->waiting_.push_back(this);
    }
    ~Waiter() {
      if (!has_place) std::erase(places->waiting_, this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::shared_ptr<ReadPlaces> places;
    boost::asio::steady_timer turn;
    bool has_place = false;
  };

  void leave() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    Waiter* const next = waiting_.front();
    waiting_.pop_front();
    next->has_place = true;
    next->turn.cancel();
  }

  boost::asio::io_context& io_;
  std::size_t free_;
  std::deque<Waiter*> waiting_;
};

}  // namespace limehook::runtime
