// GET /v1/settings: how this server was started, as far as forms and people need to know. Never a secret.

#include <fmt/format.h>

#include "api/api.hpp"
#include "api/json_writer.hpp"

namespace limehook::api {
namespace {

std::int64_t in_seconds(Duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }
std::int64_t in_milliseconds(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

JsonWriter& count(JsonWriter& out, std::string_view name, std::size_t value) {
  return out.key(name).number(static_cast<std::int64_t>(value));
}

// Of options where 0 stands for no limit.
JsonWriter& count_or_null(JsonWriter& out, std::string_view name, std::uint64_t value) {
  return value == 0 ? out.key(name).null() : count(out, name, value);
}

void write_texts(JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
  out.key(name).begin_array();
  for (const std::string& text : texts) out.string(text);
  out.end_array();
}

// What a webhook has that says nothing else.
void write_defaults(JsonWriter& out, const Config& config) {
  out.key("webhook_defaults").begin_object().key("retry_schedule").begin_array();
  for (const Duration step : config.retry_schedule) out.number(in_seconds(step));
  out.end_array().key("timeout_ms").number(in_milliseconds(config.timeout));
  out.key("max_concurrency").number(std::int64_t{Webhook{}.max_concurrency});
  out.key("secret_overlap_seconds").number(in_seconds(limits::kSecretOverlap));
  out.key("disabled_after_seconds").number(in_seconds(config.disable_after)).end_object();
}

void write_limits(JsonWriter& out) {
  out.key("limits").begin_object();
  count(out, "payload_bytes_max", limits::kEventBytesMax);
  count(out, "batch_events_max", limits::kBatchEventsMax);
  count(out, "batch_bytes_max", limits::kBatchBytesMax);
  count(out, "name_characters_max", limits::kNameCharactersMax);
  count(out, "url_bytes_max", limits::kUrlBytesMax);
  count(out, "retry_steps_max", limits::kRetryStepsMax);
  out.key("retry_step_seconds_min").number(in_seconds(limits::kRetryStepMin));
  out.key("retry_step_seconds_max").number(in_seconds(limits::kRetryStepMax));
  out.key("timeout_ms_min").number(in_milliseconds(limits::kAttemptTimeoutMin));
  out.key("timeout_ms_max").number(in_milliseconds(limits::kAttemptTimeoutMax));
  out.key("max_concurrency_max").number(std::int64_t{limits::kConcurrencyMax});
  out.key("rate_limit_min").number(limits::kRateLimitMin).key("rate_limit_max").number(limits::kRateLimitMax);
  out.key("secret_overlap_seconds_max").number(in_seconds(limits::kSecretOverlapMax));
  count(out, "headers_max", limits::kHeadersMax);
  count(out, "numbers_max", limits::kNumbersMax);
  count(out, "notify_emails_max", limits::kNotifyEmailsMax);
  count(out, "filter_conditions_max", limits::kFilterConditionsMax);
  count(out, "payload_fields_max", limits::kPayloadFieldsMax);
  count(out, "template_bytes_max", limits::kTemplateBytesMax);
  count(out, "webhooks_per_team_max", limits::kWebhooksPerTeamMax);
  count(out, "test_receivers_per_team_max", limits::kTestReceiversPerTeamMax);
  out.end_object();
}

void write_retention(JsonWriter& out, const Config& config) {
  const auto seconds = [](Duration d) { return static_cast<std::uint64_t>(in_seconds(d)); };
  out.key("retention").begin_object();
  count_or_null(out, "log_seconds", seconds(config.retention));
  count_or_null(out, "log_bytes", config.retention_bytes);
  count_or_null(out, "audit_seconds", seconds(config.audit_retention)).end_object();
}

void write_features(JsonWriter& out, const Config& config, bool test_receivers) {
  out.key("features").begin_object();
  out.key("http_urls").boolean(config.allow_http).key("private_networks").boolean(!config.allow_nets.empty());
  out.key("mail").boolean(config.smtp.has_value()).key("single_sign_on").boolean(!config.oidc_issuer.empty());
  out.key("tls").boolean(config.tls_cert.has_value()).key("test_receivers").boolean(test_receivers).end_object();
}

// For those who run the server. Passwords, keys and what they are in stay out.
void write_server(JsonWriter& out, const Config& config, std::string_view address, store::SizeInfo size) {
  out.key("server").begin_object();
  out.key("listen").string(address).key("data").string(std::filesystem::absolute(config.data).string());
  count(out, "store_bytes_used", size.bytes_used);
  count(out, "store_bytes_file", size.bytes_file);
  write_texts(out, "allow_nets", config.allow_nets);
  out.key("allow_ports").begin_array();
  for (const auto port : config.allow_ports) out.number(std::int64_t{port});
  out.end_array();
  write_texts(out, "trusted_proxies", config.trusted_proxies);
  const auto& proxy = config.proxy;
  out.key("proxy").string_or_null(proxy ? fmt::format("{}:{}", proxy->host, proxy->port) : "");
  const auto& smtp = config.smtp;
  out.key("mail_server").string_or_null(smtp ? fmt::format("{}:{}", smtp->host, smtp->port) : "");
  out.key("mail_from").string_or_null(config.smtp_from).key("oidc_issuer").string_or_null(config.oidc_issuer);
  out.key("external_secret_key").boolean(config.secret_keys.is_external());
  count(out, "connections_max", config.connections_max);
  count(out, "connections_per_address_max", config.connections_per_address);
  count(out, "attempts_max", config.in_flight_max);
  count(out, "memory_bytes_max", config.memory_bytes_max);
  out.key("request_rate");
  if (config.request_rate > 0) out.number(config.request_rate);
  else out.null();
  out.key("session_idle_seconds").number(in_seconds(config.session_idle));
  out.key("session_max_seconds").number(in_seconds(config.session_age)).end_object();
}

}  // namespace

asio::awaitable<Response> Api::get_settings(const Call& call) {
  const Config& config = options_.config;
  JsonWriter out;
  out.begin_object().key("version").string(options_.version).key("public_url").string(sign_in_.public_url);
  write_defaults(out, config);
  write_limits(out);
  write_retention(out, config);
  write_features(out, config, test_receiver_urls_.any());
  if (call.principal.is(Role::Admin)) {
    const auto size = co_await engine_.read([](const store::Store& store) { return store.size(); });
    write_server(out, config, sign_in_.address, size);
  } else {
    out.key("server").null();
  }
  out.end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
