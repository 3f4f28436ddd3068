#pragma once
// Identifiers. Inside the product an id is one 64-bit number that sorts by creation time, so that it can be
// the primary key of an append-only table and a time range is a key range. Outside it is an opaque string
// with the prefix of its kind (spec, section 1): 13 digits of Crockford's base 32, which sort the same way.
//
//   bit 63      62..22                 21..14      13..0
//   0           ms since 2020-01-01    partition   counter within the millisecond
//
// A partition has one owner at a time, so two nodes never make the same id.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace limehook {

std::string encode_id(std::string_view prefix, std::int64_t value);
// Nothing unless `text` is exactly what encode_id makes for `prefix`.
std::optional<std::int64_t> decode_id(std::string_view prefix, std::string_view text);

template <class Tag>
struct Id {
  std::int64_t value = 0;  // 0 = no id

  static std::optional<Id> parse(std::string_view text) {
    const auto v = decode_id(Tag::kPrefix, text);
    return v ? std::optional<Id>(Id{*v}) : std::nullopt;
  }
  std::string str() const { return encode_id(Tag::kPrefix, value); }
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;
};

struct EventTag {
  static constexpr std::string_view kPrefix = "evt_";
};
struct WebhookTag {
  static constexpr std::string_view kPrefix = "wh_";
};
struct DeliveryTag {
  static constexpr std::string_view kPrefix = "dlv_";
};
struct KeyTag {
  static constexpr std::string_view kPrefix = "key_";
};
struct NumberTag {
  static constexpr std::string_view kPrefix = "num_";
};
struct RecoveryTag {
  static constexpr std::string_view kPrefix = "rec_";
};
struct UserTag {
  static constexpr std::string_view kPrefix = "usr_";
};
struct SessionTag {
  static constexpr std::string_view kPrefix = "ses_";
};
struct LinkTag {
  static constexpr std::string_view kPrefix = "lnk_";
};
struct AuditTag {
  static constexpr std::string_view kPrefix = "aud_";
};

using EventId = Id<EventTag>;
using WebhookId = Id<WebhookTag>;
using DeliveryId = Id<DeliveryTag>;
using KeyId = Id<KeyTag>;
using NumberId = Id<NumberTag>;
using RecoveryId = Id<RecoveryTag>;
using UserId = Id<UserTag>;
using SessionId = Id<SessionTag>;
using LinkId = Id<LinkTag>;
using AuditId = Id<AuditTag>;

// Public name of one attempt: the delivery's digits and the attempt's number.
std::string attempt_id(DeliveryId delivery, int number);

// The smallest id that can be made at `at`; ids made earlier are smaller.
std::int64_t first_id_at(WallTime at);
// When an id was made, to the millisecond.
WallTime id_time(std::int64_t id);

// Makes ids that only grow, also when the wall clock steps back. More ids in one millisecond than its counter holds
// spill into the following milliseconds, so ids ascend but need not be consecutive. One owner, one thread.
class IdGenerator {
 public:
  // `last`: the largest id already used in this partition, 0 for none.
  explicit IdGenerator(std::int64_t last = 0, int partition = 0);
  std::int64_t next(WallTime now);

 private:
  std::int64_t last_;
  int partition_;
};

}  // namespace limehook

template <class Tag>
struct std::hash<limehook::Id<Tag>> {
  std::size_t operator()(const limehook::Id<Tag>& id) const noexcept {
    // Ids differ mostly in their low bits; spread them (Fibonacci hashing).
    return static_cast<std::size_t>(static_cast<std::uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL >> 7);
  }
};
