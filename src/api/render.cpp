#include "api/render.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "base/ascii.hpp"
#include "http_client/masking.hpp"
#include "http_client/request_head.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

using http_client::kMask;

// The length of the valid UTF-8 sequence at the front (RFC 3629), 0 when there is none.
std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    return follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    return follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1000; }

void write_time_or_null(JsonWriter& out, std::string_view name, std::optional<WallTime> time) {
  out.key(name);
  if (time) out.string(format_rfc3339(*time));
  else out.null();
}

// Header lines as an object: names in lower case, values of equal names joined (RFC 9110 section 5.3), but for cookies,
// which may not be (RFC 6265 section 3) and are an array.
void write_header_lines(JsonWriter& out, std::string_view head) {
  std::map<std::string, std::string> headers;
  std::vector<std::string> cookies;
  while (!head.empty()) {
    const auto end = head.find('\n');
    auto line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = ascii::lower(to_utf8(line.substr(0, colon)));
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    if (name == "set-cookie") {
      cookies.push_back(to_utf8(value));
      continue;
    }
    std::string& joined = headers[name];
    joined += (joined.empty() ? "" : ", ") + to_utf8(value);
  }
  out.begin_object();
  for (const auto& [name, value] : headers) out.key(name).string(value);
  if (!cookies.empty()) {
    out.key("set-cookie").begin_array();
    for (const auto& cookie : cookies) out.string(cookie);
    out.end_array();
  }
  out.end_object();
}

void write_request(JsonWriter& out, const store::DeliveryDetail& detail, const Attempt& attempt, std::string_view body,
                   std::string_view version) {
  const auto target = std::ranges::find(detail.targets, attempt.webhook_version, &store::WebhookTarget::version);
  std::vector<Header> own;
  const bool known = target != detail.targets.end();
  std::string_view url;
  if (known) {
    url = attempt.fallback ? target->fallback_url : target->url;
    for (const std::string& name : target->header_names) own.push_back({name, std::string(kMask)});
  }
  const std::string id = detail.delivery.id.str();
  const auto signatures = signing::headers_of(attempt.signatures);
  const auto headers = http_client::delivery_headers(
      {.version = version,
       .webhook_id = id,
       .token = kMask,
       .signature_header = known ? std::string_view(target->signature_header) : std::string_view(),
       .type = detail.event.type,
       .body_type = detail.delivery.body_type,
       .attempt = attempt.number,
       .timestamp = std::chrono::floor<std::chrono::seconds>(attempt.started_at.time_since_epoch()).count(),
       .test = detail.delivery.test,
       .signatures = signatures,
       .own_headers = own});
  out.key("request").begin_object().key("url").string(url);
  out.key("headers").begin_object();
  for (const Header& header : headers) out.key(header.name).string(header.value);
  out.end_object().key("body").string(body).end_object();
}

std::string_view outcome_text(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::Response:
      return "";
    case AttemptOutcome::NameNotResolved:
      return "the host name could not be resolved";
    case AttemptOutcome::AddressRefused:
      return "the host's address is not one this server may send to";
    case AttemptOutcome::ConnectFailed:
      return "no connection could be made";
    case AttemptOutcome::TlsFailed:
      return "the TLS handshake failed";
    case AttemptOutcome::Timeout:
      return "no response in time";
    case AttemptOutcome::ConnectionLost:
      return "the connection was lost before a response arrived";
    case AttemptOutcome::BadResponse:
      return "the response was not valid HTTP";
    case AttemptOutcome::Internal:
      return "the server could not make the attempt";
    case AttemptOutcome::HeldBack:
      return "it was held back while the webhook was failing, until its retry schedule was over";
    case AttemptOutcome::OauthFailed:
      return "no OAuth token could be had";
  }
  return "";
}

std::string failure_text(AttemptOutcome outcome, int http_status) {
  if (outcome != AttemptOutcome::Response) return std::string(outcome_text(outcome));
  return http_status / 100 == 2 ? std::string() : "the receiver answered " + std::to_string(http_status);
}

std::string by(const Delivery& d) {
  if (!d.ended_by) return "";
  const Actor& actor = *d.ended_by;
  if (!actor.name.empty() || !actor.id.empty()) return " by " + (actor.name.empty() ? actor.id : actor.name);
  return actor.kind == ActorKind::Key ? " by a key" : "";
}

// Why it was given up; empty where its last attempt says all.
std::string end_text(const Delivery& d) {
  switch (d.reason) {
    case EndReason::WebhookDeleted:
      return "the webhook was deleted" + by(d);
    case EndReason::WebhookDisabled:
      if (!d.ended_because.empty()) return "Limehook disabled the webhook: " + d.ended_because;
      return "the webhook was disabled" + by(d);
    case EndReason::WebhookPolled:
      return "the webhook was switched to polling" + by(d);
    case EndReason::Skipped:
      return "skipped" + by(d);
    case EndReason::Interrupted:
      return "the server ended before the test's attempt did";
    default:
      return "";
  }
}

std::string error_of(const Delivery& d) {
  const bool attempted = d.attempts > 0 || d.last_outcome == AttemptOutcome::HeldBack;
  const std::string failure = attempted ? failure_text(d.last_outcome, d.http_status) : "";
  const std::string end = end_text(d);
  if (end.empty() || failure.empty()) return end + failure;
  return end + (end.ends_with('.') ? " The last attempt: " : "; the last attempt: ") + failure;
}

void write_actor_or_null(JsonWriter& out, const Actor* actor) {
  if (!actor) {
    out.null();
    return;
  }
  out.begin_object().key("kind").string(name_of(actor->kind));
  out.key("id").string_or_null(actor->id).key("name").string_or_null(actor->name).end_object();
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t size = utf8_size(bytes);
    if (size == 0) out += "\xEF\xBF\xBD";
    else out += bytes.substr(0, size);
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

std::string failure_text(const Attempt& attempt) {
  return attempt.error.empty() ? failure_text(attempt.outcome, attempt.http_status) : attempt.error;
}

void leave_out_names(Delivery& delivery) {
  if (!delivery.ended_by || delivery.ended_by->kind == ActorKind::Portal) return;
  delivery.ended_by = std::make_shared<const Actor>(Actor{.kind = delivery.ended_by->kind});
}

std::string_view name_of(Recovery::Kind kind) { return kind == Recovery::Kind::Failed ? "failed" : "missing"; }

std::string_view name_of(Recovery::State state) {
  switch (state) {
    case Recovery::State::Running:
      return "running";
    case Recovery::State::Done:
      return "done";
    case Recovery::State::Canceled:
      return "canceled";
  }
  return "";
}

JsonWriter& write_event(JsonWriter& out, const Event& event) {
  out.key("id").string(event.id.str()).key("event").string(name_of(event.type));
  out.key("team_id").string_or_null(event.team_id).key("test").boolean(event.test);
  out.key("received_at").string(format_rfc3339(event.received_at));
  return out.key("payload").raw(event.payload);
}

JsonWriter& write_delivery(JsonWriter& out, const store::DeliveryRow& row) {
  const Delivery& d = row.delivery;
  out.key("id")
      .string(d.id.str())
      .key("event_id")
      .string(d.event.str())
      .key("event")
      .string(limehook::name_of(row.type));
  out.key("webhook_id").string(d.webhook.str()).key("team_id").string_or_null(row.team_id);
  out.key("search_terms").begin_array();
  for (const std::string& term : row.terms) out.string(term);
  out.end_array();
  out.key("status").string(info_of(d.status).name).key("test").boolean(d.test);
  out.key("attempt_count").number(std::int64_t{d.attempts});
  out.key("response_status");
  if (d.http_status != 0) out.number(std::int64_t{d.http_status});
  else out.null();
  out.key("error").string_or_null(error_of(d));
  out.key("reason").string_or_null(limehook::name_of(d.reason)).key("ended_by");
  write_actor_or_null(out, d.ended_by.get());
  out.key("created_at").string(format_rfc3339(id_time(d.id.value)));
  out.key("updated_at").string(format_rfc3339(d.updated_at));
  write_time_or_null(out, "next_attempt_at", d.next_attempt_at);
  return out;
}

JsonWriter& write_delivery(JsonWriter& out, const Delivery& delivery, const Event& event) {
  return write_delivery(out, store::DeliveryRow{delivery, event.type, event.team_id, search_terms(event.payload)});
}

JsonWriter& write_response(JsonWriter& out, const Attempt& attempt) {
  out.key("status").number(std::int64_t{attempt.http_status}).key("headers");
  write_header_lines(out, attempt.response_head);
  return out.key("body").string(to_utf8(attempt.response_body));
}

namespace {

// Each is shown with the body that it has sent; all together are no longer than a page may be, the newest in any case.
std::span<const Attempt> newest_that_fit(std::span<const Attempt> attempts, std::size_t body_bytes) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < attempts.size()) {
    const Attempt& attempt = attempts[attempts.size() - 1 - count];
    bytes += body_bytes + attempt.response_head.size() + attempt.response_body.size();
    if (count > 0 && bytes > limits::kPageBytesMax) break;
    ++count;
  }
  return attempts.last(count);
}

}  // namespace

JsonWriter& write_payload(JsonWriter& out, std::string_view body, BodyType type) {
  out.key("payload");
  return type == BodyType::Form ? out.string(body) : out.raw(body);
}

JsonWriter& write_delivery_detail(JsonWriter& out, const store::DeliveryDetail& detail, std::string_view version) {
  const std::string& body = detail.delivery.body ? *detail.delivery.body : detail.event.payload;
  write_delivery(out, detail.delivery, detail.event);
  out.key("note").string_or_null(detail.delivery.note.value_or(""));
  write_payload(out, body, detail.delivery.body_type);
  const auto shown = newest_that_fit(detail.attempts, body.size());
  const int left_out = shown.empty() ? 0 : shown.front().number - 1;
  out.key("attempts_left_out").number(std::int64_t{left_out}).key("attempts").begin_array();
  for (const Attempt& attempt : shown) {
    out.begin_object().key("id").string(attempt_id(detail.delivery.id, attempt.number));
    out.key("number").number(std::int64_t{attempt.number}).key("at").string(format_rfc3339(attempt.started_at));
    out.key("duration_ms").number(milliseconds(attempt.duration));
    out.key("outcome").string(limehook::name_of(attempt.outcome));
    write_request(out, detail, attempt, body, version);
    out.key("response");
    if (attempt.outcome == AttemptOutcome::Response) {
      write_response(out.begin_object(), attempt).key("body_truncated").boolean(attempt.response_body_cut).end_object();
    } else {
      out.null();
    }
    out.key("error").string_or_null(failure_text(attempt)).end_object();
  }
  return out.end_array();
}

namespace {

// What is not set is null.
void write_recovery_filters(JsonWriter& out, const Recovery& r) {
  out.key("event");
  if (r.events.all()) {
    out.null();
  } else {
    out.begin_array();
    for (const EventTypeInfo& type : event_types()) {
      if (r.takes(type.type)) out.string(type.name);
    }
    out.end_array();
  }
  out.key("q").string_or_null(r.term).key("http_status");
  if (r.http_status != 0) out.number(std::int64_t{r.http_status});
  else out.null();
  out.key("outcome").string_or_null(r.outcome ? limehook::name_of(*r.outcome) : "");
  out.key("skipped").boolean(r.skipped);
}

// How much of its time range it has been through, from 0 to 1: cheap to know, and rough.
double progress_of(const Recovery& r) {
  if (r.state == Recovery::State::Done) return 1;
  const WallTime start = r.since == WallTime{} ? id_time(r.webhook.value) : r.since;
  if (r.position == 0 || r.until <= start) return 0;
  const double part =
      static_cast<double>((id_time(r.position) - start).count()) / static_cast<double>((r.until - start).count());
  return std::clamp(part, 0.0, 1.0);
}

}  // namespace

JsonWriter& write_recovery(JsonWriter& out, const Recovery& r) {
  out.key("id").string(r.id.str()).key("webhook_id").string(r.webhook.str());
  out.key("status").string(name_of(r.kind)).key("state").string(name_of(r.state));
  write_time_or_null(out, "since", r.since == WallTime{} ? std::nullopt : std::optional(r.since));
  out.key("until").string(format_rfc3339(r.until));
  write_recovery_filters(out, r);
  out.key("examined").number(r.examined).key("redelivered").number(r.redelivered);
  out.key("progress").number(progress_of(r));
  out.key("created_at").string(format_rfc3339(r.created_at));
  return out.key("updated_at").string(format_rfc3339(r.updated_at));
}

}  // namespace limehook::api
