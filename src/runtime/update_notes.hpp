#pragma once
// What a commit has changed, for those who listen.

#include <functional>
#include <string_view>

#include "base/ids.hpp"
#include "runtime/directory.hpp"
#include "runtime/update_feed.hpp"
#include "store/records.hpp"

namespace limehook::runtime {

// Answers a webhook's team, also of a deleted one; valid until the next change.
using TeamOfWebhook = std::function<std::string_view(WebhookId webhook)>;

// Notes what a committed batch changes. `directory` and `team_of` must not have followed yet: whose thing it was that
// is removed, they know. That keys and sessions were used is no change.
void note_stored(UpdateFeed& feed, const store::WriteBatch& batch, const Directory& directory,
                 const TeamOfWebhook& team_of);

}  // namespace limehook::runtime
