// /v1/deliveries: the log.

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"

namespace limehook::api {
namespace {

store::DeliveryQuery query_of(const Call& call, WallTime begin) {
  store::DeliveryQuery query{.type = call.event_type_parameter(),
                             .since = call.since(begin),
                             .until = call.time_parameter("until"),
                             .term = call.search_term(),
                             .before = call.cursor(),
                             .limit = call.limit()};
  if (const auto status = call.parameter("status")) {
    query.status = delivery_status_named(*status);
    if (!query.status) {
      throw Fault{invalid({{"/status", "must be pending, retrying, delivered, failed or canceled"}})};
    }
  }
  return query;
}

}  // namespace

// A team's key does not see its events' deliveries to webhooks that are for every team; and the store ends a page early
// when it has looked at many rows. Either way the page is filled up with what follows, within reason.
asio::awaitable<Response> Api::answer_page(const Call& call, store::DeliveryQuery query) {
  constexpr int kReadsMax = 5;
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  std::size_t count = 0;
  std::int64_t next = query.before;
  for (int reads = 0; reads < kReadsMax && count < query.limit && out.size() <= limits::kPageBytesMax; ++reads) {
    query.before = next;
    auto page = co_await engine_.read([query](const store::Store& store) { return store.list_deliveries(query); });
    next = page.next;
    for (store::DeliveryRow& row : page.rows) {
      if (call.principal.kind == ActorKind::Portal) leave_out_names(row.delivery);
      if (!sees_webhook(call.principal, row.delivery.webhook)) continue;
      if (count == query.limit) break;
      ++count;
      write_delivery(out.begin_object(), row).end_object();
      if (count == query.limit && &row != &page.rows.back()) next = row.delivery.id.value;
    }
    if (next == 0) break;
  }
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::list_deliveries(const Call& call) {
  store::DeliveryQuery query = query_of(call, log_begin(call.principal));
  query.team_id = call.team();
  if (const auto text = call.parameter("webhook_id")) {
    query.webhook = WebhookId::parse(*text);
    if (!query.webhook) throw Fault{invalid({{"/webhook_id", "is not a webhook's id"}})};
  }
  co_return co_await answer_page(call, std::move(query));
}

asio::awaitable<Response> Api::list_webhook_deliveries(const Call& call) {
  store::DeliveryQuery query = query_of(call, log_begin(call.principal));
  query.webhook = visible_webhook(call)->id;
  co_return co_await answer_page(call, std::move(query));
}

asio::awaitable<store::DeliveryDetail> Api::load_delivery(const Call& call) {
  const auto id = path_id<DeliveryId>(call, "delivery");
  auto detail = co_await engine_.read([id](const store::Store& store) { return store.get_delivery(id); });
  const bool seen = detail && sees_webhook(call.principal, detail->delivery.webhook) &&
                    detail->event.received_at >= log_begin(call.principal);
  if (!seen) throw Fault{not_found("delivery")};
  if (call.principal.kind == ActorKind::Portal) leave_out_names(detail->delivery);
  co_return std::move(*detail);
}

std::string Api::team_of(const store::DeliveryDetail& detail) const {
  return engine_.team_of(detail.delivery.webhook).value_or("");
}

asio::awaitable<Response> Api::get_delivery(const Call& call) {
  const auto detail = co_await load_delivery(call);
  JsonWriter out;
  write_delivery_detail(out.begin_object(), detail, options_.version).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::retry_delivery(const Call& call) {
  // It may end between the read and the request; what is true then is asked for again.
  constexpr int kTries = 3;
  for (int tried = 1;; ++tried) {
    const auto detail = co_await load_delivery(call);
    const auto webhook = engine_.find_webhook(detail.delivery.webhook);
    if (!webhook) throw Fault{problem(409, "The webhook was deleted.")};
    if (webhook->mode == WebhookMode::Poll) throw Fault{polled_only()};
    if (detail.delivery.test) throw Fault{problem(409, "A test is not retried; test the webhook again.")};
    const auto answer = co_await engine_.retry_delivery(detail.delivery, detail.event.type);
    if (answer) break;
    if (answer.error() != delivery::Refusal::Conflict || tried == kTries) co_return refusal(answer.error());
  }
  const auto after = co_await load_delivery(call);
  engine_.record(audit(call, "delivery.retried", team_of(after), call.id, ""));
  JsonWriter out;
  write_delivery(out.begin_object(), after.delivery, after.event).end_object();
  co_return Response{202, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::skip_delivery(const Call& call) {
  const auto detail = co_await load_delivery(call);
  auto entry = audit(call, "delivery.skipped", team_of(detail), call.id, "");
  const auto answer = co_await engine_.skip_delivery(detail.delivery.id, entry.actor());
  if (!answer) co_return refusal(answer.error());
  engine_.record(std::move(entry));
  const auto after = co_await load_delivery(call);
  JsonWriter out;
  write_delivery(out.begin_object(), after.delivery, after.event).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
