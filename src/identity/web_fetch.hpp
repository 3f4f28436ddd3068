#pragma once
// One bounded request over HTTP to a provider. Private to this folder.

#include <chrono>
#include <expected>
#include <stop_token>
#include <string>

namespace limehook::identity {

struct FetchRequest {
  std::string url;
  std::string form;           // application/x-www-form-urlencoded, sent with POST; empty: GET
  std::string authorization;  // a header's value; empty: none
};

struct FetchLimits {
  std::chrono::milliseconds time{10'000};  // of all of it
  std::size_t bytes = 1 << 20;             // of the answer
  std::string ca_file;                     // PEM certificates trusted besides the system's; empty: none
};

struct FetchAnswer {
  long status = 0;
  std::string body;
};

// Blocks; returns soon after a stop was requested. Follows no redirects, keeps no cookies, uses no proxy; certificates
// are always verified. The error says in words why there is no answer, and holds nothing of the request but its host.
std::expected<FetchAnswer, std::string> fetch(const FetchRequest& request, const FetchLimits& limits,
                                              const std::stop_token& stop);

}  // namespace limehook::identity
