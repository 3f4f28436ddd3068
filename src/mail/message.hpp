#pragma once
// What Limehook writes to people about their webhooks.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/webhook.hpp"

namespace limehook::mail {

// An e-mail that is ready to be sent.
struct Message {
  std::string about;  // for the log: "webhook.disabled of wh_…"
  std::string from;
  std::vector<std::string> to;
  std::string content;  // RFC 5322, with CRLF
};

struct Addresses {
  std::string from;
  std::vector<std::string> fallback;  // who is told about webhooks that name nobody
};

// The notice that `type`, which is operational, happened to `webhook` at `at` because of `reason`. Nothing when there
// is nobody to tell: whom a webhook names must have confirmed. `unique` tells this message from all others and goes
// into its Message-ID: ASCII letters and digits.
std::optional<Message> notice(const Webhook& webhook, EventType type, std::string_view reason,
                              const Addresses& addresses, WallTime at, std::string_view unique);

// A URL as it may be shown to others: without userinfo, and with dots for the values of its query.
std::string url_without_secrets(std::string_view url);

}  // namespace limehook::mail
