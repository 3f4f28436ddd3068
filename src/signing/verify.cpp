#include <charconv>
#include <chrono>

#include "signing/ed25519.hpp"
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
      return "no signature matches this key and body";
  }
  return "unknown";
}

namespace {

std::expected<void, VerifyError> check_headers(const StandardHeaders& headers, WallTime now) {
  if (headers.id.empty() || headers.timestamp.empty() || headers.signature.empty()) {
    return std::unexpected(VerifyError::MissingHeader);
  }
  std::int64_t timestamp = 0;
  const char* const end = headers.timestamp.data() + headers.timestamp.size();
  const auto parsed = std::from_chars(headers.timestamp.data(), end, timestamp);
  if (parsed.ec != std::errc() || parsed.ptr != end || timestamp < 0) {
    return std::unexpected(VerifyError::BadTimestamp);
  }
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (timestamp < now_seconds - kTimestampToleranceSeconds) return std::unexpected(VerifyError::TimestampTooOld);
  if (timestamp > now_seconds + kTimestampToleranceSeconds) return std::unexpected(VerifyError::TimestampInFuture);
  return {};
}

// Does one of the signatures in `list`, which have spaces between them, satisfy `genuine`?
std::expected<void, VerifyError> find_genuine(std::string_view list, auto&& genuine) {
  while (!list.empty()) {
    const auto space = list.find(' ');
    if (genuine(list.substr(0, space))) return {};
    list.remove_prefix(space == std::string_view::npos ? list.size() : space + 1);
  }
  return std::unexpected(VerifyError::NoMatch);
}

}  // namespace

std::expected<void, VerifyError> verify_standard(std::string_view secret, const StandardHeaders& headers,
                                                 std::string_view body, WallTime now) {
  if (auto checked = check_headers(headers, now); !checked) return checked;
  const auto key = standard_key(secret);
  if (!key) return std::unexpected(VerifyError::NoMatch);
  const auto expected = "v1," + base64(HmacSha256(*key).mac({headers.id, ".", headers.timestamp, ".", body}));
  return find_genuine(headers.signature, [&](std::string_view one) { return equal_constant_time(one, expected); });
}

std::expected<void, VerifyError> verify_standard_ed25519(std::string_view public_key, const StandardHeaders& headers,
                                                         std::string_view body, WallTime now) {
  if (auto checked = check_headers(headers, now); !checked) return checked;
  std::string message(headers.id);
  message.append(".").append(headers.timestamp).append(".").append(body);
  return find_genuine(headers.signature, [&](std::string_view one) {
    constexpr std::string_view kVersion = "v1a,";
    if (!one.starts_with(kVersion)) return false;
    const auto signature = base64_decode(one.substr(kVersion.size()));
    return signature && verify_ed25519(public_key, message, *signature);
  });
}

bool verify_limecall(std::string_view secret, std::string_view signature, std::string_view body) {
  return equal_constant_time(signature, hex(HmacSha256(secret).mac({body})));
}

}  // namespace limehook::signing
