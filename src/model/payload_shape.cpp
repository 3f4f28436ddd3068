#include "model/payload_shape.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/payload_note.hpp"
#include "model/percent_encoding.hpp"

namespace limehook {
namespace {

// Adds `piece`, or its name to what is too large.
void add_within_limit(std::string& out, std::string_view piece, std::string_view name, PayloadNotes& notes) {
  if (out.size() + piece.size() < limits::kShapedBytesMax) {
    out += piece;
  } else {
    notes.too_large.push_back(name);
  }
}

std::string pick(const PayloadFields& fields, std::string_view payload, PayloadNotes& notes) {
  std::string out = "{";
  for (const auto& field : fields) {
    const auto value = json_text::find(payload, field.from);
    if (!value) continue;
    std::string member = out.size() > 1 ? "," : "";
    json_text::append_quoted(member, field.to);
    member += ':';
    member += *value;
    add_within_limit(out, member, field.from, notes);
  }
  return out + '}';
}

// A name or value of a form (URL Standard, section 5.2).
std::string form_text(std::string_view text) {
  std::string out = percent_encoded(text, "*-._ ");
  std::ranges::replace(out, ' ', '+');
  return out;
}

// The members of a compact object as form fields: strings as they are, null as nothing, all else as its JSON text.
std::string form_of(std::string_view object, PayloadNotes& notes) {
  std::string out;
  json_text::each_member(object, [&](std::string_view raw_key, std::string_view value) {
    const auto text = json_text::string_value(value);
    std::string field = out.empty() ? "" : "&";
    field += form_text(*json_text::string_value('"' + std::string(raw_key) + '"')) + '=';
    if (value != "null") field += form_text(text ? *text : value);
    add_within_limit(out, field, raw_key, notes);
    return true;
  });
  return out;
}

struct JsonOf {
  const Event& event;
  PayloadNotes& notes;
  std::string operator()(const AsAccepted&) const { return event.payload; }
  std::string operator()(const PayloadFields& fields) const { return pick(fields, event.payload, notes); }
  std::string operator()(const PayloadTemplate& body_template) const { return render(body_template, event, notes); }
  std::string operator()(PayloadPreset preset) const { return render(preset, event); }
};

}  // namespace

ShapedPayload shape_payload(const PayloadShape& shape, const Event& event) {
  if (shape.is_default()) return {};
  PayloadNotes notes;
  std::string json = std::visit(JsonOf{event, notes}, shape.content);
  if (shape.form) {
    std::string form = form_of(json, notes);
    return {std::move(form), BodyType::Form, notes.text()};
  }
  const auto* preset = std::get_if<PayloadPreset>(&shape.content);
  const bool cloud_event = preset != nullptr && *preset == PayloadPreset::CloudEvents;
  return {std::move(json), cloud_event ? BodyType::CloudEvents : BodyType::Json, notes.text()};
}

}  // namespace limehook
