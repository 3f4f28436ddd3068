#pragma once
// The audit log: who changed what, when and from where. It is written in the transaction of the change itself, so that
// neither is there without the other.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace limehook {

// The numbers are stored; never reuse one.
enum class ActorKind : std::uint8_t {
  Nobody = 0,  // someone who has not proved who they are
  Key = 1,
  User = 2,
  Portal = 3,
  Limehook = 4,  // the product itself
};

constexpr std::string_view name_of(ActorKind kind) {
  constexpr std::array<std::string_view, 5> kNames{"nobody", "key", "user", "portal", "limehook"};
  return kNames[static_cast<std::size_t>(kind)];
}

// Who did something, as the audit log names them.
struct Actor {
  ActorKind kind{};
  std::string id;    // of the key, user or session; empty where there is none
  std::string name;  // at that time
  bool operator==(const Actor&) const = default;
};

struct AuditEntry {
  AuditId id;  // its time is when it happened
  ActorKind actor_kind{};
  std::string actor_id;    // of the key, user or session; empty where there is none
  std::string actor_name;  // at that time
  std::string client_address;
  std::string team_id;  // whose thing it is; empty: the installation's
  std::string action;   // "webhook.updated"
  std::string target;   // the id of what was changed
  std::string target_name;
  std::string before;  // JSON object: the changed members, secrets masked; empty: it was not there
  std::string after;   // likewise; empty: it is not there any more
  bool operator==(const AuditEntry&) const = default;

  Actor actor() const { return {actor_kind, actor_id, actor_name}; }
};

}  // namespace limehook
