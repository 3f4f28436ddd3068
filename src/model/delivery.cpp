#include "model/delivery.hpp"

#include <algorithm>

namespace limehook {
namespace {

// In the order of the enumerators. Public words: never change one.
constexpr std::array<std::string_view, kAttemptOutcomeCount> kOutcomeNames{
    "response",        "name_not_resolved", "address_refused", "connect_failed", "tls_failed",   "timeout",
    "connection_lost", "bad_response",      "internal",        "held_back",      "oauth_failed",
};

constexpr std::array<std::string_view, kEndReasonCount> kReasonNames{
    "",        "exhausted",       "refused_by_policy", "held_too_long",
    "gone",    "webhook_deleted", "webhook_disabled",  "webhook_polled",
    "skipped", "interrupted",
};

}  // namespace

std::optional<DeliveryStatus> delivery_status_named(std::string_view name) {
  for (const auto& info : kDeliveryStatuses) {
    if (info.name == name) return info.status;
  }
  return std::nullopt;
}

std::string_view content_type_of(BodyType type) {
  switch (type) {
    case BodyType::Json:
      return "application/json";
    case BodyType::CloudEvents:
      return "application/cloudevents+json; charset=UTF-8";
    case BodyType::Form:
      return "application/x-www-form-urlencoded";
  }
  return "application/json";
}

std::string_view name_of(EndReason reason) { return kReasonNames[static_cast<std::size_t>(reason)]; }

std::string_view name_of(AttemptOutcome outcome) { return kOutcomeNames[static_cast<std::size_t>(outcome)]; }

std::optional<AttemptOutcome> attempt_outcome_named(std::string_view name) {
  const auto* const found = std::ranges::find(kOutcomeNames, name);
  if (found == kOutcomeNames.end()) return std::nullopt;
  return static_cast<AttemptOutcome>(found - kOutcomeNames.begin());
}

}  // namespace limehook
