// Input: a payload setting, a line, an event. Property: whatever a setting makes of an event is a valid body of its
// kind, and not larger than bodies may be.

#include "model/payload_shape.hpp"

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "model/payload_shape_json.hpp"
#include "model/verbatim_json.hpp"

using namespace limehook;
using fuzz::check;

namespace {

bool is_form(std::string_view body) {
  return body.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*+%&=~") ==
         std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto event_text = fuzz::text_of(data, size);
  const auto setting = fuzz::take_line(event_text);
  if (json_problem(setting)) return 0;
  const auto draft = parse_event(event_text, kAllEventTypes);
  if (!draft) return 0;
  FieldErrors errors;
  const auto json = json_text::compact(setting);
  const PayloadShape shape = read_payload_shape(json, "/payload", errors);
  for (const FieldError& error : errors) check(error.pointer.starts_with("/payload"), "errors are in the setting");
  if (!errors.empty()) return 0;
  FieldErrors none;
  const auto stored = serialize_verbatim(payload_shape_to_json(shape));  // null: as events are
  const PayloadShape back = stored == "null" ? PayloadShape{} : read_payload_shape(stored, "", none);
  check(back == shape && none.empty(), "it can be stored");
  const Event event{EventId{1}, draft->type, draft->team_id, from_us(1'738'249'200'000'000), draft->payload};
  const ShapedPayload shaped = shape_payload(shape, event);
  const auto& body = shaped.body ? *shaped.body : event.payload;
  // A form writes up to three bytes for each of JSON's.
  check(body.size() <= 3 * limits::kShapedBytesMax, "a body has its limit");
  if (shaped.body_type == BodyType::Form) check(is_form(body), "a form is percent-encoded");
  else check(!json_problem(body) && body.size() <= limits::kShapedBytesMax, "a body is JSON within its limit");
  return 0;
}
