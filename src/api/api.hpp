#pragma once
// The HTTP API (spec, section 5): one table of routes, each with the roles that may use it.

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "model/webhook_json.hpp"
#include "runtime/engine.hpp"
#include "telemetry/metrics.hpp"

namespace limehook::api {

namespace asio = boost::asio;

struct ApiOptions {
  std::string version;
  std::string admin_key;  // with which everything is allowed
  UrlRules url_rules;
  Duration default_timeout;  // of webhooks that set none
  SessionLimits sessions;
};

class Api {
 public:
  Api(runtime::Engine& engine, telemetry::Metrics& metrics, ApiOptions options);

  // Refuses what has no route, or no key that may use it, by the request's head. On the engine's thread, as handle().
  std::optional<Response> admit(const Request& head) const;
  asio::awaitable<Response> handle(const Request& request);

  // The table of who may use what.
  static std::vector<AccessRule> access_rules();

  static std::size_t body_bytes_max(std::string_view method, std::string_view path);

 private:
  using Handler = asio::awaitable<Response> (Api::*)(const Call& call);
  struct Route : AccessRule {
    Handler handler;
  };
  static std::span<const Route> routes();

  asio::awaitable<Response> dispatch(const Request& request);
  // The request's route; fills in who asks and the path's {id}. Throws Fault when there is none for this caller.
  const Route& find_route(Call& call) const;
  Principal principal_of(const Request& request) const;

  // events.cpp
  asio::awaitable<Response> post_event(const Call& call);
  asio::awaitable<Response> post_batch(const Call& call);
  asio::awaitable<Response> list_events(const Call& call);
  asio::awaitable<Response> get_event(const Call& call);
  asio::awaitable<Response> list_event_types(const Call& call);
  // webhooks.cpp
  asio::awaitable<Response> list_webhooks(const Call& call);
  asio::awaitable<Response> create_webhook(const Call& call);
  asio::awaitable<Response> get_webhook(const Call& call);
  asio::awaitable<Response> patch_webhook(const Call& call);
  asio::awaitable<Response> delete_webhook(const Call& call);
  asio::awaitable<Response> enable_webhook(const Call& call);
  asio::awaitable<Response> disable_webhook(const Call& call);
  asio::awaitable<Response> test_webhook(const Call& call);
  asio::awaitable<Response> get_secret(const Call& call);
  asio::awaitable<Response> get_public_key(const Call& call);
  asio::awaitable<Response> rotate_secret(const Call& call);
  asio::awaitable<Response> switch_webhook(const Call& call, bool enabled);
  // preview.cpp
  asio::awaitable<Response> preview_payload(const Call& call);
  asio::awaitable<Response> preview_webhook(const Call& call);
  // deliveries.cpp
  asio::awaitable<Response> list_deliveries(const Call& call);
  asio::awaitable<Response> list_webhook_deliveries(const Call& call);
  asio::awaitable<Response> get_delivery(const Call& call);
  asio::awaitable<Response> retry_delivery(const Call& call);
  asio::awaitable<Response> skip_delivery(const Call& call);
  asio::awaitable<Response> answer_page(const Call& call, store::DeliveryQuery query);
  asio::awaitable<store::DeliveryDetail> load_delivery(const Call& call);
  // polling.cpp
  asio::awaitable<Response> poll_events(const Call& call);
  // recoveries.cpp
  asio::awaitable<Response> start_recovery(const Call& call);
  asio::awaitable<Response> list_recoveries(const Call& call);
  asio::awaitable<Response> get_recovery(const Call& call);
  asio::awaitable<Response> cancel_recovery(const Call& call);
  asio::awaitable<Recovery> load_recovery(const Call& call);
  // stats.cpp
  asio::awaitable<Response> get_webhook_stats(const Call& call);
  asio::awaitable<Response> get_stats(const Call& call);
  // keys.cpp
  asio::awaitable<Response> list_keys(const Call& call);
  asio::awaitable<Response> create_key(const Call& call);
  asio::awaitable<Response> get_key(const Call& call);
  asio::awaitable<Response> patch_key(const Call& call);
  asio::awaitable<Response> delete_key(const Call& call);
  // The key in the path, if the caller may see it; else a 404.
  ApiKey visible_key(const Call& call) const;
  // teams.cpp
  asio::awaitable<Response> list_teams(const Call& call);
  asio::awaitable<Response> create_team(const Call& call);
  asio::awaitable<Response> get_team(const Call& call);
  asio::awaitable<Response> patch_team(const Call& call);
  asio::awaitable<Response> delete_team(const Call& call);
  std::map<std::string, Team> known_teams() const;
  Team visible_team(const Call& call) const;
  // audit.cpp
  asio::awaitable<Response> list_audit(const Call& call);
  // An entry that says who does `action`; what changes is to be added. `target` is the id of what is changed.
  AuditEntry audit(const Call& call, std::string_view action, std::string_view team_id, std::string target,
                   std::string_view target_name) const;
  AuditEntry webhook_audit(const Call& call, std::string_view action, const Webhook* before,
                           const Webhook* after) const;
  // numbers.cpp
  asio::awaitable<Response> list_numbers(const Call& call);
  asio::awaitable<Response> create_number(const Call& call);
  asio::awaitable<Response> get_number(const Call& call);
  asio::awaitable<Response> patch_number(const Call& call);
  asio::awaitable<Response> delete_number(const Call& call);
  // operations.cpp
  asio::awaitable<Response> get_health(const Call& call);
  asio::awaitable<Response> get_readiness(const Call& call);
  asio::awaitable<Response> get_metrics(const Call& call);
  asio::awaitable<Response> get_openapi(const Call& call);

  // The number in the path, if the caller may see it; else a 404.
  Number visible_number(const Call& call) const;
  // The webhook in the path, if the caller may see it; else a 404.
  WebhookPtr visible_webhook(const Call& call) const;
  boost::json::object shown(const Webhook& webhook, const Principal& principal) const;
  Response show(int status, const Webhook& webhook, const Principal& principal) const;
  std::string team_of(const store::DeliveryDetail& detail) const;
  bool sees_webhook(const Principal& principal, WebhookId id) const;

  runtime::Engine& engine_;
  telemetry::Metrics& metrics_;
  ApiOptions options_;
  AuthOptions auth_;
};

}  // namespace limehook::api
