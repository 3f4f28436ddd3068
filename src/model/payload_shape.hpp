#pragma once
// What a webhook makes of an event's payload before it is sent (spec, section 4).

#include <string>
#include <string_view>
#include <vector>

namespace limehook {

struct PayloadField {
  std::string from;  // dotted path into the payload
  std::string to;    // the member's name in what is sent
  bool operator==(const PayloadField&) const = default;
};

// No fields: the payload is sent as it was accepted.
struct PayloadShape {
  std::vector<PayloadField> fields;
  bool is_default() const { return fields.empty(); }
  bool operator==(const PayloadShape&) const = default;
};

// The body for `payload` (a compact JSON object): the picked members, renamed, in the shape's order, their
// values as written. Members that the payload lacks are left out.
std::string shape_payload(const PayloadShape& shape, std::string_view payload);

}  // namespace limehook
