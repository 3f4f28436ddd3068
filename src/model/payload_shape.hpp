#pragma once
// What a webhook makes of an event's payload before it is sent (spec, section 4; for users: docs/payloads.md).

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/delivery.hpp"
#include "model/event.hpp"
#include "model/payload_preset.hpp"
#include "model/payload_template.hpp"

namespace limehook {

struct PayloadField {
  std::string from;  // dotted path into the payload
  std::string to;    // the member's name in what is sent
  bool operator==(const PayloadField&) const = default;
};
using PayloadFields = std::vector<PayloadField>;
using AsAccepted = std::monostate;

struct PayloadShape {
  std::variant<AsAccepted, PayloadFields, PayloadTemplate, PayloadPreset> content;
  bool form = false;  // sent as form fields, not as JSON; the content is an object
  bool is_default() const { return std::holds_alternative<AsAccepted>(content) && !form; }
  bool operator==(const PayloadShape&) const = default;
};

struct ShapedPayload {
  std::optional<std::string> body;  // nothing: the event's payload as it was accepted
  BodyType body_type{};
  std::optional<std::string> note;  // for people: members that the event lacks, or that had to be left out
};

// What is to be sent for `event`. Picked members come in the shape's order, their values as written; those that the
// payload lacks are left out.
ShapedPayload shape_payload(const PayloadShape& shape, const Event& event);

}  // namespace limehook
