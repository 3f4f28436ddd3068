#include "http_client/resolver.hpp"

#include <netdb.h>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

#include "http_client/clocks.hpp"

namespace limehook::http_client {
namespace {

boost::asio::ip::address address_of(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(info.ai_addr);
    return boost::asio::ip::address_v4(ntohl(v4->sin_addr.s_addr));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(info.ai_addr);
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6->sin6_addr, bytes.size());
  return boost::asio::ip::address_v6(bytes, v6->sin6_scope_id);
}

}  // namespace

Resolution system_look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  Resolution resolution;
  if (error != 0) {
    resolution.error = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    return resolution;
  }
  for (const auto* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) resolution.addresses.push_back(address_of(*info));
  }
  ::freeaddrinfo(list);
  if (resolution.addresses.empty()) resolution.error = "the name has no address";
  return resolution;
}

// Outlives the resolver when a lookup is under way as it stops.
struct Resolver::Shared {
  struct Job {
    std::string host;
    MonotonicTime deadline;
    Callback callback;
  };
  LookUp look_up;
  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::deque<Job> jobs;
  std::vector<bool> looking_up;  // by thread
  bool stopped = false;
};

Resolver::Resolver(int threads, LookUp look_up) : shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
  shared_->looking_up.resize(static_cast<std::size_t>(threads));
  for (std::size_t i = 0; i < shared_->looking_up.size(); ++i) {
    threads_.emplace_back([shared = shared_, i] { run(shared, i); });
  }
}

void Resolver::resolve(std::string host, MonotonicTime deadline, Callback callback) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopped) return;
    shared_->jobs.push_back({std::move(host), deadline, std::move(callback)});
  }
  shared_->changed.notify_one();
}

void Resolver::run(const std::shared_ptr<Shared>& shared, std::size_t index) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->changed.wait(lock, [&] { return shared->stopped || !shared->jobs.empty(); });
    if (shared->stopped) return;
    auto job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    Resolution resolution;
    if (monotonic_now() >= job.deadline) {
      resolution.expired = true;
    } else {
      shared->looking_up[index] = true;
      lock.unlock();
      resolution = shared->look_up(job.host);
      lock.lock();
      shared->looking_up[index] = false;
    }
    // Under the lock, so that stop() can promise that no callback comes later.
    if (!shared->stopped) job.callback(std::move(resolution));
  }
}

void Resolver::stop() {
  std::vector<bool> looking_up;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
    shared_->jobs.clear();
    looking_up = shared_->looking_up;
  }
  shared_->changed.notify_all();
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (looking_up[i]) {
      threads_[i].detach();  // ends by itself, touching nothing but what it shares
    } else {
      threads_[i].join();
    }
  }
  threads_.clear();
}

}  // namespace limehook::http_client
