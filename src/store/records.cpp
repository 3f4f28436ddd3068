#include "store/records.hpp"

namespace limehook::store {

bool WriteBatch::empty() const {
  return std::apply([](const auto&... parts) { return (parts.empty() && ...); }, parts_of(*this));
}

OpenDelivery open_delivery_of(const Delivery& delivery, EventType type) {
  return {.id = delivery.id,
          .event = delivery.event,
          .webhook = delivery.webhook,
          .type = type,
          .status = delivery.status,
          .test = delivery.test,
          .attempts = delivery.attempts,
          .round_start = delivery.round_start,
          .next_attempt_at = delivery.next_attempt_at,
          .http_status = delivery.http_status,
          .last_outcome = delivery.last_outcome,
          .fallback = delivery.fallback,
          .order_key = delivery.order_key,
          .body_type = delivery.body_type,
          .reason = delivery.reason,
          .updated_at = delivery.updated_at};
}

}  // namespace limehook::store
