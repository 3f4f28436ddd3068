// What is looked at from time to time: that nothing waits without need, that memory is bounded, and that the store and
// the core's memory say the same.

#include <algorithm>

#include "base/limits.hpp"
#include "sim/auditor.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;
using delivery::DeliveryState;

namespace {

constexpr Duration kReadPause = 1s;  // of a delivery whose body could not be read; it is not stored

}  // namespace

// ---- after each step ---------------------------------------------------------------------------------------

void Auditor::pumped(const delivery::Scheduler& core) {
  check(watch_due_.empty(), Promise::Watch, "who watches is told of the next event at once",
        watch_due_.empty() ? 0 : watch_due_.begin()->value);
  for (const auto& [id, must] : gone_) {
    const bool on_its_way = !must || is_being_saved(id) || !in_force(id) || !in_force(id)->enabled;
    check(on_its_way, Promise::Disabling, "a webhook that is gone is disabled", id.value);
  }
  gone_.clear();
  const delivery::SchedulerOptions& options = scenario_.options;
  check(core.body_bytes() <= options.queue.body_bytes_max + running_bytes_, Promise::Memory,
        "bodies in memory keep within their limit");
  const bool healthy = core.store_healthy();
  if (!healthy || !healthy_) healthy_since_ = now();
  healthy_ = healthy;
  const bool full = in_flight_total_ + tests_running_ >= options.queue.in_flight_max || bodies_loading_ > 0;
  if (full || full_) roomy_since_ = now();
  full_ = full;
}

void Auditor::read_store() {
  const std::uint64_t pages = open_.size() / scenario_.options.backlog.page + 3;
  check(++reads_in_vain_ < 10 * pages + 50, Promise::Quiet, "the store is not read over and over in vain");
}

// ---- now and then ------------------------------------------------------------------------------------------

// How long it may take from when something could start until it does.
Duration Auditor::patience() const {
  const Duration read = scenario_.read_latency_max + 20ms;
  Duration most = 10ms + 2 * read;
  if (scenario_.memory_is_short()) {  // two at a time, each time with a sweep through the store
    const auto open = static_cast<std::int64_t>(open_.size());
    const auto pages = open / static_cast<std::int64_t>(scenario_.options.backlog.page) + 3;
    most += (open + 2) * (pages * read + 2 * scenario_.commit_latency_max + 1s);
  }
  if (scenario_.read_failed > 0) most += 60s;
  return most;
}

// Whether nothing of its own kept a target from its next attempt since then.
bool Auditor::could_start(WebhookId webhook, bool fallback, MonotonicTime before) const {
  const auto found = places_.find({webhook, fallback});
  if (found == places_.end()) return true;
  const Place& place = found->second;
  return place.in_flight + place.tests == 0 && place.free_since <= before && place.rests_at_most_until <= before &&
         !place.may_be_open && place.failures == 0;
}

bool Auditor::is_overdue(const Known& delivery, MonotonicTime before) const {
  if (delivery.test || delivery.ended || delivery.running || delivery.holds_place || delivery.due > before) {
    return false;
  }
  if (delivery.skip_asked || delivery.given_up || !takes_deliveries(delivery.webhook)) return false;
  if (delivery.reopened && !scenario_.wall_is_true) return false;  // it is due by the wall clock
  const Webhook& webhook = *in_force(delivery.webhook);
  if (webhook.ordered != Ordering::None || webhook.rate_limit || changed_at_.at(webhook.id) > before) return false;
  if (!could_start(delivery.webhook, delivery.fallback, before)) return false;
  // What its other target holds back takes the places in memory, and so does what is to be canceled.
  const auto is_canceled = [&](DeliveryId id) {
    return known_.at(id).webhook == delivery.webhook && known_.at(id).given_up;
  };
  return !scenario_.memory_is_short() ||
         (could_start(delivery.webhook, !delivery.fallback, before) && std::ranges::none_of(open_, is_canceled));
}

void Auditor::patrol() {
  const MonotonicTime before = now() - patience();
  if (draining_ || healthy_since_ > before || !healthy_) return;
  // A node with places enough for all webhooks is never full.
  const auto targets = static_cast<int>(2 * scenario_.webhooks_max);
  const bool roomy = scenario_.options.queue.in_flight_max > 2 * targets;
  if (!roomy && (full_ || roomy_since_ > before)) return;
  for (const DeliveryId id : open_) {
    const Known& delivery = known_.at(id);
    if (!is_overdue(delivery, before)) continue;
    check(false, Promise::Isolation, "a delivery that may start waits for " + format_duration(now() - delivery.due),
          id.value);
  }
  marks_.hit("patrol");
}

void Auditor::check_health(const delivery::Scheduler& live, const delivery::Scheduler& rebuilt, WebhookId id) const {
  const auto before = *live.view(id), after = *rebuilt.view(id);
  check(before.failing_since == after.failing_since, Promise::Health, "it fails since when it did", id.value);
  check(before.failures_in_a_row == after.failures_in_a_row, Promise::Health, "as many failures count after a restart",
        id.value);
  const auto is_closed = [](const delivery::WebhookView& view) {
    return view.breaker == delivery::BreakerState::Closed;
  };
  check(is_closed(before) == is_closed(after), Promise::Health, "an open breaker is open after a restart", id.value);
  if (!is_closed(before)) marks_.hit("open breaker compared");
  if (!before.next_probe_at || !scenario_.wall_is_true) return;
  check(after.next_probe_at >= before.next_probe_at, Promise::Health, "a restart makes no probe come sooner", id.value);
}

void Auditor::compare(const delivery::Scheduler& live, const delivery::Scheduler& rebuilt) const {
  marks_.hit("rebuilt and compared");
  for (const WebhookPtr& webhook : live.webhooks()) {
    const WebhookPtr other = rebuilt.find_webhook(webhook->id);
    check(other && *other == *webhook, Promise::Restart, "webhooks are rebuilt as they were", webhook->id.value);
    check(live.open_deliveries(webhook->id) == rebuilt.open_deliveries(webhook->id), Promise::Restart,
          "as many deliveries are open after a restart", webhook->id.value);
    if (webhook->pushes()) check_health(live, rebuilt, webhook->id);
  }
  const auto entries = rebuilt.entries();
  for (const auto& entry : live.entries()) {
    const auto same = std::ranges::lower_bound(entries, entry.id, {}, &delivery::DispatchQueue::EntryView::id);
    if (same == entries.end() || same->id != entry.id || entry.test) continue;  // it waits in the store only
    const bool taken_away = known_.at(entry.id).stored_fallback && !known_.at(entry.id).fallback;  // that is not stored
    check(entry.attempts == same->attempts && entry.round_start == same->round_start &&
              (entry.fallback == same->fallback || runs(entry.state) || taken_away),
          Promise::Restart, "a delivery goes on where it was", entry.id.value);
    if (entry.state != DeliveryState::Waiting || !scenario_.wall_is_true) continue;
    if (known_.at(entry.id).retry_asked) continue;  // that a retry was made due by hand is not stored
    const MonotonicTime due = same->state == DeliveryState::Waiting ? same->due : now();
    const Duration later = entry.due - due;
    check(later <= kReadPause && (later >= 0s || entry.due <= now()), Promise::Restart, "a retry is due when it was",
          entry.id.value);
  }
}

Duration Auditor::time_to_end() const {
  const auto deliveries = static_cast<std::int64_t>(known_.size() + 200);
  Duration wait = 24h + 2min;  // the longest that a receiver may still ask for, and a start of the process
  std::map<WebhookId, std::int64_t> load;
  for (const auto& [id, delivery] : known_) ++load[delivery.webhook];
  Duration longest{};
  for (const auto& [id, count] : load) {
    const Webhook* webhook = in_force(id);
    const double rate = webhook ? webhook->rate_limit.value_or(1000) : 1000;
    const Duration each = 310ms + 2 * scenario_.read_latency_max +
                          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate));
    longest = std::max<Duration>(longest, (count + 200) * each);
  }
  const Duration node = deliveries * 310ms / scenario_.options.queue.in_flight_max;
  Duration sweeps{};
  if (scenario_.memory_is_short()) {
    const auto pages = static_cast<std::int64_t>(known_.size() / scenario_.options.backlog.page + 2);
    sweeps = deliveries * pages * (scenario_.read_latency_max + 20ms);
  }
  return wait + longest + node + sweeps + deliveries * scenario_.commit_latency_max;
}

}  // namespace limehook::sim
