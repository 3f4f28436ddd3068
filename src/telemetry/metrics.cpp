#include "telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace limehook::telemetry {
namespace {

using prometheus::Histogram;

prometheus::Counter& counter(prometheus::Registry& r, const char* name, const char* help,
                             const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(r).Add(labels);
}

prometheus::Gauge& gauge(prometheus::Registry& r, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(r).Add({});
}

Histogram& histogram(prometheus::Registry& r, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(r).Add(
      {}, Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
                                      15, 30});
}

}  // namespace

Metrics::Metrics()
    : events_accepted(counter(registry_, "limehook_events_accepted_total", "Events accepted and durable.")),
      events_duplicate(
          counter(registry_, "limehook_events_duplicate_total", "Events recognised by their idempotency key.")),
      events_refused(
          counter(registry_, "limehook_events_refused_total", "Events refused because they could not be stored.")),
      deliveries_delivered(
          counter(registry_, "limehook_deliveries_delivered_total", "Deliveries acknowledged by a 2xx.")),
      deliveries_failed(counter(registry_, "limehook_deliveries_failed_total", "Deliveries given up.")),
      deliveries_canceled(
          counter(registry_, "limehook_deliveries_canceled_total",
                  "Deliveries canceled after an attempt, because their webhook was disabled or deleted.")),
      deliveries_retrying(counter(registry_, "limehook_deliveries_retrying_total",
                                  "Attempts that failed and are followed by another.")),
      attempt_duration(histogram(registry_, "limehook_attempt_duration_seconds", "Duration of attempts.")),
      backlog(gauge(registry_, "limehook_backlog_deliveries",
                    "Deliveries that are neither delivered, failed nor canceled.")),
      in_flight(gauge(registry_, "limehook_attempts_in_flight", "Attempts under way.")),
      commit_duration(histogram(registry_, "limehook_store_commit_duration_seconds", "Duration of store commits.")),
      commit_failures(counter(registry_, "limehook_store_commit_failures_total", "Store commits that failed.")),
      store_bytes(gauge(registry_, "limehook_store_bytes", "Size of the live data in the store.")),
      clock_steps(counter(registry_, "limehook_clock_steps_total",
                          "Times that the system's clock was set by more than five minutes.")),
      mails_sent(counter(registry_, "limehook_mails_sent_total", "E-mails that the mail server has taken.")),
      mails_failed(counter(registry_, "limehook_mails_failed_total", "E-mails given up.")),
      connections(gauge(registry_, "limehook_http_connections", "Open connections of the HTTP server.")),
      polls_waiting(gauge(registry_, "limehook_polls_waiting", "Requests that wait for a webhook's next event.")),
      update_streams(gauge(registry_, "limehook_update_streams", "Streams of live updates that are open.")) {
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    attempts[i] = &counter(registry_, "limehook_attempts_total", "Attempts by outcome.",
                           {{"outcome", std::string(name_of(static_cast<AttemptOutcome>(i)))}});
  }
  for (std::size_t i = 1; i < responses.size(); ++i) {
    responses[i] = &counter(registry_, "limehook_http_responses_total", "Answers of the HTTP server by status class.",
                            {{"status", std::to_string(i) + "xx"}});
  }
  static constexpr std::array kRefusals{
      "connections", "address_connections", "tls",     "malformed", "too_large", "timeout",
      "memory",      "descriptors",         "answers", "rate"};
  for (std::size_t i = 0; i < refused.size(); ++i) {
    refused[i] = &counter(registry_, "limehook_http_refused_total",
                          "Callers turned away by the HTTP server, by reason.", {{"reason", kRefusals[i]}});
  }
  responses[0] = responses[5];  // a status below 100 would be a fault of ours
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

}  // namespace limehook::telemetry
