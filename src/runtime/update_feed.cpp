#include "runtime/update_feed.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace limehook::runtime {

std::unique_ptr<UpdateListener> UpdateFeed::open(UpdateScope scope) {
  if (closed_ || size_ >= limits::kUpdateStreamsMax) return nullptr;
  if (callers_[scope.caller] >= limits::kUpdateStreamsPerCallerMax) return nullptr;
  ++callers_[scope.caller];
  ++size_;
  auto& group = groups_[scope.team];
  if (!group) group = std::make_shared<Group>(io_);
  auto listener = std::make_unique<UpdateListener>(io_, shared_from_this(), std::move(scope));
  group->listeners.insert(listener.get());
  return listener;
}

void UpdateFeed::leave(UpdateListener& listener) {
  const auto& scope = listener.scope_;
  --size_;
  if (const auto caller = callers_.find(scope.caller); --caller->second == 0) callers_.erase(caller);
  const auto group = groups_.find(scope.team);
  group->second->listeners.erase(&listener);
  if (group->second->listeners.empty()) groups_.erase(group);
}

void UpdateFeed::note(UpdateKind kind, std::string_view team) {
  if (groups_.empty()) return;
  if (const auto all = groups_.find(std::nullopt); all != groups_.end()) note(all->second, kind);
  if (team.empty()) return;
  if (const auto own = groups_.find(team); own != groups_.end()) note(own->second, kind);
}

void UpdateFeed::note(const std::shared_ptr<Group>& group, UpdateKind kind) {
  if (group->noted.has(kind)) return;
  const bool due = !group->noted.empty();
  group->noted.add(kind);
  if (due) return;
  group->timer.expires_at(std::max(Clock::now() + pace_.gather, group->told_at + pace_.interval));
  // The handler may run when the group, or the feed, is gone.
  group->timer.async_wait([group](const boost::system::error_code& error) {
    if (!error) tell(*group);
  });
}

void UpdateFeed::tell(Group& group) {
  group.told_at = Clock::now();
  const auto kinds = std::exchange(group.noted, {});
  for (UpdateListener* const listener : group.listeners) listener->wake(kinds);
}

void UpdateFeed::close() {
  closed_ = true;
  for (const auto& [team, group] : groups_) {
    for (UpdateListener* const listener : group->listeners) listener->wake({});
  }
}

void UpdateListener::wake(UpdateKinds kinds) {
  changed_.add(kinds & scope_.kinds);
  if (!changed_.empty() || feed_->closed_) timer_.cancel();
}

asio::awaitable<std::optional<UpdateKinds>> UpdateListener::wait_until(std::chrono::steady_clock::time_point deadline) {
  timer_.expires_at(deadline);
  // A wake-up that came before the wait has nothing to cancel.
  if (changed_.empty() && !feed_->closed_) co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (feed_->closed_) co_return std::nullopt;
  co_return std::exchange(changed_, {});
}

}  // namespace limehook::runtime
