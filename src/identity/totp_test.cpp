#include "identity/totp.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <set>

namespace limehook::identity {
namespace {

using testing::MatchesRegex;

// "12345678901234567890", the secret of RFC 6238, appendix B, in base 32.
constexpr std::string_view kSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// Goal: the vectors of RFC 6238, appendix B (SHA-1; the last six of the eight digits there).
TEST(Totp, HasTheCodesOfTheRfc) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> kVectors{{{59, "287082"},
                                                                               {1111111109, "081804"},
                                                                               {1111111111, "050471"},
                                                                               {1234567890, "005924"},
                                                                               {2000000000, "279037"},
                                                                               {20000000000, "353130"}}};
  for (const auto& [seconds, code] : kVectors) {
    EXPECT_EQ(totp_step(kSecret, code, at(seconds), -1), seconds / 30) << seconds;
  }
}

// Goal: a code counts one step early and one late, no further. Method: the code of second 1111111111 at other times.
TEST(Totp, CountsWithinOneStep) {
  constexpr std::int64_t kStep = 1111111111 / 30;
  const auto given_at = [](std::int64_t seconds) { return totp_step(kSecret, "050471", at(seconds), -1); };
  EXPECT_EQ(given_at((kStep - 1) * 30 - 1), std::nullopt);
  EXPECT_EQ(given_at((kStep - 1) * 30), kStep);
  EXPECT_EQ(given_at((kStep + 2) * 30 - 1), kStep);
  EXPECT_EQ(given_at((kStep + 2) * 30), std::nullopt);
}

// Goal: a code is good once. Method: give it again, and the one before it, after the step was used.
TEST(Totp, RefusesAReplay) {
  constexpr std::int64_t kStep = 1111111111 / 30;
  EXPECT_EQ(totp_step(kSecret, "050471", at(1111111111), kStep - 1), kStep);
  EXPECT_EQ(totp_step(kSecret, "050471", at(1111111111), kStep), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, "050471", at(1111111111), kStep + 5), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, "081804", at(1111111111), kStep), std::nullopt);
}

// Goal: what is no code, or no secret, is refused and breaks nothing. Method: a table.
TEST(Totp, RefusesWhatIsNoCode) {
  for (const std::string_view code : {"", "0", "05047", "0504711", "050472", "05047a", "-50471", "+50471", "0x0471",
                                      "      ", "05.0471", "\xD9\xA0\xD9\xA5\xD9\xA0", "050471\n"}) {
    EXPECT_EQ(totp_step(kSecret, code, at(1111111111), -1), std::nullopt) << code;
  }
  EXPECT_EQ(totp_step(kSecret, std::string_view("05047\0", 6), at(1111111111), -1), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, std::string(1 << 20, '0'), at(1111111111), -1), std::nullopt);
  for (const std::string_view secret : {"", "1", "!!!!!!!!", "GEZDGNBV1"}) {
    EXPECT_EQ(totp_step(secret, "050471", at(1111111111), -1), std::nullopt) << secret;
  }
}

TEST(Totp, TakesSpacesAsAppsShowThem) {
  EXPECT_EQ(totp_step(kSecret, "050 471", at(1111111111), -1), 1111111111 / 30);
  EXPECT_EQ(totp_step(kSecret, " 050471 ", at(1111111111), -1), 1111111111 / 30);
}

TEST(Totp, LivesWithAnyClock) {
  for (const auto now : {WallTime::min(), WallTime::max(), at(-1), at(0)}) {
    EXPECT_EQ(totp_step(kSecret, "999999", now, -1), std::nullopt);
  }
  EXPECT_EQ(totp_step(kSecret, "755224", at(0), -1), 0);  // RFC 4226, appendix D, count 0
}

TEST(Totp, SecretsHave160RandomBits) {
  std::set<std::string> secrets;
  for (int i = 0; i < 100; ++i) {
    const auto secret = generate_totp_secret();
    EXPECT_THAT(secret, MatchesRegex("[A-Z2-7]{32}"));
    EXPECT_EQ(totp_step(secret, "", at(0), -1), std::nullopt);
    secrets.insert(secret);
  }
  EXPECT_EQ(secrets.size(), 100u);
}

// Goal: names cannot break the URI apart. Method: signs that mean something in a URI, and a colon.
TEST(Totp, TheUriIsEncoded) {
  EXPECT_EQ(
      totp_uri("ABC234", "ann@example.com", "Limehook"),
      "otpauth://totp/Limehook:ann%40example.com?secret=ABC234&issuer=Limehook&algorithm=SHA1&digits=6&period=30");
  EXPECT_EQ(totp_uri("ABC234", "a&secret=b#c/d:e", "Ä B?"),
            "otpauth://totp/%C3%84%20B%3F:a%26secret%3Db%23c%2Fd%20e?secret=ABC234&issuer=%C3%84%20B%3F&algorithm=SHA1&"
            "digits=6&period=30");
}

TEST(RecoveryCodes, AreTenThatDiffer) {
  const auto codes = generate_recovery_codes();
  EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), 10u);
  for (const auto& code : codes) {
    EXPECT_THAT(code, MatchesRegex("[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}"));
  }
}

// Goal: a code is found as people may type it, and no other. Method: a table of forms of the second of three codes.
TEST(RecoveryCodes, AreFoundHoweverTheyAreTyped) {
  std::vector<RecoveryCodeHash> unused;
  for (const auto* code : {"7kq2-x9fm-04tc-hw8e", "0123-4567-89ab-cdef", "zzzz-zzzz-zzzz-zzzz"}) {
    unused.push_back(*recovery_code_hash(code));
  }
  for (const std::string_view form : {"0123-4567-89ab-cdef", "0123456789abcdef", " 0123 4567 89AB CDEF ",
                                      "OI23-4567-89ab-cdef", "ol23456789ABCDEF"}) {
    EXPECT_EQ(find_recovery_code(form, unused), 1u) << form;
  }
  for (const std::string_view form : {"", "-", "0123-4567-89ab-cde", "0123-4567-89ab-cdef0", "0123-4567-89ab-cdeg",
                                      "u123-4567-89ab-cdef", "0123_4567_89ab_cdef", "1123-4567-89ab-cdef"}) {
    EXPECT_EQ(find_recovery_code(form, unused), std::nullopt) << form;
  }
  EXPECT_EQ(find_recovery_code("0123-4567-89ab-cdef", {}), std::nullopt);
  EXPECT_EQ(recovery_code_hash(std::string(1 << 20, '0')), std::nullopt);
}

}  // namespace
}  // namespace limehook::identity
