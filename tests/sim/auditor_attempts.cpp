// Attempts: whether each may begin when it does, and what follows from its end.

#include <algorithm>

#include "base/limits.hpp"
#include "sim/auditor.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;

// ---- places ------------------------------------------------------------------------------------------------

void Auditor::take_place(DeliveryId id, Known& delivery) {
  if (delivery.test) return;
  const Webhook& webhook = *in_force(delivery.webhook);
  delivery.holds_place = true;
  delivery.place_fallback = delivery.fallback;
  const bool kept = std::exchange(delivery.loaded, false);  // since its body was asked for
  Place& place = place_of(delivery);
  ++place.in_flight;
  const int most = scenario_.options.queue.in_flight_max;
  check(++in_flight_total_ <= most, Promise::Concurrency, "the node's concurrency holds");
  if (kept) return;
  check(place.in_flight <= webhook.max_concurrency, Promise::Concurrency, "a webhook's concurrency holds",
        delivery.webhook.value);
  check_pace(id, place, webhook);
  check_order(id, delivery, webhook);
}

void Auditor::check_pace(DeliveryId id, Place& place, const Webhook& webhook) {
  const bool hastened = std::ranges::any_of(asks_, [&](const auto& ask) {  // by a retry that is not answered yet
    return ask.second.retried && known_.at(*ask.second.retried).webhook == webhook.id;
  });
  if (webhook.rate_limit && place.rate == webhook.rate_limit) {
    const auto interval = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / *webhook.rate_limit));
    check(now() - place.started_at >= interval - 11ms, Promise::Rate, "a webhook's rate holds", webhook.id.value);
    marks_.hit("paced");
  }
  check(hastened || now() >= place.rest_until, Promise::Rate, "a webhook rests when its receiver asks for it",
        webhook.id.value);
  place.rate = webhook.rate_limit;
  place.started_at = now();
  if (place.failures < scenario_.options.queue.breaker.failures_max) return;
  check(place.in_flight == 1, Promise::Breaker, "an open breaker lets one probe pass at a time", webhook.id.value);
  check(hastened || now() >= place.probe_from, Promise::Breaker, "an open breaker pauses before a probe",
        webhook.id.value);
  place.probe = id;
  marks_.hit("probe");
}

void Auditor::check_order(DeliveryId id, const Known& delivery, const Webhook& webhook) const {
  if (webhook.ordered == Ordering::None || !webhook.fallback_url.empty()) return;
  const auto switched = switched_.find(delivery.webhook);
  auto older = switched == switched_.end() ? open_.begin() : open_.upper_bound(switched->second);
  for (; older != open_.end() && *older < id; ++older) {
    const Known& other = known_.at(*older);
    if (other.webhook != delivery.webhook || other.test || other.ended) continue;
    if (webhook.ordered == Ordering::Call && other.order_key != delivery.order_key) continue;
    if (other.made_later || other.reopened || other.skip_asked || other.fallback) continue;
    check(false, Promise::Order, "an ordered webhook gets what was accepted first", id.value);
  }
  marks_.hit("in order");
}

void Auditor::free_place(Known& delivery) {
  if (!std::exchange(delivery.holds_place, false)) return;
  Place& place = places_[{delivery.webhook, delivery.place_fallback}];
  --place.in_flight;
  place.free_since = now();
  --in_flight_total_;
}

// ---- beginnings --------------------------------------------------------------------------------------------

void Auditor::check_begin(DeliveryId id, const Known& delivery, const delivery::Scheduler& core) const {
  check(takes_deliveries(delivery.webhook), Promise::Enabled,
        "nothing is begun for a webhook that is disabled, polled or deleted", id.value);
  const bool refused = refused_ && (refused_->had_facts || now() < refused_->at + 1s);
  check(!refused, Promise::Loggable, "nothing is begun while the store takes nothing", id.value);
  check(core.unwritten_bytes().facts <= scenario_.options.journal_bytes_max, Promise::Loggable,
        "nothing is begun while too much waits to be stored", id.value);
  check(!draining_, Promise::Quiet, "nothing is begun while the process drains", id.value);
}

void Auditor::said(const delivery::BodiesWanted& output, const delivery::Scheduler& core) {
  moved();
  for (const DeliveryId id : output.deliveries) {
    Known& delivery = known(id);
    check(!delivery.holds_place, Promise::OneAttempt, "a body is loaded once at a time", id.value);
    delivery.loaded = false;
    ++bodies_loading_;
    check_begin(id, delivery, core);
    take_place(id, delivery);
  }
}

void Auditor::said(const delivery::StartAttempt& output, const delivery::Scheduler& core) {
  moved();
  const std::int64_t id = output.delivery.value;
  Known& delivery = known(output.delivery);
  check(!delivery.acknowledged, Promise::NoRepeat, "what was acknowledged is not sent again", id);
  check(!delivery.running, Promise::OneAttempt, "one attempt of a delivery at a time", id);
  check((is_open(delivery.status) && !delivery.ended) || delivery.retry_asked, Promise::Final,
        "nothing is sent of a closed delivery", id);
  check(output.number == delivery.attempts_made + 1, Promise::Logged, "an attempt has the next number", id);
  check(now() >= delivery.not_before, Promise::RetryTime, "a retry waits its time", id);
  check(*output.body == delivery.body, Promise::Body, "the body is what was accepted", id);
  check(output.test == delivery.test, Promise::Address, "a test is marked as one", id);
  if (!delivery.test) {
    check(takes_deliveries(delivery.webhook), Promise::Enabled,
          "nothing is sent to a webhook that is disabled, polled or deleted", id);
    if (!delivery.loaded) check_begin(output.delivery, delivery, core);
  }
  check(!output.fallback || delivery.fallback, Promise::Fallback, "the fallback comes after the schedule", id);
  take_place(output.delivery, delivery);
  const Webhook* webhook = in_force(delivery.webhook);
  check(output.fallback == (delivery.fallback && webhook && !webhook->fallback_url.empty()), Promise::Fallback,
        "the fallback is used once it is its turn", id);
  check(webhook && *output.webhook == *webhook, Promise::Address, "an attempt uses the webhook as it was saved last",
        id);
  check(webhook->team_id.empty() || webhook->team_id == delivery.team_id, Promise::Address, "teams are kept apart", id);
  delivery.running = true;
  running_bytes_ += delivery.body.size();
  tests_running_ += delivery.test;
  places_[{delivery.webhook, false}].tests += delivery.test;
  delivery.retry_owed = false;
  for (auto& [ticket, ask] : asks_) {
    if (ask.retried == output.delivery) ask.retry_served = true;
  }
}

// ---- ends --------------------------------------------------------------------------------------------------

void Auditor::check_status(const Known& delivery, const delivery::AttemptObserved& output) const {
  const std::int64_t id = output.delivery.value;
  const DeliveryStatus status = output.status;
  const auto is = [&](DeliveryStatus expected, std::string_view what) {
    check(status == expected, Promise::Status, what, id);
  };
  if (delivery.succeeded) return is(DeliveryStatus::Delivered, "what was acknowledged is delivered");
  if (delivery.test) return is(DeliveryStatus::Failed, "a test that was not acknowledged has failed");
  if (output.attempt.http_status == 410) return is(DeliveryStatus::Failed, "what is gone has failed");
  const bool wanted = takes_deliveries(delivery.webhook);
  if (status == DeliveryStatus::Retrying) check(wanted, Promise::Status, "a retry is for a webhook that takes it", id);
  if (status == DeliveryStatus::Canceled) {
    check(!wanted || delivery.skip_asked, Promise::Status, "nothing is canceled unasked", id);
  }
  if (status == DeliveryStatus::Failed && !delivery.reopened) {
    const auto& own = output.webhook->retry_schedule;
    const auto steps = (own ? *own : scenario_.options.retry_schedule).size();
    check(static_cast<std::size_t>(output.attempt.number - delivery.fallback_from) > steps, Promise::Schedule,
          "a delivery has all its attempts before it fails", id);
  }
  check(status != DeliveryStatus::Delivered && status != DeliveryStatus::Pending, Promise::Status,
        "a failed attempt delivers nothing", id);
}

void Auditor::schedule_retry(Known& delivery, const delivery::AttemptObserved& output) {
  const std::int64_t id = output.delivery.value;
  const auto& own = output.webhook->retry_schedule;
  const auto& schedule = own ? *own : scenario_.options.retry_schedule;
  const auto step = static_cast<std::size_t>(output.attempt.number - 1 - delivery.fallback_from);
  delivery.due = delivery.ended_at + *output.retry_in;
  if (*output.retry_in == Duration(0) && !delivery.fallback && !output.webhook->fallback_url.empty()) {
    check(delivery.reopened || step >= schedule.size(), Promise::Fallback, "the fallback comes after the schedule", id);
    delivery.fallback = true;
    delivery.fallback_from = output.attempt.number;
    delivery.not_before = delivery.ended_at;
    marks_.hit("fallback");
    return;
  }
  check(delivery.reopened || step < schedule.size(), Promise::Schedule, "the schedule ends", id);
  Duration shortest = delivery.reopened ? *std::ranges::min_element(schedule) : schedule[step];
  Duration longest = delivery.reopened ? *std::ranges::max_element(schedule) : schedule[step];
  if (delivery.retry_after) {
    const Duration asked = std::min<Duration>(*delivery.retry_after, limits::kRetryAfterMax);
    shortest = std::max(shortest, asked);
    longest = std::max(longest, asked);
  }
  check(*output.retry_in <= longest, Promise::RetryTime, "a retry is due when its wait is over", id);
  delivery.not_before = delivery.ended_at + shortest;
}

void Auditor::said(const delivery::AttemptObserved& output) {
  Known& delivery = known(output.delivery);
  if (output.webhook->fallback_url.empty()) delivery.fallback = false;  // taken away meanwhile
  check_status(delivery, output);
  if (output.retry_in) schedule_retry(delivery, output);
  check(is_open(output.status) == output.retry_in.has_value(), Promise::Status, "what is open has a time for its retry",
        output.delivery.value);
  if (!is_open(output.status)) delivery.ended = true;
  if (output.status == DeliveryStatus::Canceled) marks_.hit("canceled while running");
}

void Auditor::said(const delivery::HeldTooLong& output) {
  Known& delivery = known(output.delivery);
  const Place& place = place_of(delivery);
  check(place.may_be_open, Promise::Breaker, "only a breaker holds a delivery back until it fails",
        output.delivery.value);
  delivery.retry_owed = false;
  if (is_open(output.status)) {
    delivery.fallback = true;
    delivery.fallback_from = delivery.attempts_made;
    delivery.due = now();
  } else {
    delivery.ended = true;
  }
  marks_.hit("held too long");
}

// ---- how webhooks fare -------------------------------------------------------------------------------------

void Auditor::check_disabling(const Webhook& webhook) const {
  if (gone_.contains(webhook.id)) return;
  marks_.hit("disabled after long failure");
  if (!scenario_.wall_is_true) return;  // it is stored by the wall clock since when a webhook fails
  check(now() - worked_at_.at(webhook.id) >= scenario_.options.disable_after, Promise::Disabling,
        "a webhook is disabled after failing for long enough", webhook.id.value);
}

void Auditor::said(const delivery::Notice& output) {
  marks_.hit(name_of(output.type));
  if (output.type != EventType::WebhookDisabled) return;
  check_disabling(*output.webhook);
  gone_.erase(output.webhook->id);
  check(!watched_.contains(output.webhook->id), Promise::Watch, "a change of a webhook ends its watch",
        output.webhook->id.value);
  put_in_force(*output.webhook);
}

}  // namespace limehook::sim
