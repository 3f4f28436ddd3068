// GET /v1/updates: that something has changed, as server-sent events (WHATWG HTML, section 9.2).

#include <algorithm>
#include <array>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "base/limits_more.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

using runtime::UpdateKind;
using runtime::UpdateKinds;

// A kind is told to who may use the list of such things.
struct KindName {
  UpdateKind kind;
  std::string_view name;
  std::string_view list;  // the pattern of its route
};
constexpr std::array<KindName, runtime::kUpdateKinds> kKinds{{
    {UpdateKind::Deliveries, "deliveries", "/v1/deliveries"},
    {UpdateKind::Events, "events", "/v1/events"},
    {UpdateKind::Webhooks, "webhooks", "/v1/webhooks"},
    {UpdateKind::Recoveries, "recoveries", "/v1/webhooks/{id}/recoveries"},
    {UpdateKind::Numbers, "numbers", "/v1/numbers"},
    {UpdateKind::Keys, "keys", "/v1/keys"},
    {UpdateKind::Teams, "teams", "/v1/teams"},
    {UpdateKind::Users, "users", "/v1/users"},
    {UpdateKind::Invitations, "invitations", "/v1/invitations"},
    {UpdateKind::Audit, "audit", "/v1/audit"},
}};

// A client that loses the stream comes back after `retry` milliseconds.
std::string hello(std::string_view version) {
  JsonWriter data;
  data.begin_object().key("version").string(version).end_object();
  return "retry: 2000\nevent: hello\ndata: " + data.take() + "\n\n";
}

std::string changed(UpdateKinds kinds) {
  JsonWriter data;
  data.begin_object().key("changed").begin_array();
  for (const KindName& each : kKinds) {
    if (kinds.has(each.kind)) data.string(each.name);
  }
  data.end_array().end_object();
  return "event: changed\ndata: " + data.take() + "\n\n";
}

class UpdateStream : public http_server::BodyStream {
 public:
  // `still_allowed`: whether who began to listen may still do so. Asked every limits::kAccessCheckInterval and before
  // each message, and not in the destructor.
  UpdateStream(std::unique_ptr<runtime::UpdateListener> listener, std::string_view version,
               std::function<bool()> still_allowed)
      : listener_(std::move(listener)), first_(hello(version)), still_allowed_(std::move(still_allowed)) {}

  asio::awaitable<std::string> next() override {
    if (!first_.empty()) co_return std::exchange(first_, {});
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limits::kUpdateKeepAlive;
    while (true) {
      const auto kinds =
          co_await listener_->wait_until(std::min(deadline, Clock::now() + limits::kAccessCheckInterval));
      if (!kinds || !still_allowed_()) co_return "";
      if (!kinds->empty()) co_return changed(*kinds);
      if (Clock::now() >= deadline) co_return ":\n\n";
    }
  }

 private:
  std::unique_ptr<runtime::UpdateListener> listener_;
  std::string first_;
  std::function<bool()> still_allowed_;
};

// What has the caller's credentials, to judge them again later.
Request head_of(const Request& request) {
  Request head = request;
  head.body.clear();
  return head;
}

std::string caller_of(const Principal& principal) {
  return std::to_string(static_cast<int>(principal.kind)) + principal.id;
}

Response too_many() {
  Response response = problem(429, "Too many streams of updates are open. Close one, or come back later.");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

UpdateKinds Api::visible_kinds(const Principal& principal) const {
  UpdateKinds kinds;
  for (const KindName& each : kKinds) {
    const auto is_list = [&](const Route& route) { return route.method == "GET" && route.pattern == each.list; };
    if (principal.may(std::ranges::find_if(routes(), is_list)->who)) kinds.add(each.kind);
  }
  return kinds;
}

asio::awaitable<Response> Api::get_updates(const Call& call) {
  const Principal& principal = call.principal;
  std::optional<std::string> team;
  if (principal.limited()) team = principal.team_id;
  auto listener = engine_.listen_to_updates({caller_of(principal), std::move(team), visible_kinds(principal)});
  if (!listener) throw Fault{engine_.draining() ? refusal(delivery::Refusal::Draining) : too_many()};
  // The same principal, with the same role in the same team. That a page is open is no use of a session: it ends when
  // nobody does anything.
  auto still_allowed = [this, head = head_of(call.request), principal] {
    const auto now = identify(head, auth_, engine_.directory(), runtime::now().wall);
    return now && now->same_reach(principal);
  };
  auto stream = std::make_shared<UpdateStream>(std::move(listener), options_.version, std::move(still_allowed));
  co_return Response{
      200, "text/event-stream", "", {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}}, std::move(stream)};
}

}  // namespace limehook::api
