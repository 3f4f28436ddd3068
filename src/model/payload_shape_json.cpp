#include "model/payload_shape_json.hpp"

#include <algorithm>
#include <array>

#include "base/characters.hpp"
#include "base/limits.hpp"
#include "model/json_read.hpp"
#include "model/payload_template_json.hpp"
#include "model/verbatim_json.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

constexpr std::size_t kFieldNameCharactersMax = 255;

// Adds one field after checking both its names, which stand at different places in the two forms.
void add_field(PayloadFields& fields, PayloadField field, const std::string& from_pointer,
               const std::string& to_pointer, FieldErrors& errors) {
  if (const auto problem = path_problem(field.from)) errors.push_back({from_pointer, *problem});
  if (field.to.empty() || characters_in(field.to) > kFieldNameCharactersMax) {
    errors.push_back({to_pointer, "must be a name of 1 to " + std::to_string(kFieldNameCharactersMax) + " characters"});
  } else if (std::ranges::find(fields, field.to, &PayloadField::to) != fields.end()) {
    errors.push_back({to_pointer, "names a member that is already in the payload"});
  }
  fields.push_back(std::move(field));
}

void read_list_item(PayloadFields& fields, const json::value& item, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 2> kMembers{"field", "as"};
  if (const auto path = text_in(item)) {
    add_field(fields, {std::string(*path), std::string(*path)}, pointer, pointer, errors);
    return;
  }
  const auto* object = item.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, R"(must be a member's name or an object with "field" and "as")"});
    return;
  }
  report_unknown(*object, kMembers, pointer, errors);
  const auto* field = object->if_contains("field");
  const auto* as = object->if_contains("as");
  const auto from = field != nullptr ? text_in(*field) : std::nullopt;
  const auto to = as != nullptr && !as->is_null() ? text_in(*as) : from;
  if (!from) errors.push_back({pointer + "/field", field == nullptr ? "is required" : "must be a string"});
  if (as != nullptr && !as->is_null() && !to) errors.push_back({pointer + "/as", "must be a string"});
  if (from && to) {
    add_field(fields, {std::string(*from), std::string(*to)}, pointer + "/field", pointer + "/as", errors);
  }
}

PayloadFields read_fields(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  PayloadFields fields;
  const auto* list = value.if_array();
  const auto* object = value.if_object();
  const auto count = list != nullptr ? list->size() : object != nullptr ? object->size() : 0;
  if (count == 0 || count > limits::kPayloadFieldsMax) {
    errors.push_back({pointer, "must be a list of 1 to " + std::to_string(limits::kPayloadFieldsMax) +
                                   " members, or an object of new names and members"});
    return fields;
  }
  if (list != nullptr) {
    for (std::size_t i = 0; i < list->size(); ++i) read_list_item(fields, (*list)[i], pointer + step(i), errors);
    return fields;
  }
  for (const auto& [name, path] : *object) {
    const auto here = pointer + step(std::string_view(name.data(), name.size()));
    const auto text = text_in(path);
    if (!text) {
      errors.push_back({here, "must be a string: the path of a member"});
      continue;
    }
    add_field(fields, {std::string(*text), std::string(name.data(), name.size())}, here, here, errors);
  }
  return fields;
}

PayloadPreset read_preset(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  const auto name = text_in(value);
  const auto* found = name ? std::ranges::find(kPresetNames, *name) : kPresetNames.end();
  if (found != kPresetNames.end()) return static_cast<PayloadPreset>(found - kPresetNames.begin());
  errors.push_back({pointer, "must be slack, discord, teams or cloudevents"});
  return {};
}

// Whether the body is to be form fields.
bool read_content_type(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  const auto name = text_in(value);
  const bool form = name == content_type_of(BodyType::Form);
  if (!form && name != content_type_of(BodyType::Json)) {
    errors.push_back({pointer, R"(must be "application/json" or "application/x-www-form-urlencoded")"});
  }
  return form;
}

json::value fields_to_json(const PayloadFields& fields) {
  if (std::ranges::any_of(fields, [](const PayloadField& f) { return f.from != f.to; })) {
    json::object renamed;
    for (const auto& field : fields) renamed[field.to] = field.from;
    return renamed;
  }
  json::array names;
  for (const auto& field : fields) names.push_back(json::string(field.from));
  return names;
}

}  // namespace

PayloadShape read_payload_shape(std::string_view text, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 4> kMembers{"fields", "template", "preset", "content_type"};
  PayloadShape shape;
  const json::value value = json::parse({text.data(), text.size()});
  const auto* object = value.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, R"(must be an object with "fields", "template" or "preset", or null)"});
    return shape;
  }
  report_unknown(*object, kMembers, pointer, errors);
  const auto given = [&](std::string_view name) -> const json::value* {
    const auto* member = object->if_contains(name);
    if (member == nullptr || !member->is_null()) return member;
    // Who has nothing to pick must not send everything.
    errors.push_back({pointer + step(name), "must not be null; leave it out"});
    return nullptr;
  };
  const auto *fields = given("fields"), *body_template = given("template"), *preset = given("preset");
  if ((fields != nullptr) + (body_template != nullptr) + (preset != nullptr) > 1) {
    errors.push_back({pointer, "must have only one of fields, template and preset"});
    return shape;
  }
  if (fields != nullptr) shape.content = read_fields(*fields, pointer + "/fields", errors);
  if (body_template != nullptr) {
    shape.content = compile_template(*json_text::find(text, "template"), pointer + "/template", errors);
  }
  if (preset != nullptr) shape.content = read_preset(*preset, pointer + "/preset", errors);
  const auto* content_type = given("content_type");
  if (content_type == nullptr) return shape;
  shape.form = read_content_type(*content_type, pointer + "/content_type", errors);
  if (shape.form && body_template != nullptr && !body_template->is_object()) {
    errors.push_back({pointer + "/template", "must be an object, whose members become the form's fields"});
  }
  if (shape.form && preset != nullptr) {
    errors.push_back({pointer + "/content_type", "cannot be chosen for a preset, which has its own"});
  }
  return shape;
}

json::value payload_shape_to_json(const PayloadShape& shape) {
  if (shape.is_default()) return nullptr;
  json::object out;
  if (const auto* fields = std::get_if<PayloadFields>(&shape.content)) out["fields"] = fields_to_json(*fields);
  if (const auto* body_template = std::get_if<PayloadTemplate>(&shape.content)) {
    out["template"] = verbatim(body_template->source);
  }
  if (const auto* preset = std::get_if<PayloadPreset>(&shape.content)) {
    out["preset"] = kPresetNames[static_cast<std::size_t>(*preset)];
  }
  if (shape.form) out["content_type"] = content_type_of(BodyType::Form);
  return out;
}

}  // namespace limehook
