#include "model/payload_shape.hpp"

#include "base/json_text.hpp"

namespace limehook {

std::string shape_payload(const PayloadShape& shape, std::string_view payload) {
  if (shape.is_default()) return std::string(payload);
  std::string out = "{";
  for (const auto& field : shape.fields) {
    const auto value = json_text::find(payload, field.from);
    if (!value) continue;
    if (out.size() > 1) out += ',';
    out += json_text::quote(field.to);
    out += ':';
    out += *value;
  }
  return out + '}';
}

}  // namespace limehook
