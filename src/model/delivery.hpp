#pragma once
// Deliveries and attempts (spec, sections 4 and 5).

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "model/audit.hpp"
#include "model/event.hpp"

namespace limehook {

// The numbers are stored; never reuse one.
enum class DeliveryStatus : std::uint8_t {
  Pending = 0,    // accepted, no attempt finished yet
  Retrying = 1,   // at least one attempt failed, another is due at next_attempt_at
  Delivered = 2,  // acknowledged by a 2xx
  Failed = 3,     // schedule exhausted, or refused for good (410)
  Canceled = 4,   // given up before it was acknowledged: EndReason says why
};

struct DeliveryStatusInfo {
  DeliveryStatus status;
  std::string_view name;
  bool open;  // work is left: not terminal
};
inline constexpr std::array<DeliveryStatusInfo, 5> kDeliveryStatuses{{
    {DeliveryStatus::Pending, "pending", true},
    {DeliveryStatus::Retrying, "retrying", true},
    {DeliveryStatus::Delivered, "delivered", false},
    {DeliveryStatus::Failed, "failed", false},
    {DeliveryStatus::Canceled, "canceled", false},
}};
constexpr const DeliveryStatusInfo& info_of(DeliveryStatus s) { return kDeliveryStatuses[static_cast<std::size_t>(s)]; }
constexpr bool is_open(DeliveryStatus s) { return info_of(s).open; }
std::optional<DeliveryStatus> delivery_status_named(std::string_view name);

// Why a delivery has failed or was canceled. The numbers are stored, in four bits; never reuse one.
enum class EndReason : std::uint8_t {
  None = 0,             // it is open or delivered, or it ended before reasons were stored
  Exhausted = 1,        // the last attempt that its schedule allows has failed
  RefusedByPolicy = 2,  // likewise: its URL has an address or a port that may not be sent to
  HeldTooLong = 3,      // the webhook's breaker held it back for as long as its schedule is
  Gone = 4,             // the receiver answered 410
  WebhookDeleted = 5,
  WebhookDisabled = 6,
  WebhookPolled = 7,  // the webhook was switched to polling
  Skipped = 8,        // somebody gave it up
  Interrupted = 9,    // a test whose process ended before its attempt
};
inline constexpr std::size_t kEndReasonCount = 10;
std::string_view name_of(EndReason reason);  // stable machine-readable words: "skipped", …

// What the bytes of a body are. The numbers are stored; never reuse one.
enum class BodyType : std::uint8_t {
  Json = 0,
  CloudEvents = 1,  // CloudEvents 1.0, structured mode
  Form = 2,         // application/x-www-form-urlencoded
};
std::string_view content_type_of(BodyType type);  // the value of the Content-Type header

// How an attempt ended. The stage matters: after `Connect` the receiver has surely not seen the request; an
// attempt cut off later may have been processed. The numbers are stored; never reuse one.
enum class AttemptOutcome : std::uint8_t {
  Response = 0,         // a whole response head arrived; `http_status` says the rest
  NameNotResolved = 1,  // DNS did not answer, or with no address that the policy allows
  AddressRefused = 2,   // the policy forbids the address or the port in the URL
  ConnectFailed = 3,    // refused, unreachable, connect timeout
  TlsFailed = 4,        // handshake or certificate
  Timeout = 5,          // sent (at least in part), no whole response head in time
  ConnectionLost = 6,   // reset or closed after sending began, before a whole response head
  BadResponse = 7,      // not HTTP, or a head beyond the limit
  Internal = 8,         // no descriptor, no memory: ours, not the receiver's
  HeldBack = 9,         // of a delivery, not of an attempt: it was held while the webhook was failing, until too late
  OauthFailed = 10,     // the webhook's token endpoint gave no token; the receiver has seen nothing
};
inline constexpr std::size_t kAttemptOutcomeCount = 11;
std::string_view name_of(AttemptOutcome outcome);  // stable machine-readable words: "timeout", "connect_failed"...
std::optional<AttemptOutcome> attempt_outcome_named(std::string_view name);

struct Attempt {
  int number = 0;  // from 1
  WallTime started_at{};
  Duration duration{};
  AttemptOutcome outcome{};
  int http_status = 0;        // 0 unless outcome is Response
  std::string error;          // for people; empty when there is nothing to add
  std::string response_head;  // header lines as received, CRLF between them, without the status line
  std::string response_body;  // at most limits::kResponseBodyBytesMax
  bool response_body_cut = false;
  std::string signatures;   // as signing::Signer makes them; see signing::SignatureKind
  int webhook_version = 0;  // the version of the webhook that was used
  bool fallback = false;    // it went to the webhook's fallback URL
  bool acknowledged() const { return outcome == AttemptOutcome::Response && http_status / 100 == 2; }
};

struct Delivery {
  DeliveryId id;
  EventId event;
  WebhookId webhook;
  DeliveryStatus status{};
  bool test = false;
  int attempts = 0;     // finished ones
  int round_start = 0;  // value of `attempts` when the current walk through the retry schedule began
  std::optional<WallTime> next_attempt_at;
  int http_status = 0;            // of the last attempt
  AttemptOutcome last_outcome{};  // of the last attempt; meaningless while attempts == 0
  bool fallback = false;          // its schedule at the webhook's URL is over; it goes to the fallback URL
  WallTime updated_at{};
  std::uint32_t order_key = 0;            // the event's
  std::optional<std::string> body;        // what is sent, where it is not the event's payload
  BodyType body_type{};                   // of what is sent
  std::optional<std::string> note;        // for people: what was odd about its making
  EndReason reason{};                     // of Failed and Canceled
  std::shared_ptr<const Actor> ended_by;  // who gave it up, or the webhook; null: nobody did, or it is not known
  std::string ended_because;              // Limehook's own words, where it gave the webhook up
};

}  // namespace limehook
