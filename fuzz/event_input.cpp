// Property: `limehook send` makes batches that hold each event of its input once, in order, within the route's limits.

#include "app/event_input.hpp"

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "model/event.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto events = app::split_events(fuzz::text_of(data, size));
  if (!events) {
    check(!events.error().empty(), "a refusal says why");
    return 0;
  }
  check(!events->empty(), "no error means that there are events");
  for (const auto& event : *events) check(!json_problem(event), "each event is JSON");
  std::vector<std::string> found;
  for (const auto& batch : app::make_batches(*events)) {
    check(!json_problem(batch), "a batch is JSON");
    const auto before = found.size();
    json_text::each_element(batch, [&](std::string_view event) {
      found.emplace_back(event);
      return true;
    });
    check(found.size() - before <= limits::kBatchEventsMax, "a batch has not too many events");
    check(batch.size() <= limits::kBatchBytesMax || found.size() - before == 1, "a batch is not too large");
  }
  check(found == *events, "all events are in the batches, in order");
  return 0;
}
