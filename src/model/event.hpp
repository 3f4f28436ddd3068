#pragma once
// Events and their types (spec, section 3).

#include <array>
#include <bitset>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_error.hpp"
#include "base/ids.hpp"

namespace limehook {

// The numbers are stored; never reuse one.
enum class EventType : std::uint8_t {
  MissedCall = 0,
  CallCompleted = 1,
  VoicemailReceived = 2,
  SmsReceived = 3,
  CallStatusUpdate = 4,
  IncomingCall = 5,
  SmsSent = 6,
  // Operational: Limehook's own, about the webhooks of a team. Callers cannot send them.
  WebhookDisabled = 7,
  WebhookFailing = 8,
  WebhookRecovered = 9,
  DeliveryExhausted = 10,
};
inline constexpr std::size_t kEventTypeCount = 11;
inline constexpr std::size_t kPhoneEventTypeCount = 7;
constexpr bool is_operational(EventType type) { return static_cast<std::size_t>(type) >= kPhoneEventTypeCount; }
using EventTypeSet = std::bitset<kEventTypeCount>;
inline constexpr EventTypeSet kPhoneEventTypes{(1U << kPhoneEventTypeCount) - 1};
inline constexpr EventTypeSet kAllEventTypes{(1U << kEventTypeCount) - 1};

struct EventTypeInfo {
  EventType type;
  std::string_view name;
  std::string_view description;
  std::string_view sample;  // compact JSON payload, with the sample values of the spec
};
// In the order of the enumerators.
const std::array<EventTypeInfo, kEventTypeCount>& event_types();
std::string_view name_of(EventType type);
std::optional<EventType> event_type_named(std::string_view name);

// An event as it was accepted. Immutable.
struct Event {
  EventId id;
  EventType type{};
  std::string team_id;  // empty: no team could be found
  WallTime received_at{};
  std::string payload;  // compact JSON object
  bool test = false;    // made by the test route
};

// An event on its way in: checked, not yet accepted.
struct EventDraft {
  EventType type{};
  std::string team_id;
  std::string payload;               // compact JSON object
  std::vector<std::string> numbers;  // the platform's own numbers it belongs to: see event_parser.cpp
  std::vector<std::string> terms;    // what the log's search finds it by: numbers, call id, message id
  std::uint32_t order_key = 0;       // equal for events of one call, and for texts between the same two numbers
  std::string idempotency_key;       // empty: none
  std::string fingerprint;           // of the payload, where there is a key (store/idempotency.hpp)
};

// Checks one event against its type's members (spec, section 3) and brings it to its delivered form. The text
// may be any bytes. Errors name the field; an empty pointer is the event as a whole.
// `types` are those that are expected; the message about any other lists them.
std::expected<EventDraft, FieldErrors> parse_event(std::string_view json, EventTypeSet types = kPhoneEventTypes);

// The terms parse_event would find for an accepted payload.
std::vector<std::string> search_terms(std::string_view compact_payload);

// What is wrong with `text` as an E.164 number; nothing when it is one.
std::optional<std::string> number_problem(std::string_view text);

// What is wrong with `text` as JSON (RFC 8259, UTF-8, limited depth); nothing when it is valid. The second says where
// as well: at the value that cannot be read, or the one around it.
std::optional<std::string> json_problem(std::string_view text);
std::optional<FieldError> json_error(std::string_view text);

// The members of objects, however deep in compact JSON, whose name has come before in the same object; the first ten.
FieldErrors repeated_members(std::string_view compact);

}  // namespace limehook
