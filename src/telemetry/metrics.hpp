#pragma once
// The metrics of the process, in Prometheus' text format at /metrics. Any thread may count.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <string>

#include "base/time.hpp"
#include "model/delivery.hpp"

namespace limehook::telemetry {

// The place in Metrics::refused after those of http_server::Refusal.
inline constexpr std::size_t kRefusedByRate = 9;

class Metrics {
 public:
  Metrics();

  std::string text() const;

 private:
  prometheus::Registry registry_;

 public:
  prometheus::Counter& events_accepted;
  prometheus::Counter& events_duplicate;
  prometheus::Counter& events_refused;  // answered with 503
  prometheus::Counter& deliveries_delivered;
  prometheus::Counter& deliveries_failed;
  prometheus::Counter& deliveries_canceled;
  prometheus::Counter& deliveries_retrying;  // attempts that failed and will be followed by another
  std::array<prometheus::Counter*, kAttemptOutcomeCount> attempts;  // by outcome
  prometheus::Histogram& attempt_duration;
  prometheus::Gauge& backlog;    // open deliveries
  prometheus::Gauge& in_flight;  // attempts under way
  prometheus::Histogram& commit_duration;
  prometheus::Counter& commit_failures;
  prometheus::Gauge& store_bytes;
  prometheus::Counter& clock_steps;  // of the system's wall clock
  prometheus::Counter& mails_sent;
  prometheus::Counter& mails_failed;                             // given up
  prometheus::Gauge& connections;                                // of the HTTP server
  prometheus::Gauge& polls_waiting;                              // requests that wait for a webhook's next event
  prometheus::Gauge& update_streams;                             // open streams of live updates
  std::array<prometheus::Counter*, kRefusedByRate + 1> refused;  // callers, by http_server::Refusal, and by rate
  std::array<prometheus::Counter*, 6> responses;                 // of the HTTP server, by the status' first digit
};

inline double seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

}  // namespace limehook::telemetry
