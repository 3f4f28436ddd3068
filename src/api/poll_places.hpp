#pragma once
// How far the store was searched for a webhook's next event, past the cursor that its receiver has. The cursor stays at
// the receiver's own events, so that it tells nothing of others'; without this, what others have sent since would be
// searched again with each request. It may be forgotten at any time. One thread.

#include <cstdint>
#include <unordered_map>

#include "model/webhook.hpp"

namespace limehook::api {

class PollPlaces {
 public:
  // From where to search for events behind `cursor`.
  std::int64_t examined_from(const Webhook& webhook, std::int64_t cursor) const {
    const auto found = places_.find(webhook.id);
    const bool same =
        found != places_.end() && found->second.version == webhook.version && found->second.cursor == cursor;
    return same ? found->second.position : cursor;
  }

  // Between `cursor` and `position` is nothing that this version of the webhook takes.
  void note(const Webhook& webhook, std::int64_t cursor, std::int64_t position) {
    constexpr std::size_t kPlacesMax = 100'000;
    if (places_.size() >= kPlacesMax && !places_.contains(webhook.id)) places_.clear();
    places_[webhook.id] = {webhook.version, cursor, position};
  }

 private:
  struct Place {
    int version;
    std::int64_t cursor;
    std::int64_t position;
  };
  std::unordered_map<WebhookId, Place> places_;
};

}  // namespace limehook::api
