#include "runtime/event_watch.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/limits.hpp"

namespace limehook::runtime {

std::unique_ptr<EventWatch> EventWatches::open(asio::io_context& io, WebhookId webhook) {
  const bool full =
      watches_.size() >= limits::kPollWaitersMax || watches_.count(webhook) >= limits::kPollWaitersPerWebhookMax;
  if (full) return nullptr;
  auto watch = std::make_unique<EventWatch>(io, shared_from_this(), webhook);
  watches_.emplace(webhook, watch.get());
  return watch;
}

void EventWatches::leave(EventWatch& watch) {
  const auto [first, last] = watches_.equal_range(watch.webhook_);
  for (auto entry = first; entry != last; ++entry) {
    if (entry->second != &watch) continue;
    watches_.erase(entry);
    break;
  }
  if (scheduler_ && !watches_.contains(watch.webhook_)) scheduler_->unwatch(watch.webhook_);
}

void EventWatches::wake(WebhookId webhook) {
  const auto [first, last] = watches_.equal_range(webhook);
  for (auto entry = first; entry != last; ++entry) entry->second->wake();
}

void EventWatches::close() {
  scheduler_ = nullptr;
  for (const auto& [webhook, watch] : watches_) watch->wake();
}

void EventWatch::arm() {
  woken_ = false;
  if (watches_->scheduler_) watches_->scheduler_->watch(webhook_);
}

void EventWatch::wake() {
  woken_ = true;
  timer_.cancel();
}

asio::awaitable<bool> EventWatch::wait_until(std::chrono::steady_clock::time_point deadline) {
  timer_.expires_at(deadline);
  // A wake-up that came before the wait has nothing to cancel.
  if (!woken_ && watches_->scheduler_) co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return woken_ && watches_->scheduler_ != nullptr;
}

}  // namespace limehook::runtime
