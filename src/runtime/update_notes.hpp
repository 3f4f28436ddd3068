#pragma once
// What a commit changes, for those who listen.

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.hpp"
#include "runtime/directory.hpp"
#include "runtime/update_feed.hpp"
#include "store/records.hpp"

namespace limehook::runtime {

// Kinds of things with the teams whose things they are; "": the installation's.
using UpdateNotes = std::set<std::pair<UpdateKind, std::string>>;

// Answers a webhook's team, also of a deleted one; valid until the next change.
using TeamOfWebhook = std::function<std::string_view(WebhookId webhook)>;

// What `batch` changes once it is committed. `directory` and `team_of` must not have followed yet: whose thing it was
// that is removed, they know. That keys and sessions were used is no change.
UpdateNotes notes_of(const store::WriteBatch& batch, const Directory& directory, const TeamOfWebhook& team_of);

}  // namespace limehook::runtime
