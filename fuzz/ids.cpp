// Property: an id or a cursor that is read is written back as it was.

#include "base/ids.hpp"

#include "api/call.hpp"
#include "fuzz_input.hpp"

using namespace limehook;
using fuzz::check;

namespace {

template <class... Ids>
void check_ids(std::string_view text) {
  const auto check_one = [&](const auto& id) { check(!id || id->str() == text, "an id has one text only"); };
  (check_one(Ids::parse(text)), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_ids<EventId, WebhookId, DeliveryId, KeyId, NumberId, RecoveryId, UserId, SessionId, LinkId, AuditId>(text);
  if (const auto cursor = decode_id("cur_", text)) check(*cursor > 0, "what a bare cursor says is an id");
  static const api::CursorSeal seal("key");
  check(!seal.open("list", text), "nobody makes a cursor up");
  if (text.size() <= 128 && !text.empty())
    check(seal.open("list", seal.seal("list", text)) == text, "a cursor is read as written");
  if (const auto id = EventId::parse(text)) format_rfc3339(id_time(id->value));
  return 0;
}
