#pragma once
// Webhooks: where events go (spec, sections 1, 4 and 5).

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
#include "model/webhook_security.hpp"

namespace limehook {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

// Which of a webhook's deliveries wait for each other (spec, section 4).
enum class Ordering : std::uint8_t {
  None,
  Webhook,  // each waits for all that were accepted before it
  Call,     // the same among those with one order key (EventDraft::order_key)
};

enum class WebhookMode : std::uint8_t {
  Push,
  Poll,  // nothing is sent; the receiver asks for its events
};

// A secret that was replaced. It signs beside the current one until its own time is over, however often the secret is
// replaced meanwhile.
struct PreviousSecret {
  std::string secret;
  WallTime expires_at{};
  bool operator==(const PreviousSecret&) const = default;
};

struct Webhook {
  WebhookId id;
  int version = 1;      // grows with every change
  std::string team_id;  // empty: every team's events
  std::string name;
  WebhookMode mode = WebhookMode::Push;
  std::string url;                         // as the user gave it; may be empty where nothing is pushed
  std::string fallback_url;                // where deliveries go that `url` did not take; empty: nowhere
  EventTypeSet events = kPhoneEventTypes;  // these, unless chosen
  std::optional<Filter> filter;
  PayloadShape payload;
  std::string secret;                            // "whsec_…"
  std::vector<PreviousSecret> previous_secrets;  // the last to be replaced first; the time of some may be over
  std::string token;
  SignatureSchemes signatures;
  std::string signing_key;             // "whsk_…"; set while `signatures` has v1a, as is the next
  std::string public_key;              // "whpk_…"
  std::string signature_header;        // carries the X-LimeCall-Signature value; empty: under that name
  std::optional<OauthSettings> oauth;  // nothing: `token` is sent
  std::optional<ClientCertificate> client_certificate;
  std::vector<Header> headers;
  std::vector<std::string> numbers;                     // empty: not limited to numbers
  std::optional<std::vector<Duration>> retry_schedule;  // nothing: the server's
  Duration timeout = limits::kAttemptTimeout;
  int max_concurrency = limits::kConcurrencyDefault;
  std::optional<double> rate_limit;  // attempts per second, evenly; nothing: no limit
  Ordering ordered = Ordering::None;
  std::vector<std::string> notify_emails;     // who is told when it fails; empty: whom the operator named
  std::vector<std::string> confirmed_emails;  // those of them who may be written to
  bool enabled = true;
  std::string disabled_reason;          // why Limehook disabled it; empty when a person did
  std::optional<WallTime> disabled_at;  // since when it is disabled
  WallTime created_at{};
  WallTime updated_at{};
  bool operator==(const Webhook&) const = default;

  // Is anything sent to it?
  bool pushes() const { return enabled && mode == WebhookMode::Push; }
};
using WebhookPtr = std::shared_ptr<const Webhook>;

}  // namespace limehook
