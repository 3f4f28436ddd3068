#pragma once
// Webhooks: where events go (spec, sections 1, 4 and 5).

#include <bitset>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/field_error.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "model/event.hpp"
#include "model/filter.hpp"
#include "model/payload_shape.hpp"

namespace limehook {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

struct Webhook {
  WebhookId id;
  int version = 1;      // grows with every change
  std::string team_id;  // empty: every team's events
  std::string name;
  std::string url;                                                             // as the user gave it
  std::bitset<kEventTypeCount> events = std::bitset<kEventTypeCount>().set();  // all, unless chosen
  std::optional<Filter> filter;
  PayloadShape payload;
  std::string secret;           // "whsec_…"
  std::string previous_secret;  // empty: no rotation under way
  std::optional<WallTime> previous_secret_expires_at;
  std::string token;
  std::vector<Header> headers;
  std::vector<std::string> numbers;                     // empty: not limited to numbers
  std::optional<std::vector<Duration>> retry_schedule;  // nothing: the server's
  Duration timeout = limits::kAttemptTimeout;
  int max_concurrency = limits::kConcurrencyDefault;
  bool enabled = true;
  std::string disabled_reason;  // why Limehook disabled it; empty when a person did
  WallTime created_at{};
  WallTime updated_at{};
  bool operator==(const Webhook&) const = default;
};
using WebhookPtr = std::shared_ptr<const Webhook>;

}  // namespace limehook
