#include "app/demo_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/phone_traffic.hpp"
#include "app/terminal.hpp"
#include "app/time_flag.hpp"

namespace limehook::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 200;
constexpr std::size_t kPrintedMax = 20'000;

std::int64_t integer_member(const json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(json::string_view(name.data(), name.size()));
  json::error_code error;
  const auto value = member == nullptr ? 0 : member->to_number<std::int64_t>(error);
  return error ? 0 : value;
}

// The number outside the business.
std::string number_of(const json::object& delivery) {
  const auto* const payload = delivery.if_contains("payload");
  if (payload == nullptr || !payload->is_object()) return "";
  const auto& event = payload->get_object();
  for (const char* const name : {"caller_number", "callee_number", "sender_number", "receiver_number"}) {
    const auto number = text_member(event, name);
    if (!number.empty() && !PhoneTraffic::is_business_number(number)) return number;
  }
  return "";
}

std::string result_of(const json::object& attempt) {
  const auto* const response = attempt.if_contains("response");
  if (response == nullptr || !response->is_object()) return text_member(attempt, "outcome");
  return text_member(response->get_object(), "status");
}

bool has_ended(std::string_view status) { return status == "delivered" || status == "failed" || status == "canceled"; }

std::string next_step(const json::object& delivery, WallTime now) {
  const auto status = text_member(delivery, "status");
  if (status == "failed" || status == "canceled") return paint(Color::Red, status);
  const auto next = parse_rfc3339(text_member(delivery, "next_attempt_at"));
  if (!next || status != "retrying") return "";
  const auto wait = std::max(std::chrono::round<std::chrono::seconds>(*next - now), std::chrono::seconds(0));
  return paint(Color::Yellow, fmt::format("next in {}", format_duration(wait)));
}

}  // namespace

DemoLog::DemoLog(ApiClient& client, std::map<std::string, std::string> webhook_names, Ended ended)
    : client_(client),
      webhook_names_(std::move(webhook_names)),
      ended_(std::move(ended)),
      follower_(
          [&client](const std::string& target) -> ApiResult<json::value> {
            auto answer = client.get(target);
            if (!answer) return std::unexpected(std::move(answer.error()));
            return std::move(answer->json);
          },
          "/v1/deliveries", kPage) {}

std::optional<ApiFailure> DemoLog::start() {
  const auto rows = follower_.start();
  if (!rows) return rows.error();
  for (const auto& row : *rows) printed_attempts_[text_member(row, "id")] = integer_member(row, "attempt_count");
  return std::nullopt;
}

std::optional<ApiFailure> DemoLog::poll() {
  const auto rows = follower_.poll();
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    if (auto failure = show(row)) return failure;
  }
  while (printed_attempts_.size() > kPrintedMax) printed_attempts_.erase(printed_attempts_.begin());
  return std::nullopt;
}

std::optional<ApiFailure> DemoLog::show(const json::object& row) {
  const auto id = text_member(row, "id");
  if (has_ended(text_member(row, "status"))) count(row);
  auto& printed = printed_attempts_[id];
  if (integer_member(row, "attempt_count") <= printed) return std::nullopt;
  const auto answer = client_.get("/v1/deliveries/" + id);
  if (!answer) return answer.error().status == 404 ? std::nullopt : std::optional(answer.error());
  const auto& delivery = answer->json.as_object();
  const auto& attempts = delivery.at("attempts").as_array();
  for (const auto& attempt : attempts) {
    const auto number = integer_member(attempt.as_object(), "number");
    if (number <= printed) continue;
    print_attempt(delivery, attempt.as_object(), &attempt == &attempts.back());
    printed = number;
  }
  return std::nullopt;
}

void DemoLog::print_attempt(const json::object& delivery, const json::object& attempt, bool last) {
  const auto at = parse_rfc3339(text_member(attempt, "at")).value_or(wall_now());
  const bool good = text_member(attempt, "error").empty();
  const auto webhook = webhook_names_.find(text_member(delivery, "webhook_id"));
  const auto name = webhook == webhook_names_.end() ? text_member(delivery, "webhook_id") : webhook->second;
  const auto* const duration = attempt.if_contains("duration_ms");
  json::error_code ignored;
  const auto ms = duration == nullptr ? 0.0 : duration->to_number<double>(ignored);
  const auto next = last ? next_step(delivery, wall_now()) : "";
  print_line(fmt::format(
      "{}  {}  {}  {}  attempt {}  {}  {:>6.0f} ms{}{}", local_clock(at), padded(text_member(delivery, "event"), 18),
      padded(number_of(delivery), 12), padded(printable(shortened(name, 16)), 16), text_member(attempt, "number"),
      paint(good ? Color::Green : Color::Red, padded(result_of(attempt), 15)), ms, next.empty() ? "" : "  ", next));
}

void DemoLog::count(const json::object& delivery) {
  const auto status = text_member(delivery, "status");
  if (status == "delivered") {
    ++counts_.delivered;
    if (integer_member(delivery, "attempt_count") > 1) ++counts_.delivered_after_retry;
  } else if (status == "failed") {
    ++counts_.failed;
  } else {
    ++counts_.canceled;
  }
  ended_(text_member(delivery, "event_id"));
}

}  // namespace limehook::app
