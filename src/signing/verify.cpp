#include <charconv>
#include <chrono>

#include "signing/secret.hpp"
#include "signing/signing.hpp"

namespace limehook::signing {

std::string_view text_of(VerifyError error) {
  switch (error) {
    case VerifyError::MissingHeader:
      return "a webhook-id, webhook-timestamp or webhook-signature header is missing";
    case VerifyError::BadTimestamp:
      return "webhook-timestamp is not a number of seconds";
    case VerifyError::TimestampTooOld:
      return "webhook-timestamp is more than 5 minutes in the past";
    case VerifyError::TimestampInFuture:
      return "webhook-timestamp is more than 5 minutes in the future";
    case VerifyError::NoMatch:
      return "no signature matches this secret and body";
  }
  return "unknown";
}

std::expected<void, VerifyError> verify_standard(std::string_view secret, std::string_view webhook_id,
                                                 std::string_view webhook_timestamp, std::string_view webhook_signature,
                                                 std::string_view body, WallTime now) {
  if (webhook_id.empty() || webhook_timestamp.empty() || webhook_signature.empty()) {
    return std::unexpected(VerifyError::MissingHeader);
  }
  std::int64_t timestamp = 0;
  const char* const end = webhook_timestamp.data() + webhook_timestamp.size();
  const auto parsed = std::from_chars(webhook_timestamp.data(), end, timestamp);
  if (parsed.ec != std::errc() || parsed.ptr != end || timestamp < 0) {
    return std::unexpected(VerifyError::BadTimestamp);
  }
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (timestamp < now_seconds - kTimestampToleranceSeconds) return std::unexpected(VerifyError::TimestampTooOld);
  if (timestamp > now_seconds + kTimestampToleranceSeconds) return std::unexpected(VerifyError::TimestampInFuture);

  const auto key = standard_key(secret);
  if (!key) return std::unexpected(VerifyError::NoMatch);
  const auto expected = "v1," + base64(HmacSha256(*key).mac({webhook_id, ".", webhook_timestamp, ".", body}));
  while (!webhook_signature.empty()) {
    const auto space = webhook_signature.find(' ');
    if (equal_constant_time(webhook_signature.substr(0, space), expected)) return {};
    webhook_signature.remove_prefix(space == std::string_view::npos ? webhook_signature.size() : space + 1);
  }
  return std::unexpected(VerifyError::NoMatch);
}

bool verify_limecall(std::string_view secret, std::string_view signature, std::string_view body) {
  return equal_constant_time(signature, hex(HmacSha256(secret).mac({body})));
}

}  // namespace limehook::signing
