#pragma once
// What the API shows of events, deliveries, attempts and recoveries (api/openapi.yaml). Each function writes members
// into an object that is open in `out`.

#include <string>
#include <string_view>

#include "api/json_writer.hpp"
#include "model/recovery.hpp"
#include "store/store.hpp"

namespace limehook::api {

JsonWriter& write_event(JsonWriter& out, const Event& event);
// Leaves out who of the installation's own people and keys gave the delivery up: for callers who are a team's
// customers.
void leave_out_names(Delivery& delivery);
// `event` is the delivery's.
JsonWriter& write_delivery(JsonWriter& out, const Delivery& delivery, const Event& event);
JsonWriter& write_delivery(JsonWriter& out, const store::DeliveryRow& row);
// The member `payload`: JSON as it is, a form as a string.
JsonWriter& write_payload(JsonWriter& out, std::string_view body, BodyType type);
// With payload and attempts. `version` is Limehook's, as the User-Agent had it.
JsonWriter& write_delivery_detail(JsonWriter& out, const store::DeliveryDetail& detail, std::string_view version);
JsonWriter& write_recovery(JsonWriter& out, const Recovery& recovery);
// status, headers and body of a response.
JsonWriter& write_response(JsonWriter& out, const Attempt& attempt);

// Why an attempt failed, in words; empty when it was acknowledged.
std::string failure_text(const Attempt& attempt);
std::string_view name_of(Recovery::Kind kind);
std::string_view name_of(Recovery::State state);

// `bytes` as valid UTF-8: what is not becomes U+FFFD.
std::string to_utf8(std::string_view bytes);

}  // namespace limehook::api
