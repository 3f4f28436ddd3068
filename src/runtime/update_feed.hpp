#pragma once
// Tells listeners that something has changed, and of what kind, never what: who listens asks for what they show. While
// nobody listens a change costs a look at an empty list, and while a message is due already a look at a flag, however
// many changes there are. All on the engine's thread.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/limits.hpp"

namespace limehook::runtime {

namespace asio = boost::asio;

enum class UpdateKind : std::uint8_t {
  Deliveries,
  Events,
  Webhooks,
  Recoveries,
  Numbers,
  Keys,
  Teams,
  Users,
  Invitations,
  Audit,
};
inline constexpr std::size_t kUpdateKinds = 10;

// A set of them.
class UpdateKinds {
 public:
  void add(UpdateKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
  void add(UpdateKinds other) { bits_ |= other.bits_; }
  bool has(UpdateKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0; }
  bool empty() const { return bits_ == 0; }
  UpdateKinds operator&(UpdateKinds other) const { return UpdateKinds(bits_ & other.bits_); }
  bool operator==(const UpdateKinds&) const = default;

  UpdateKinds() = default;

 private:
  explicit UpdateKinds(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

// Who listens, and to what.
struct UpdateScope {
  std::string caller;               // limits::kUpdateStreamsPerCallerMax for each
  std::optional<std::string> team;  // nothing: every team's changes, and those of no team
  UpdateKinds kinds;
};

struct UpdatePace {
  std::chrono::milliseconds gather = limits::kUpdateGather;
  std::chrono::milliseconds interval = limits::kUpdateInterval;
};

class UpdateListener;

// Shared with its listeners, which may outlive the engine.
class UpdateFeed : public std::enable_shared_from_this<UpdateFeed> {
 public:
  explicit UpdateFeed(asio::io_context& io, UpdatePace pace = {}) : io_(io), pace_(pace) {}

  // Null when as many listen as may, in all or of this caller, or once closed.
  std::unique_ptr<UpdateListener> open(UpdateScope scope);
  std::size_t size() const { return size_; }

  // Something of that kind changes for whoever sees the team's things; empty: the installation's. It is told a moment
  // later, so that what follows from the same commit may still happen.
  void note(UpdateKind kind, std::string_view team);
  // Ends all; from now on nobody listens.
  void close();

 private:
  friend UpdateListener;
  using Clock = std::chrono::steady_clock;
  // Those who hear of the same changes.
  struct Group {
    explicit Group(asio::io_context& io) : timer(io) {}
    std::unordered_set<UpdateListener*> listeners;
    UpdateKinds noted;  // and not told yet
    Clock::time_point told_at{};
    asio::steady_timer timer;
  };
  void note(const std::shared_ptr<Group>& group, UpdateKind kind);
  static void tell(Group& group);
  void leave(UpdateListener& listener);

  asio::io_context& io_;
  UpdatePace pace_;
  // By team; nothing: of all teams. A group lasts as long as somebody is in it.
  std::map<std::optional<std::string>, std::shared_ptr<Group>, std::less<>> groups_;
  std::map<std::string, std::size_t> callers_;
  std::size_t size_ = 0;
  bool closed_ = false;
};

class UpdateListener {
 public:
  UpdateListener(asio::io_context& io, std::shared_ptr<UpdateFeed> feed, UpdateScope scope)
      : feed_(std::move(feed)), scope_(std::move(scope)), timer_(io) {}
  ~UpdateListener() { feed_->leave(*this); }
  UpdateListener(const UpdateListener&) = delete;
  UpdateListener& operator=(const UpdateListener&) = delete;

  const UpdateScope& scope() const { return scope_; }
  // What has changed since the last call; empty when nothing has until then. Nothing: the feed is closed.
  asio::awaitable<std::optional<UpdateKinds>> wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  friend UpdateFeed;
  void wake(UpdateKinds kinds);

  std::shared_ptr<UpdateFeed> feed_;
  UpdateScope scope_;
  asio::steady_timer timer_;
  UpdateKinds changed_;
};

}  // namespace limehook::runtime
