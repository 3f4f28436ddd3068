// The members of a webhook that say how its deliveries are made.

#include <algorithm>
#include <array>

#include "base/email_address.hpp"
#include "model/webhook_member.hpp"

namespace limehook {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

void read_retry_schedule(MemberTarget& target, const json::value& value) {
  target.webhook.retry_schedule.reset();
  if (value.is_null()) return;
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() > limits::kRetryStepsMax) {
    return target.refuse("must be a list of 1 to " + std::to_string(limits::kRetryStepsMax) + " numbers of seconds");
  }
  constexpr auto kMin = seconds(limits::kRetryStepMin).count();
  constexpr auto kMax = seconds(limits::kRetryStepMax).count();
  auto& schedule = target.webhook.retry_schedule.emplace();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto step_seconds = json_integer((*list)[i]);
    if (!step_seconds || *step_seconds < kMin || *step_seconds > kMax) {
      target.errors.push_back({target.pointer + step(i), "must be a whole number of seconds from " +
                                                             std::to_string(kMin) + " to " + std::to_string(kMax)});
    } else {
      schedule.push_back(seconds(*step_seconds));
    }
  }
}

// A whole number within bounds; `otherwise` for null and for what is refused.
std::int64_t read_whole(MemberTarget& target, const json::value& value, std::int64_t low, std::int64_t high,
                        std::int64_t otherwise) {
  if (value.is_null()) return otherwise;
  const auto number = json_integer(value);
  if (number && *number >= low && *number <= high) return *number;
  target.refuse("must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return otherwise;
}

void read_timeout(MemberTarget& target, const json::value& value) {
  const auto ms =
      read_whole(target, value, milliseconds(limits::kAttemptTimeoutMin).count(),
                 milliseconds(limits::kAttemptTimeoutMax).count(), milliseconds(limits::kAttemptTimeout).count());
  target.webhook.timeout = milliseconds(ms);
}

void read_concurrency(MemberTarget& target, const json::value& value) {
  target.webhook.max_concurrency =
      static_cast<int>(read_whole(target, value, 1, limits::kConcurrencyMax, limits::kConcurrencyDefault));
}

void read_rate_limit(MemberTarget& target, const json::value& value) {
  target.webhook.rate_limit.reset();
  if (value.is_null()) return;
  json::error_code error;
  const double rate = value.is_number() ? value.to_number<double>(error) : 0;
  if (!error && rate >= limits::kRateLimitMin && rate <= limits::kRateLimitMax) {
    target.webhook.rate_limit = rate;
  } else {
    target.refuse("must be a number of requests per second from 0.01 to 10000");
  }
}

void read_ordered(MemberTarget& target, const json::value& value) {
  auto& ordered = target.webhook.ordered;
  ordered = Ordering::None;
  if (value.is_null() || value == json::value(false)) return;
  const auto text = text_in(value);
  if (value == json::value(true) || text == "webhook") ordered = Ordering::Webhook;
  else if (text == "call") ordered = Ordering::Call;
  else target.refuse(R"(must be false, "webhook" or "call")");
}

// As a whole number where it is one.
json::value rate_to_json(std::optional<double> rate) {
  if (!rate) return nullptr;
  const auto whole = static_cast<std::int64_t>(*rate);
  return static_cast<double>(whole) == *rate ? json::value(whole) : json::value(*rate);
}

json::value ordered_to_json(Ordering ordered) {
  if (ordered == Ordering::None) return false;
  return ordered == Ordering::Webhook ? "webhook" : "call";
}

void read_fallback_url(MemberTarget& target, const json::value& value) {
  target.webhook.fallback_url.clear();
  if (value.is_null()) return;
  const auto text = text_in(value);
  if (!text) return target.refuse("must be a string");
  target.webhook.fallback_url = *text;
  target.refuse_if(url_problem(*text, target.rules));
}

void read_mode(MemberTarget& target, const json::value& value) {
  target.webhook.mode = WebhookMode::Push;
  const auto text = text_in(value);
  if (text == "poll") target.webhook.mode = WebhookMode::Poll;
  else if (!value.is_null() && text != "push") target.refuse(R"(must be "push" or "poll")");
}

void read_notify_emails(MemberTarget& target, const json::value& value) {
  auto& emails = target.webhook.notify_emails;
  emails.clear();
  if (value.is_null()) return;
  const auto* list = value.if_array();
  if (list == nullptr || list->size() > limits::kNotifyEmailsMax) {
    return target.refuse("must be a list of at most " + std::to_string(limits::kNotifyEmailsMax) + " e-mail addresses");
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto text = text_in((*list)[i]);
    if (const auto problem = text ? email_problem(*text) : "must be a string") {
      target.errors.push_back({target.pointer + step(i), *problem});
    } else if (std::ranges::find(emails, *text) == emails.end()) {
      emails.emplace_back(*text);
    }
  }
}

json::value schedule_to_json(const std::optional<std::vector<Duration>>& schedule) {
  if (!schedule) return nullptr;
  json::array steps;
  for (const auto wait : *schedule) steps.push_back(std::chrono::floor<seconds>(wait).count());
  return steps;
}

}  // namespace

std::span<const MemberReader> delivery_members() {
  static constexpr std::array<MemberReader, 8> kMembers{{
      {"retry_schedule", read_retry_schedule},
      {"timeout_ms", read_timeout},
      {"max_concurrency", read_concurrency},
      {"rate_limit", read_rate_limit},
      {"ordered", read_ordered},
      {"fallback_url", read_fallback_url},
      {"mode", read_mode},
      {"notify_emails", read_notify_emails},
  }};
  return kMembers;
}

void add_delivery_members(json::object& out, const Webhook& webhook) {
  out["retry_schedule"] = schedule_to_json(webhook.retry_schedule);
  out["timeout_ms"] = std::chrono::floor<milliseconds>(webhook.timeout).count();
  out["max_concurrency"] = webhook.max_concurrency;
  out["rate_limit"] = rate_to_json(webhook.rate_limit);
  out["ordered"] = ordered_to_json(webhook.ordered);
  out["fallback_url"] = text_or_null(webhook.fallback_url);
  out["mode"] = webhook.mode == WebhookMode::Push ? "push" : "poll";
  out["notify_emails"] = texts_to_json(webhook.notify_emails);
}

}  // namespace limehook
