// Statistics over time.

#include <algorithm>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "base/limits.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

using std::chrono::seconds;

constexpr int kSeriesMax = 300;

struct Range {
  WallTime since;
  WallTime until;
};

Range range_of(const Call& call) {
  const WallTime now = runtime::now().wall;
  const WallTime until = call.time_parameter("until").value_or(now);
  const WallTime since = call.time_parameter("since").value_or(until - std::chrono::hours(24));
  if (since >= until) throw Fault{invalid({{"/since", "must be before until"}})};
  return {since, until};
}

// The shortest buckets that there are of webhooks for all of the range.
Duration shortest_of_webhooks(const Range& range) {
  const bool recent = range.since >= runtime::now().wall - limits::kStatsMinutesShown;
  return recent ? Duration(seconds(60)) : seconds(3600);
}

// The shortest bucket from `shortest` up with which the series stays short.
Duration bucket_width(const Range& range, Duration shortest) {
  for (const int width : {60, 300, 900, 3600, 6 * 3600}) {
    if (seconds(width) >= shortest && (range.until - range.since) / seconds(width) < kSeriesMax) return seconds(width);
  }
  return std::chrono::hours(24);
}

void write_counts(JsonWriter& out, const StatsCounts& counts) {
  out.key("attempts")
      .number(std::int64_t{counts.attempts})
      .key("attempts_failed")
      .number(std::int64_t{counts.attempts_failed});
  out.key("delivered").number(std::int64_t{counts.delivered}).key("failed").number(std::int64_t{counts.failed});
  out.key("success_rate");
  if (const double ended = counts.delivered + static_cast<double>(counts.failed); ended > 0)
    out.number(counts.delivered / ended);
  else out.null();
  out.key("latency_ms");
  const bool any = std::ranges::any_of(counts.latency.counts, [](std::uint32_t n) { return n != 0; });
  if (!any) {
    out.null();
    return;
  }
  out.begin_object();
  for (const auto& [name, q] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}) {
    out.key(name).number(counts.latency.quantile_ms(q));
  }
  out.end_object();
}

// Writes all members but the last brace. `buckets` are not longer than `width`.
void write_stats(JsonWriter& out, const Range& range, Duration width, const StatsSeries& buckets) {
  StatsCounts totals;
  StatsSeries series;
  for (const auto& [start, counts] : buckets) {
    totals.merge(counts);
    series[bucket_start(start, width)].merge(counts);
  }
  out.key("since").string(format_rfc3339(range.since)).key("until").string(format_rfc3339(range.until));
  out.key("bucket_seconds").number(std::int64_t{width / seconds(1)});
  write_counts(out.key("totals").begin_object(), totals);
  out.end_object().key("series").begin_array();
  for (const auto& [at, counts] : series) {
    write_counts(out.begin_object().key("at").string(format_rfc3339(at)), counts);
    out.end_object();
  }
  out.end_array();
}

// A bucket that the range begins within counts whole. `ids` as for Store::list_stats(), ascending.
asio::awaitable<StatsSeries> read_stats(runtime::Engine& engine, std::vector<WebhookId> ids, Duration width,
                                        Range range) {
  const WallTime since = bucket_start(range.since, width);
  auto series = co_await engine.read([ids, width, since, range](const store::Store& store) {
    return store.list_stats(ids, width, since, range.until);
  });
  engine.unsaved_stats().merge_into(series, ids, width, since, range.until);
  co_return series;
}

}  // namespace

asio::awaitable<Response> Api::get_webhook_stats(const Call& call) {
  const auto webhook = visible_webhook(call);
  const Range range = range_of(call);
  const Duration shortest = shortest_of_webhooks(range);
  const auto buckets = co_await read_stats(engine_, {webhook->id}, shortest, range);
  JsonWriter out;
  out.begin_object();
  write_stats(out, range, bucket_width(range, shortest), buckets);
  out.key("backlog")
      .number(std::int64_t{engine_.view(webhook->id).value_or(delivery::WebhookView{}).backlog})
      .end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::get_stats(const Call& call) {
  const Range range = range_of(call);
  const auto team = call.team();
  const auto& shown = team ? engine_.webhook_index().of(*team) : engine_.webhook_index().all();
  std::vector<WebhookId> ids;  // none: the installation as a whole
  if (team) ids.assign(shown.begin(), shown.end());
  std::int64_t backlog = 0;
  for (const WebhookId id : shown) backlog += engine_.view(id).value_or(delivery::WebhookView{}).backlog;
  const Duration shortest = team ? shortest_of_webhooks(range) : seconds(60);
  StatsSeries buckets;
  if (!team || !ids.empty()) buckets = co_await read_stats(engine_, std::move(ids), shortest, range);
  JsonWriter out;
  out.begin_object();
  write_stats(out, range, bucket_width(range, shortest), buckets);
  out.key("backlog").number(backlog).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
