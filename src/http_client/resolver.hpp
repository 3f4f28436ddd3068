#pragma once
// Name resolution on threads of its own: getaddrinfo blocks, and a slow name must not hold up anything else.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "http_client/resolution.hpp"

namespace limehook::http_client {

class Resolver {
 public:
  // Called once per lookup on a thread of the resolver, unless stop() comes first; must not block.
  using Callback = std::function<void(Resolution)>;

  Resolver(int threads, LookUp look_up);
  ~Resolver() { stop(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Any thread. Lookups that no thread takes up before `deadline` are given up.
  void resolve(std::string host, MonotonicTime deadline, Callback callback);
  // No callback runs once this has returned. Does not wait for lookups under way: they cannot be interrupted.
  void stop();

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared, std::size_t index);

  std::shared_ptr<Shared> shared_;
  std::vector<std::thread> threads_;
};

}  // namespace limehook::http_client
