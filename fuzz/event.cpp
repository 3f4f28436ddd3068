// Property: an accepted event is compact JSON that is accepted again as it is; a refused one names what is wrong.

#include "model/event.hpp"

#include "base/json_text.hpp"
#include "fuzz_input.hpp"
#include "model/number.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto draft = parse_event(fuzz::text_of(data, size));
  if (!draft) {
    check(!draft.error().empty(), "a refusal says why");
    for (const FieldError& error : draft.error()) {
      check(error.pointer.empty() || error.pointer.starts_with('/'), "what is wrong is named by a pointer");
      check(!error.detail.empty(), "and described");
      check(!json_problem(json_text::quote(error.pointer)) && !json_problem(json_text::quote(error.detail)),
            "in UTF-8 that can be shown");
    }
    return 0;
  }
  check(!json_problem(draft->payload) && draft->payload.starts_with('{'), "the payload is a JSON object");
  check(json_text::compact(draft->payload) == draft->payload, "the payload is compact");
  check(!is_operational(draft->type), "Limehook's own events are not taken");
  const auto again = parse_event(draft->payload);
  check(again && again->payload == draft->payload && again->type == draft->type, "what was accepted is accepted again");
  check(again->terms == draft->terms && again->order_key == draft->order_key, "with the same terms and order");
  check(search_terms(draft->payload) == draft->terms, "the log finds it by the same terms");
  return 0;
}
