#include "http_client/race.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <utility>

namespace limehook::http_client {

std::vector<boost::asio::ip::address> interleaved(const std::vector<boost::asio::ip::address>& addresses) {
  std::array<std::vector<boost::asio::ip::address>, 2> families;
  for (const auto& address : addresses) {
    families[address.is_v4() == addresses.front().is_v4() ? 0 : 1].push_back(address);
  }
  std::vector<boost::asio::ip::address> order;
  for (std::size_t i = 0; order.size() < addresses.size(); ++i) {
    for (const auto& family : families) {
      if (i < family.size()) order.push_back(family[i]);
    }
  }
  return order;
}

Race::Race(boost::asio::io_context& io, RaceBudget& budget, std::vector<Endpoint> endpoints, Done done)
    : io_(io), budget_(budget), endpoints_(std::move(endpoints)), done_(std::move(done)), timer_(io) {}

void Race::start() { start_next(); }

void Race::cancel() {
  done_ = nullptr;
  timer_.cancel();
  running_.clear();
  count_running(0);
}

// Goes on to the next one at once when an address cannot even be tried, as without a route.
void Race::start_next() {
  const boost::intrusive_ptr<Race> alive(this);
  while (next_ < endpoints_.size()) {
    const auto number = next_++;
    Runner runner{number, Socket(io_.get_executor())};
    if (const auto error = open(runner, endpoints_[number])) {
      last_failure_ = {error, endpoints_[number], std::nullopt};
      continue;
    }
    auto& socket = running_.emplace_back(std::move(runner)).socket;
    count_running(running_.size());
    socket.async_connect(endpoints_[number], [alive, number](const Error& ec) { alive->on_connected(number, ec); });
    return wait_for_next();
  }
  if (running_.empty()) finish(std::move(last_failure_));
}

Race::Error Race::open(Runner& runner, const Endpoint& endpoint) {
  Error ec;
  runner.socket.open(endpoint.protocol(), ec);
  if (!ec) runner.socket.non_blocking(true, ec);
  if (!ec) runner.socket.set_option(boost::asio::ip::tcp::no_delay(true), ec);
  return ec;
}

void Race::on_connected(std::size_t number, const Error& error) {
  const auto runner = std::ranges::find(running_, number, &Runner::number);
  if (!done_ || runner == running_.end()) return;  // over, or it has given up its place
  if (!error) {
    auto socket = std::move(runner->socket);
    return finish({{}, endpoints_[number], std::move(socket)});
  }
  last_failure_ = {error, endpoints_[number], std::nullopt};
  remove(number);
  start_next();
}

void Race::wait_for_next() {
  if (next_ == endpoints_.size()) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(kDelay);
  timer_.async_wait([self = boost::intrusive_ptr<Race>(this), expected = next_](const Error& ec) {
    if (ec || !self->done_ || self->next_ != expected) return;
    self->may_start_beside_others() ? self->start_next() : self->wait_for_next();
  });
}

bool Race::may_start_beside_others() {
  if (running_.size() == kRunningMax) {
    remove(running_.front().number);
    return true;
  }
  return running_.empty() || budget_.extra_sockets < budget_.extra_sockets_max;
}

void Race::remove(std::size_t number) {
  std::erase_if(running_, [&](const Runner& runner) { return runner.number == number; });
  count_running(running_.size());
}

void Race::count_running(std::size_t count) {
  const auto extra = [](std::size_t n) { return n > 1 ? n - 1 : 0; };
  budget_.extra_sockets += extra(count);
  budget_.extra_sockets -= extra(std::exchange(counted_, count));
}

void Race::finish(Result result) {
  const auto done = std::exchange(done_, nullptr);
  cancel();
  if (done) done(std::move(result));
}

}  // namespace limehook::http_client
