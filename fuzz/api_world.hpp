#pragma once
// A whole API over a store in memory, with two teams: callers belong to the first, and the second has a word that none
// of its things tells them.

#include <boost/asio.hpp>
#include <optional>
#include <string_view>

#include "api/api.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::fuzz {

// Bearer tokens of team_001, but for the first; and the token of a person who manages it, for the cookie.
inline constexpr std::string_view kAdminKey = "operators-key";
inline constexpr std::string_view kManageKey = "manage-key";
inline constexpr std::string_view kReadKey = "read-key";
inline constexpr std::string_view kIngestKey = "ingest-key";
inline constexpr std::string_view kPortalToken = "lhp_portal";
inline constexpr std::string_view kUserToken = "lhs_user";
inline constexpr std::string_view kUserPassword = "seven wet horses";
inline constexpr std::string_view kOtherTeamsWord = "w0rd-0f-team-2";

// Ends every attempt at once: with 500 where the URL has "fail" in it, else with 200.
class InstantSender final : public http_client::AttemptSender {
 public:
  explicit InstantSender(http_client::AttemptDone done) : done_(std::move(done)) {}
  void start(http_client::AttemptRequest request) override;

 private:
  http_client::AttemptDone done_;
};

class ApiWorld {
 public:
  ApiWorld();
  ~ApiWorld();
  ApiWorld(const ApiWorld&) = delete;
  ApiWorld& operator=(const ApiWorld&) = delete;

  http_server::Response answer(const http_server::Request& request);

 private:
  void drain();

  telemetry::Metrics metrics_;
  boost::asio::io_context io_;
  store::MemoryStore store_;
  std::optional<runtime::Engine> engine_;
  std::optional<api::Api> api_;
  bool drained_ = false;
};

}  // namespace limehook::fuzz
