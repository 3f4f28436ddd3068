// /v1/test-receivers: receivers for those who have none of their own yet, and what comes to them.

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>
#include <span>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "base/ascii.hpp"
#include "http_client/masking.hpp"
#include "http_client/request_head.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kNote =
    "It is kept in memory: when the server restarts, its requests are forgotten, and so is the receiver unless a "
    "webhook sends to it.";
constexpr std::string_view kNone =
    "There is no such test receiver. They are kept in memory: if the server has restarted, make another one.";

std::int64_t milliseconds(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

void write_receiver(JsonWriter& out, const TestReceiver& receiver, const TestReceiverUrls& urls) {
  out.key("id").string(receiver.id).key("url").string_or_null(urls.any() ? urls.url_of(receiver.id) : "");
  out.key("team_id").string_or_null(receiver.team_id).key("status").number(std::int64_t{receiver.status});
  out.key("delay_ms").number(milliseconds(receiver.delay));
  out.key("received").number(static_cast<std::int64_t>(receiver.received));
  out.key("created_at").string(format_rfc3339(receiver.created_at)).key("note").string(kNote);
}

void write_received(JsonWriter& out, const ReceivedRequest& request) {
  out.key("at").string(format_rfc3339(request.at)).key("method").string("POST").key("headers").begin_object();
  for (const auto& [name, value] : request.headers) out.key(to_utf8(name)).string(to_utf8(value));
  out.end_object().key("body").string(to_utf8(request.body)).key("body_cut").boolean(request.body_cut);
  out.key("webhook_id").string_or_null(request.webhook ? request.webhook.str() : "").key("signature_valid");
  if (request.signature_valid) out.boolean(*request.signature_valid);
  else out.null();
}

Response receiver_response(int status, const TestReceiver& receiver, const TestReceiverUrls& urls) {
  JsonWriter out;
  write_receiver(out.begin_object(), receiver, urls);
  out.end_object();
  return {status, "application/json", out.take(), {}};
}

boost::json::object audit_members(const TestReceiver& receiver) {
  return {{"status", receiver.status}, {"delay_ms", milliseconds(receiver.delay)}};
}

void read_behaviour(Body& body, TestReceiver& receiver) {
  receiver.status = static_cast<int>(body.number("status", 200, 599, receiver.status));
  receiver.delay = std::chrono::milliseconds(
      body.number("delay_ms", 0, milliseconds(limits::kTestReceiverDelayMax), milliseconds(receiver.delay)));
}

// The signature by a secret of the webhook, or by the one that it replaces.
bool signed_by(const Webhook& webhook, const Request& request, WallTime now) {
  const signing::StandardHeaders standard{.id = request.header("webhook-id"),
                                          .timestamp = request.header("webhook-timestamp"),
                                          .signature = request.header("webhook-signature")};
  const std::string& own_name = webhook.signature_header;
  const std::string name = ascii::lower(own_name.empty() ? std::string(http_client::kSignatureHeader) : own_name);
  const auto fits = [&](const std::string& secret) {
    if (secret.empty() || !signing::verify_limecall(secret, request.header(name), request.body)) return false;
    return !webhook.signatures.v1 || signing::verify_standard(secret, standard, request.body, now).has_value();
  };
  const bool signed_by_one =
      fits(webhook.secret) || std::ranges::any_of(webhook.previous_secrets, fits, &PreviousSecret::secret);
  if (!signed_by_one) return false;
  return !webhook.signatures.v1a ||
         signing::verify_standard_ed25519(webhook.public_key, standard, request.body, now).has_value();
}

// As the log of deliveries shows them: no token, and no value of an own header, which may be a secret.
std::vector<std::pair<std::string, std::string>> shown_headers(const Request& request, const Webhook* webhook) {
  constexpr std::array<std::string_view, 8> kPlain{
      "accept",     "content-length", "content-type",      "host",
      "user-agent", "webhook-id",     "webhook-signature", "webhook-timestamp"};
  const std::string own = webhook ? ascii::lower(webhook->signature_header) : "";
  std::vector<std::pair<std::string, std::string>> shown;
  for (const auto& [name, value] : request.headers) {
    const bool plain = std::ranges::find(kPlain, name) != kPlain.end() || name.starts_with("x-limecall-") ||
                       (!own.empty() && (name == own || name == own + "-previous"));
    const bool bearer = name == "authorization" && value.starts_with("Bearer ");
    if (std::ranges::find(shown, name, &std::pair<std::string, std::string>::first) != shown.end()) continue;
    shown.emplace_back(name, plain ? value : (bearer ? "Bearer " : "") + std::string(http_client::kMask));
  }
  return shown;
}

// By it they are listed: when they were made, as text that sorts like the time, and the id.
std::string place_of(const TestReceiver* receiver) { return encode_id("", to_us(receiver->created_at)) + receiver->id; }

bool has_no_body(int status) { return status == 204 || status == 205 || status == 304; }

}  // namespace

void Api::set_test_receivers(TestReceiverUrls urls, std::string why_none) {
  test_receiver_urls_ = std::move(urls);
  no_test_receivers_ = std::move(why_none);
  // Those that webhooks send to have outlived the last run.
  for (const WebhookId id : engine_.webhook_index().all()) {
    const auto webhook = engine_.find_webhook(id);
    for (const std::string& url : {webhook->url, webhook->fallback_url}) {
      const auto receiver = test_receiver_urls_.id_in(url);
      if (!receiver || test_receivers_.find(*receiver)) continue;
      if (test_receivers_.count_of(webhook->team_id) >= limits::kTestReceiversPerTeamMax) continue;
      test_receivers_.add(
          {.id = std::string(*receiver), .team_id = webhook->team_id, .created_at = runtime::now().wall});
    }
  }
}

TestReceiver& Api::visible_test_receiver(const Call& call) {
  TestReceiver* receiver = test_receivers_.find(call.id);
  if (!receiver || !call.principal.sees_team(receiver->team_id)) throw Fault{problem(404, kNone)};
  return *receiver;
}

asio::awaitable<Response> Api::list_test_receivers(const Call& call) {
  const auto team = call.team();
  std::vector<const TestReceiver*> rows;
  for (const auto& [id, receiver] : test_receivers_.all()) {
    if (!team || receiver.team_id == *team) rows.push_back(&receiver);
  }
  std::ranges::sort(rows, std::greater{}, place_of);
  const std::string after = call.text_cursor();
  const auto begin = after.empty() ? rows.begin() : std::ranges::upper_bound(rows, after, std::greater{}, place_of);
  const auto count = std::min(static_cast<std::size_t>(rows.end() - begin), call.limit());
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const TestReceiver* receiver : std::span(begin, count)) {
    write_receiver(out.begin_object(), *receiver, test_receiver_urls_);
    out.end_object();
  }
  const bool more = begin + static_cast<std::ptrdiff_t>(count) != rows.end();
  const std::string next = more ? place_of(begin[static_cast<std::ptrdiff_t>(count) - 1]) : "";
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_test_receiver(const Call& call) {
  Body body(call, Body::MayBeMissing{});
  TestReceiver receiver;
  receiver.team_id = body.optional_text("team_id", limits::kTeamIdCharactersMax);
  read_behaviour(body, receiver);
  body.finish();
  if (receiver.team_id.empty()) receiver.team_id = call.principal.team_id;
  if (!call.principal.sees_team(receiver.team_id)) {
    throw Fault{problem(403, "The receiver's team is not yours.", {{"/team_id", "names a team that is not yours"}})};
  }
  if (!test_receiver_urls_.any()) throw Fault{problem(409, no_test_receivers_)};
  if (test_receivers_.count_of(receiver.team_id) >= limits::kTestReceiversPerTeamMax) {
    throw Fault{problem(409, "There are " + std::to_string(limits::kTestReceiversPerTeamMax) +
                                 " test receivers already. Delete one that is not needed any more.")};
  }
  receiver.id = signing::generate_token(kTestReceiverPrefix);
  receiver.created_at = runtime::now().wall;
  const TestReceiver& added = test_receivers_.add(std::move(receiver));
  auto entry = audit(call, "receiver.created", added.team_id, added.id, "");
  set_change(entry, {}, audit_members(added));
  engine_.record(std::move(entry));
  Response response = receiver_response(201, added, test_receiver_urls_);
  response.headers.emplace_back("Location", "/v1/test-receivers/" + added.id);
  co_return response;
}

asio::awaitable<Response> Api::get_test_receiver(const Call& call) {
  const TestReceiver& receiver = visible_test_receiver(call);
  JsonWriter out;
  write_receiver(out.begin_object(), receiver, test_receiver_urls_);
  out.key("requests").begin_array();
  for (const ReceivedRequest& request : receiver.requests) {
    if (out.size() > limits::kPageBytesMax) break;
    write_received(out.begin_object(), request);
    out.end_object();
  }
  out.end_array().end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::patch_test_receiver(const Call& call) {
  TestReceiver& receiver = visible_test_receiver(call);
  const auto before = audit_members(receiver);
  Body body(call);
  TestReceiver changed{.status = receiver.status, .delay = receiver.delay};
  read_behaviour(body, changed);
  body.finish();
  receiver.status = changed.status;
  receiver.delay = changed.delay;
  auto entry = audit(call, "receiver.updated", receiver.team_id, receiver.id, "");
  set_change(entry, before, audit_members(receiver));
  engine_.record(std::move(entry));
  co_return receiver_response(200, receiver, test_receiver_urls_);
}

asio::awaitable<Response> Api::delete_test_receiver(const Call& call) {
  const TestReceiver& receiver = visible_test_receiver(call);
  auto entry = audit(call, "receiver.deleted", receiver.team_id, receiver.id, "");
  set_change(entry, audit_members(receiver), {});
  test_receivers_.remove(call.id);
  engine_.record(std::move(entry));
  co_return Response{204, "", "", {}};
}

// The webhook of this team that is sending the request just now; null when it is none.
WebhookPtr Api::sender_of(const Request& request, const TestReceiver& receiver) const {
  const auto delivery = DeliveryId::parse(request.header("webhook-id"));
  const auto webhook = delivery ? engine_.webhook_of_attempt(*delivery) : nullptr;
  if (!webhook || webhook->team_id != receiver.team_id) return nullptr;
  const std::string url = test_receiver_urls_.url_of(receiver.id);
  return url == webhook->url || url == webhook->fallback_url ? webhook : nullptr;
}

asio::awaitable<Response> Api::receive_test(const Call& call) {
  TestReceiver* const receiver = test_receivers_.find(call.id);
  if (!receiver) throw Fault{problem(404, kNone)};
  const Request& request = call.request;
  const WallTime now = runtime::now().wall;
  const auto webhook = sender_of(request, *receiver);
  ReceivedRequest received{.at = now, .headers = shown_headers(request, webhook.get())};
  received.body = request.body.substr(0, limits::kTestRequestBodyBytesMax);
  received.body_cut = request.body.size() > received.body.size();
  if (webhook) {
    received.webhook = webhook->id;
    received.signature_valid = signed_by(*webhook, request, now);
  }
  const int status = receiver->status;
  const Duration delay = receiver->delay;
  test_receivers_.keep(*receiver, std::move(received));
  // From here on the receiver may be gone.
  if (delay > Duration(0)) {
    // They hold connections and bodies that others need.
    const auto held_back = slow_answers_;
    if (static_cast<std::size_t>(held_back.use_count()) > 1 + limits::kTestReceiverSlowMax) {
      throw Fault{problem(503, "Too many answers of test receivers are being held back.")};
    }
    asio::steady_timer timer(co_await asio::this_coro::executor, delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (has_no_body(status)) co_return Response{status, "", "", {}};
  JsonWriter out;
  out.begin_object().key("received").boolean(true).key("test_receiver").string(call.id).end_object();
  co_return Response{status, "application/json", out.take(), {}};
}

}  // namespace limehook::api
