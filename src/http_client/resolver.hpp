#pragma once
// Name resolution on threads of its own: getaddrinfo blocks, and a slow name must not hold up anything else.
//
// A lookup under way cannot be interrupted, so names that get no answer could fill every thread. That is why they get
// few of them: of one owner names whose last lookup failed, and lookups that have passed their deadline, occupy a
// quarter, and another name of that kind has to wait for one of these. New names come first, then known ones, then
// failing ones. And a thread whose lookup has passed its deadline (many new names may do so at once) is replaced by
// another.
//
// Those who ask (owners: teams) take turns, and one of them occupies at most half of the threads that the others leave.
// So whoever asks for nothing but silent names makes his own names wait; there is always a thread for the next one.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "http_client/resolution.hpp"

namespace limehook::http_client {

class Resolver {
 public:
  // So many lookups of one owner may wait; more are answered at once, with an error.
  static constexpr std::size_t kWaitingPerOwnerMax = 512;
  static constexpr std::size_t kWaitingMax = 8192;  // of all

  // Called once per lookup on a thread of the resolver, or from inside resolve(), unless stop() comes first; must not
  // block.
  using Callback = std::function<void(Resolution)>;

  // Starts with one thread. More, up to `threads_max`, are started when lookups wait, and end when they have been idle
  // for `thread_idle_time`. Those that are stuck in a lookup beyond its deadline do not count, up to three times as
  // many.
  Resolver(std::size_t threads_max, LookUp look_up, Duration thread_idle_time = std::chrono::seconds(10));
  ~Resolver() { stop(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Any thread. Lookups that no thread takes up before `deadline` are given up.
  void resolve(std::string host, std::string_view owner, NameStanding standing, MonotonicTime deadline,
               Callback callback);
  // No callback runs once this has returned. Does not wait for lookups under way: they cannot be interrupted.
  void stop();
  // How many threads there are now. Any thread.
  std::size_t threads() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace limehook::http_client
