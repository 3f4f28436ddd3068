#include "model/payload_shape_json.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

constexpr std::size_t kFieldNameBytesMax = 255;

// Adds one field after checking both its names, which stand at different places in the two forms.
void add_field(PayloadShape& shape, PayloadField field, const std::string& from_pointer, const std::string& to_pointer,
               FieldErrors& errors) {
  if (const auto problem = path_problem(field.from)) errors.push_back({from_pointer, *problem});
  if (field.to.empty() || field.to.size() > kFieldNameBytesMax) {
    errors.push_back({to_pointer, "must be a name of 1 to " + std::to_string(kFieldNameBytesMax) + " bytes"});
  } else if (std::ranges::find(shape.fields, field.to, &PayloadField::to) != shape.fields.end()) {
    errors.push_back({to_pointer, "names a member that is already in the payload"});
  }
  shape.fields.push_back(std::move(field));
}

void read_list_item(PayloadShape& shape, const json::value& item, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 2> kMembers{"field", "as"};
  if (const auto path = text_in(item)) {
    add_field(shape, {std::string(*path), std::string(*path)}, pointer, pointer, errors);
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
    add_field(shape, {std::string(*from), std::string(*to)}, pointer + "/field", pointer + "/as", errors);
  }
}

void read_fields(PayloadShape& shape, const json::value& fields, const std::string& pointer, FieldErrors& errors) {
  const auto* list = fields.if_array();
  const auto* object = fields.if_object();
  const auto count = list != nullptr ? list->size() : object != nullptr ? object->size() : 0;
  if (count == 0 || count > limits::kPayloadFieldsMax) {
    errors.push_back({pointer, "must be a list of 1 to " + std::to_string(limits::kPayloadFieldsMax) +
                                   " members, or an object of new names and members"});
    return;
  }
  if (list != nullptr) {
    for (std::size_t i = 0; i < list->size(); ++i) read_list_item(shape, (*list)[i], pointer + step(i), errors);
    return;
  }
  for (const auto& [name, path] : *object) {
    const auto here = pointer + step(std::string_view(name.data(), name.size()));
    const auto text = text_in(path);
    if (!text) {
      errors.push_back({here, "must be a string: the path of a member"});
      continue;
    }
    add_field(shape, {std::string(*text), std::string(name.data(), name.size())}, here, here, errors);
  }
}

}  // namespace

PayloadShape read_payload_shape(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  static constexpr std::array<std::string_view, 3> kMembers{"fields", "template", "preset"};
  PayloadShape shape;
  const auto* object = value.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, R"(must be an object with "fields", or null)"});
    return shape;
  }
  report_unknown(*object, kMembers, pointer, errors);
  for (const auto* name : {"template", "preset"}) {
    const auto* member = object->if_contains(name);
    if (member != nullptr && !member->is_null()) {
      errors.push_back({pointer + step(name), "is not supported by this version"});
    }
  }
  const auto* fields = object->if_contains("fields");
  if (fields != nullptr && !fields->is_null()) read_fields(shape, *fields, pointer + "/fields", errors);
  return shape;
}

json::value payload_shape_to_json(const PayloadShape& shape) {
  if (shape.is_default()) return nullptr;
  const bool renamed = std::ranges::any_of(shape.fields, [](const PayloadField& f) { return f.from != f.to; });
  if (renamed) {
    json::object fields;
    for (const auto& field : shape.fields) fields[field.to] = field.from;
    return json::object{{"fields", std::move(fields)}};
  }
  json::array fields;
  for (const auto& field : shape.fields) fields.push_back(json::string(field.from));
  return json::object{{"fields", std::move(fields)}};
}

}  // namespace limehook
