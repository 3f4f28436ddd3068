#include "http_client/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "http_client/clocks.hpp"

namespace limehook::http_client {
namespace {

constexpr std::size_t kOverdueShare = 3;  // so many threads more, for each that there may be, wait for overdue lookups

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
    resolution.name_unknown = error == EAI_NONAME || error == EAI_NODATA;
    resolution.error = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    return resolution;
  }
  for (const auto* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) resolution.addresses.push_back(address_of(*info));
  }
  ::freeaddrinfo(list);
  if (resolution.addresses.empty()) {
    resolution.name_unknown = true;
    resolution.error = "the name has no address";
  }
  return resolution;
}

// Outlives the resolver when a lookup is under way as it stops.
struct Resolver::Shared {
  struct Owner;
  struct Job {
    std::string host;
    NameStanding standing;
    MonotonicTime deadline;
    Callback callback;
    Owner* owner;
  };
  // Listed while it has anything waiting or running.
  struct Owner {
    std::string name;
    std::array<std::deque<Job>, 3> queues{};  // by standing
    std::size_t running = 0;
    std::size_t waiting() const { return queues[0].size() + queues[1].size() + queues[2].size(); }
  };

  static void run(const std::shared_ptr<Shared>& shared);
  static void start_thread(const std::shared_ptr<Shared>& shared);
  static bool overdue(const Job* job, MonotonicTime now) { return job->deadline <= now; }
  std::size_t capacity(MonotonicTime now) const;
  std::size_t room_for_threads(MonotonicTime now) const;
  std::size_t room_for_failing(const Owner& owner, MonotonicTime now) const;
  std::size_t room_for(const Owner& owner, MonotonicTime now) const;
  std::size_t startable(MonotonicTime now) const;
  Owner& owner_named(std::string_view name);
  std::optional<Job> take(MonotonicTime now);
  void forget_if_done(Owner& owner);
  Resolution look_up_unlocked(std::unique_lock<std::mutex>& lock, const Job& job);

  LookUp look_up;
  std::size_t threads_max = 0;
  Duration thread_idle_time{};
  std::mutex mutex;  // guards the rest
  std::condition_variable changed;
  std::list<Owner> owners;  // whose turn is next is in front
  std::size_t waiting = 0;
  std::vector<const Job*> running;
  std::size_t threads = 0;
  bool stopped = false;
};

std::size_t Resolver::Shared::capacity(MonotonicTime now) const {
  const auto stuck = std::ranges::count_if(running, [&](const Job* job) { return overdue(job, now); });
  return threads_max + std::min<std::size_t>(static_cast<std::size_t>(stuck), kOverdueShare * threads_max);
}

std::size_t Resolver::Shared::room_for_threads(MonotonicTime now) const {
  const auto most = capacity(now);
  return most - std::min(most, threads);
}

// Of an owner's own: what is overdue for others keeps nobody's names from being asked for again.
std::size_t Resolver::Shared::room_for_failing(const Owner& owner, MonotonicTime now) const {
  const auto share = std::max<std::size_t>(threads_max / 4, 1);
  const auto used = static_cast<std::size_t>(std::ranges::count_if(running, [&](const Job* job) {
    return job->owner == &owner && (job->standing == NameStanding::Failing || overdue(job, now));
  }));
  return share - std::min(share, used);
}

std::size_t Resolver::Shared::room_for(const Owner& owner, MonotonicTime now) const {
  const auto others = running.size() - owner.running;
  const auto most = capacity(now);
  const auto share = std::max<std::size_t>((most - std::min(most, others)) / 2, 1);
  return share - std::min(share, owner.running);
}

// How many jobs free threads would find.
std::size_t Resolver::Shared::startable(MonotonicTime now) const {
  std::size_t count = 0;
  for (const auto& owner : owners) {
    const auto& [fresh, known, failing] = owner.queues;
    const auto room = room_for(owner, now);
    const auto well = std::min(room, fresh.size() + known.size());
    count += well + std::min({room - well, failing.size(), room_for_failing(owner, now)});
  }
  return count;
}

Resolver::Shared::Owner& Resolver::Shared::owner_named(std::string_view name) {
  const auto found = std::ranges::find(owners, name, &Owner::name);
  return found != owners.end() ? *found : owners.emplace_back(Owner{std::string(name)});
}

// What nobody waits for any more costs no lookup, so it needs no room.
std::optional<Resolver::Shared::Job> Resolver::Shared::take(MonotonicTime now) {
  for (std::size_t standing = 0; standing < 3; ++standing) {
    const bool failing = standing == static_cast<std::size_t>(NameStanding::Failing);
    for (auto owner = owners.begin(); owner != owners.end(); ++owner) {
      auto& queue = owner->queues[standing];
      if (queue.empty()) continue;
      const bool has_room = room_for(*owner, now) > 0 && !(failing && room_for_failing(*owner, now) == 0);
      if (!has_room && !overdue(&queue.front(), now)) continue;
      Job job = std::move(queue.front());
      queue.pop_front();
      --waiting;
      ++owner->running;
      owners.splice(owners.end(), owners, owner);
      return job;
    }
  }
  return std::nullopt;
}

void Resolver::Shared::forget_if_done(Owner& owner) {
  if (owner.running == 0 && owner.waiting() == 0) owners.remove_if([&](const Owner& o) { return &o == &owner; });
}

Resolution Resolver::Shared::look_up_unlocked(std::unique_lock<std::mutex>& lock, const Job& job) {
  if (monotonic_now() >= job.deadline) return {.addresses = {}, .error = {}, .expired = true};
  running.push_back(&job);
  lock.unlock();
  auto resolution = look_up(job.host);
  lock.lock();
  std::erase(running, &job);
  return resolution;
}

void Resolver::Shared::run(const std::shared_ptr<Shared>& shared) {
  auto& self = *shared;
  std::unique_lock lock(self.mutex);
  while (!self.stopped) {
    if (const auto job = self.take(monotonic_now())) {
      auto resolution = self.look_up_unlocked(lock, *job);
      --job->owner->running;
      self.forget_if_done(*job->owner);
      // Under the lock, so that stop() can promise that no callback comes later.
      if (!self.stopped) job->callback(std::move(resolution));
      continue;
    }
    const auto woken = self.changed.wait_for(lock, self.thread_idle_time);
    if (woken == std::cv_status::timeout && self.threads > 1 && self.startable(monotonic_now()) == 0) break;
  }
  --self.threads;
  self.changed.notify_all();
}

// Detached: a thread ends by itself, and until then touches nothing but what it shares.
void Resolver::Shared::start_thread(const std::shared_ptr<Shared>& shared) {
  std::thread([shared] { run(shared); }).detach();
  ++shared->threads;
}

Resolver::Resolver(std::size_t threads_max, LookUp look_up, Duration thread_idle_time)
    : shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
  shared_->threads_max = threads_max;
  shared_->thread_idle_time = thread_idle_time;
  const std::lock_guard lock(shared_->mutex);
  Shared::start_thread(shared_);
}

void Resolver::resolve(std::string host, std::string_view owner_name, NameStanding standing, MonotonicTime deadline,
                       Callback callback) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stopped) return;
  auto& owner = shared_->owner_named(owner_name);
  if (owner.waiting() >= kWaitingPerOwnerMax || shared_->waiting >= kWaitingMax) {
    shared_->forget_if_done(owner);
    return callback({.addresses = {}, .error = "too many names are waiting to be looked up", .refused = true});
  }
  owner.queues[static_cast<std::size_t>(standing)].push_back(
      {std::move(host), standing, deadline, std::move(callback), &owner});
  ++shared_->waiting;
  // Free ones that have yet to start or to wake up included.
  const auto free_threads = shared_->threads - shared_->running.size();
  const auto now = monotonic_now();
  if (shared_->startable(now) > free_threads && shared_->room_for_threads(now) > 0) {
    try {
      Shared::start_thread(shared_);
    } catch (const std::system_error&) {
      // The machine has no more threads for us; those that are there will come to it.
    }
  }
  shared_->changed.notify_one();
}

void Resolver::stop() {
  std::unique_lock lock(shared_->mutex);
  shared_->stopped = true;
  for (auto& owner : shared_->owners) {
    for (auto& queue : owner.queues) queue.clear();
  }
  shared_->changed.notify_all();
  shared_->changed.wait(lock, [this] { return shared_->threads == shared_->running.size(); });
}

std::size_t Resolver::threads() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->threads;
}

}  // namespace limehook::http_client
