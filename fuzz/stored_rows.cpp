// Property: whatever JSON stands in the place of a stored webhook or user, reading it gives a value or throws an error.

#include <boost/json.hpp>

#include "base/limits.hpp"
#include "fuzz_input.hpp"
#include "model/event.hpp"
#include "model/user.hpp"
#include "model/webhook_json.hpp"

using namespace limehook;

namespace {

template <class Read>
void try_reading(Read read) {
  try {
    read();
  } catch (const std::exception&) {
    // The store says that its file is damaged.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (json_problem(text)) return 0;
  const auto json = boost::json::parse({text.data(), text.size()}, {}, {.max_depth = limits::kJsonDepthMax});
  if (!json.is_object()) return 0;
  const auto& object = json.get_object();
  try_reading([&] {
    Webhook webhook = webhook_from_stored_json(text);
    take_stored_secrets(webhook, object);
    webhook_to_json(webhook);
    if (webhook.filter) passes(*webhook.filter, R"({"a":{"b":[1,"x"]},"c":null})");
  });
  try_reading([&] { user_to_stored_json(user_from_stored_json(object, object)); });
  return 0;
}
