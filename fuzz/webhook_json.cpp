// Property: a webhook that is accepted is the same after it was stored and read; a refused one names what is wrong.

#include "model/webhook_json.hpp"

#include "base/json_text.hpp"
#include "fuzz_input.hpp"
#include "model/verbatim_json.hpp"

using namespace limehook;
using fuzz::check;

namespace {

void check_errors(const FieldErrors& errors) {
  for (const FieldError& error : errors) {
    check(error.pointer.empty() || error.pointer.starts_with('/'), "what is wrong is named by a pointer");
    check(!error.detail.empty() && !json_problem(json_text::quote(error.detail)), "and described, in UTF-8");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (json_problem(text)) return 0;
  Webhook webhook;
  const auto errors = apply_webhook_json(webhook, text, {.allow_http = true});
  check_errors(errors);
  if (!errors.empty()) return 0;
  check_errors(required_problems(webhook));
  webhook.id = WebhookId{1};
  if (!webhook.enabled) webhook.disabled_at = webhook.updated_at;
  const auto stored = webhook_to_stored_json(webhook);
  const auto secrets = boost::json::serialize(webhook_secrets_to_json(webhook));
  Webhook read = webhook_from_stored_json(stored);
  read.id = webhook.id;
  take_stored_secrets(read, boost::json::parse(secrets).as_object());
  check(read == webhook, "a webhook is the same after it was stored");
  check(!json_problem(serialize_verbatim(webhook_to_json(webhook))), "a webhook can be shown");
  return 0;
}
