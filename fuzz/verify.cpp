// Input: id, timestamp, signatures, a line each, and a body. Property: verifying succeeds exactly when the signature of
// that id, time and body is among the ones given.

#include <charconv>

#include "fuzz_input.hpp"
#include "signing/signing.hpp"

using namespace limehook;
using namespace limehook::signing;
using fuzz::check;

namespace {

bool lists(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == wanted) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  static const KeyPair keys = generate_key_pair();
  constexpr std::int64_t kNow = 1'738'249'200;
  const WallTime now = from_us(kNow * 1'000'000);
  auto body = fuzz::text_of(data, size);
  StandardHeaders headers;
  headers.id = fuzz::take_line(body);
  headers.timestamp = fuzz::take_line(body);
  headers.signature = fuzz::take_line(body);
  const auto result = verify_standard(kSecret, headers, body, now);
  std::int64_t seconds = 0;
  const auto& time = headers.timestamp;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), seconds);
  const bool plain_time = error == std::errc() && end == time.data() + time.size();
  if (result) check(plain_time, "a timestamp is a number");
  const bool recent = seconds >= kNow - kTimestampToleranceSeconds && seconds <= kNow + kTimestampToleranceSeconds;
  if (plain_time && !headers.id.empty() && recent) {
    const Signer signer({.secret = kSecret, .private_key = keys.private_key});
    const auto own = headers_of(signer.sign(headers.id, seconds, body));
    const auto v1 = own.webhook_signature.substr(0, own.webhook_signature.find(' '));
    if (time == std::to_string(seconds)) {
      check(result.has_value() == lists(headers.signature, v1), "exactly the right signature verifies");
      const StandardHeaders right{headers.id, time, own.webhook_signature};
      check(verify_standard(kSecret, right, body, now).has_value(), "our own signature verifies");
      check(verify_standard_ed25519(keys.public_key, right, body, now).has_value(), "so does the asymmetric one");
    }
    check(verify_limecall(kSecret, own.limecall, body), "and that of the body alone");
  } else if (plain_time) {
    check(!result, "what is too old or has no id does not verify");
  }
  verify_limecall(kSecret, headers.signature, body);
  check(!verify_standard_ed25519(keys.public_key, headers, body, now), "nobody guesses a signature of a new key");
  if (!secret_problem(headers.signature)) Signer({.secret = headers.signature}).sign("msg_1", seconds, body);
  if (!public_key_problem(headers.signature)) public_key_pem(headers.signature);
  return 0;
}
