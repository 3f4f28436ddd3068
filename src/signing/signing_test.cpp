#include "signing/signing.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <set>

namespace limehook::signing {
namespace {

// The example of the Standard Webhooks libraries; the MACs were checked with `openssl dgst`.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kTimestamp = 1614265330;
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kStandard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr std::string_view kLimecall = "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c";
// The base64 of the bytes 0 to 31.
constexpr std::string_view kOtherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::span<const unsigned char> bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

TEST(HmacSha256, GivesThePublishedMacs) {
  // Goal: RFC 4231, test cases 1, 2, 6 and the empty key and message.
  struct Case {
    std::string key;
    std::string data;
    std::string_view mac;
  };
  for (const auto& [key, data, mac] : std::initializer_list<Case>{
           {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
           {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
           {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
           {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
       }) {
    HmacSha256 hmac(key);
    EXPECT_EQ(hex(hmac.mac({data})), mac);
  }
}

TEST(HmacSha256, StartsAnewWithEachMessage) {
  // Goal: one prepared key serves any number of messages, however they are cut into parts; so does a moved one.
  HmacSha256 hmac("key");
  const auto first = hmac.mac({"abc"});
  EXPECT_NE(hmac.mac({"abd"}), first);
  EXPECT_EQ(hmac.mac({"a", "", "bc"}), first);
  HmacSha256 moved = std::move(hmac);
  EXPECT_EQ(moved.mac({"abc"}), first);
}

TEST(Hex, IsLowerCase) {
  // Goal: two lower-case digits per byte.
  EXPECT_EQ(hex(bytes_of(std::string_view("\x00\x0f\xA5\xff", 4))), "000fa5ff");
  EXPECT_EQ(hex({}), "");
}

TEST(Base64, GivesThePublishedTexts) {
  // Goal: RFC 4648, section 10, both ways.
  for (const auto& [bytes, text] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                            {"f", "Zg=="},
                                                                            {"fo", "Zm8="},
                                                                            {"foo", "Zm9v"},
                                                                            {"foob", "Zm9vYg=="},
                                                                            {"fooba", "Zm9vYmE="},
                                                                            {"foobar", "Zm9vYmFy"},
                                                                            {"\xfb\xff\xbf", "+/+/"}}) {
    EXPECT_EQ(base64(bytes_of(bytes)), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  // Goal: one text per value; no other alphabet, no missing padding, no left-over bits.
  for (const std::string_view text :
       {"Zg", "Zg=", "Z===", "Z", "Zm9v\n", "Zm 9", "-_-_", "Zh==", "Zm9=", "Zg==Zg==", "====", "=", "Zm=v"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

TEST(Secrets, GeneratedOnesAreGoodAndDifferent) {
  // Goal: what is generated satisfies the rule for secrets and never repeats.
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto secret = generate_secret();
    EXPECT_EQ(secret_problem(secret), std::nullopt);
    EXPECT_EQ(base64_decode(secret.substr(6))->size(), 32u);
    EXPECT_TRUE(seen.insert(secret).second);
  }
}

TEST(Secrets, GeneratedTokensAreUrlSafe) {
  // Goal: a token is its prefix and 43 base64url characters.
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto token = generate_token("lh_");
    EXPECT_EQ(token.size(), 3u + 43u);
    EXPECT_TRUE(token.starts_with("lh_"));
    EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(Secrets, ProblemsAreNamed) {
  // Goal: only "whsec_" and the base64 of 24 to 64 bytes passes.
  const auto of_size = [](std::size_t size) { return "whsec_" + base64(bytes_of(std::string(size, 'x'))); };
  for (const auto& good : {std::string(kSecret), std::string(kOtherSecret), of_size(24), of_size(64)}) {
    EXPECT_EQ(secret_problem(good), std::nullopt) << good;
  }
  const std::string digits(kSecret.substr(6));
  for (const auto& bad : {std::string(), std::string("whsec_"), of_size(23), of_size(65), digits, "WHSEC_" + digits,
                          std::string(kSecret) + " ", std::string("whsec_not base64 at all, but long enough")}) {
    EXPECT_TRUE(secret_problem(bad)) << bad;
  }
}

TEST(Signer, GivesTheStandardWebhooksVector) {
  // Goal: both signatures are exactly those that receivers compute.
  Signer signer({.secret = kSecret});
  const auto headers = headers_of(signer.sign(kId, kTimestamp, kBody));
  EXPECT_EQ(headers.limecall, kLimecall);
  EXPECT_EQ(headers.webhook_signature, kStandard);
  EXPECT_EQ(headers.limecall_previous, "");
}

TEST(Signer, SignsWithBothSecretsDuringARotation) {
  // Goal: the old secret signs too until the second in which it expires, and not from then on.
  Signer old_signer({.secret = kSecret});
  Signer new_signer({.secret = kOtherSecret});
  Signer signer(
      {.secret = kOtherSecret, .previous = {{kSecret, at(kTimestamp + 10) + std::chrono::milliseconds(500)}}});
  for (const std::int64_t timestamp : {kTimestamp, kTimestamp + 9}) {
    const auto old_headers = headers_of(old_signer.sign(kId, timestamp, kBody));
    const auto new_headers = headers_of(new_signer.sign(kId, timestamp, kBody));
    const auto headers = headers_of(signer.sign(kId, timestamp, kBody));
    EXPECT_EQ(headers.limecall, new_headers.limecall);
    EXPECT_EQ(headers.limecall_previous, old_headers.limecall);
    EXPECT_EQ(headers.webhook_signature, new_headers.webhook_signature + " " + old_headers.webhook_signature);
  }
  for (const std::int64_t timestamp : {kTimestamp + 10, kTimestamp + 1000}) {
    EXPECT_EQ(signer.sign(kId, timestamp, kBody), new_signer.sign(kId, timestamp, kBody));
  }
}

TEST(Signer, AttemptsWithoutSignaturesHaveNoHeaders) {
  // Goal: an attempt that never got as far as signing is shown without signature headers.
  const auto headers = headers_of("");
  EXPECT_EQ(headers.limecall + headers.limecall_previous + headers.webhook_signature, "");
}

TEST(VerifyStandard, AcceptsWhatWasSigned) {
  // Goal: a signature is found alone and among others, anywhere within the tolerance.
  const auto timestamp = std::to_string(kTimestamp);
  const std::string standard(kStandard);
  for (const std::string& signature :
       {standard, "v1,AAAA " + standard, standard + " v1,AAAA", "v1a,zzz  " + standard + " v2,yyy"}) {
    EXPECT_TRUE(verify_standard(kSecret, {kId, timestamp, signature}, kBody, at(kTimestamp))) << signature;
  }
  for (const int offset : {-300, 300}) {
    EXPECT_TRUE(verify_standard(kSecret, {kId, timestamp, standard}, kBody, at(kTimestamp + offset)));
  }
}

TEST(VerifyStandard, SaysWhyItRefuses) {
  // Goal: each mistake a receiver may meet has its own answer. Method: one thing wrong at a time.
  const auto verify = [](std::string_view secret, std::string_view id, std::string_view timestamp,
                         std::string_view signature, std::string_view body, std::int64_t now) {
    const auto result = verify_standard(secret, {id, timestamp, signature}, body, at(now));
    return result ? std::nullopt : std::optional(result.error());
  };
  const std::string timestamp = std::to_string(kTimestamp);
  const std::string changed = std::string(kStandard.substr(0, 10)) + "A" + std::string(kStandard.substr(11));
  using enum VerifyError;
  EXPECT_EQ(verify(kSecret, kId, timestamp, kStandard, kBody, kTimestamp), std::nullopt);
  EXPECT_EQ(verify(kSecret, "", timestamp, kStandard, kBody, kTimestamp), MissingHeader);
  EXPECT_EQ(verify(kSecret, kId, "", kStandard, kBody, kTimestamp), MissingHeader);
  EXPECT_EQ(verify(kSecret, kId, timestamp, "", kBody, kTimestamp), MissingHeader);
  for (const std::string_view bad : {"x", "1614265330x", "1614265330.5", "-1", " 1", "99999999999999999999"}) {
    EXPECT_EQ(verify(kSecret, kId, bad, kStandard, kBody, kTimestamp), BadTimestamp) << bad;
  }
  EXPECT_EQ(verify(kSecret, kId, timestamp, kStandard, kBody, kTimestamp + 301), TimestampTooOld);
  EXPECT_EQ(verify(kSecret, kId, timestamp, kStandard, kBody, kTimestamp - 301), TimestampInFuture);
  EXPECT_EQ(verify(kOtherSecret, kId, timestamp, kStandard, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify("not a secret", kId, timestamp, kStandard, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify(kSecret, "msg_other", timestamp, kStandard, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify(kSecret, kId, std::to_string(kTimestamp + 1), kStandard, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify(kSecret, kId, timestamp, kStandard.substr(3), kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify(kSecret, kId, timestamp, changed, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(verify(kSecret, kId, timestamp, kStandard, R"({"test":2432232314})", kTimestamp), NoMatch);
}

TEST(VerifyStandard, EveryErrorHasItsOwnText) {
  // Goal: the command line can tell people what is wrong.
  using enum VerifyError;
  std::set<std::string_view> texts;
  for (const auto error : {MissingHeader, BadTimestamp, TimestampTooOld, TimestampInFuture, NoMatch}) {
    EXPECT_TRUE(texts.insert(text_of(error)).second);
  }
}

// RFC 8032, section 7.1, test 2, as whsk_ and whpk_.
constexpr std::string_view kPrivateKey =
    "whsk_TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs9QBfD6EOJWpK3CqdNG368nJgszy7ElozAzVXxKvRmDA==";
constexpr std::string_view kPublicKey = "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

TEST(Ed25519, GivesThePublishedSignature) {
  // Goal: RFC 8032, section 7.1, test 2.
  EXPECT_EQ(hex(Ed25519Signer(kPrivateKey).sign("\x72")),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Ed25519, GeneratedPairsFitAndDiffer) {
  // Goal: what one key of a pair signs the other one verifies, and no other pair's.
  const auto one = generate_key_pair();
  const auto two = generate_key_pair();
  EXPECT_EQ(public_key_problem(one.public_key), std::nullopt);
  const auto headers =
      headers_of(Signer({.secret = kSecret, .private_key = one.private_key}).sign(kId, kTimestamp, ""));
  const auto timestamp = std::to_string(kTimestamp);
  const StandardHeaders received{kId, timestamp, headers.webhook_signature};
  EXPECT_TRUE(verify_standard_ed25519(one.public_key, received, "", at(kTimestamp)));
  EXPECT_EQ(verify_standard_ed25519(two.public_key, received, "", at(kTimestamp)).error(), VerifyError::NoMatch);
}

TEST(Ed25519, PublicKeysHaveAPemForm) {
  // Goal: OpenSSL reads the PEM as an Ed25519 key of the same bytes.
  const auto pem = public_key_pem(kPublicKey).value();
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  ASSERT_NE(key, nullptr) << pem;
  std::array<unsigned char, 32> bytes{};
  std::size_t size = bytes.size();
  EXPECT_EQ(EVP_PKEY_get_raw_public_key(key, bytes.data(), &size), 1);
  EXPECT_EQ("whpk_" + base64(bytes), kPublicKey);
  EVP_PKEY_free(key);
  BIO_free(bio);
  for (const std::string_view bad : {"", "whpk_", "whpk_AAAA", "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="}) {
    EXPECT_TRUE(public_key_problem(bad)) << bad;
    EXPECT_FALSE(public_key_pem(bad)) << bad;
  }
}

TEST(Signer, SignsWithEachSecretUntilItsOwnTimeIsOver) {
  // Goal: however many secrets were replaced, each signs until its own end, in whatever order these come; the plain
  // header has the last of those that were replaced and are not over.
  std::vector<std::string> secrets;
  for (int i = 0; i < 6; ++i) secrets.push_back(generate_secret());
  const auto alone = [&](std::size_t i) {
    return headers_of(Signer({.secret = secrets[i]}).sign(kId, kTimestamp, kBody));
  };
  constexpr std::array<int, 5> kEnds{3, 50, 0, 20, 1};  // seconds after kTimestamp - 1: 0 is over
  SigningKeys keys{.secret = secrets[0]};
  for (std::size_t i = 0; i < kEnds.size(); ++i) keys.previous.push_back({secrets[i + 1], at(kTimestamp + kEnds[i])});
  const auto headers = headers_of(Signer(keys).sign(kId, kTimestamp, kBody));
  std::string expected = alone(0).webhook_signature;
  for (std::size_t i = 0; i < kEnds.size(); ++i) {
    if (kEnds[i] > 0) expected += " " + alone(i + 1).webhook_signature;
  }
  EXPECT_EQ(headers.webhook_signature, expected);
  EXPECT_EQ(headers.limecall, alone(0).limecall);
  EXPECT_EQ(headers.limecall_previous, alone(1).limecall);
  keys.previous[0].expires_at = at(kTimestamp);
  EXPECT_EQ(headers_of(Signer(keys).sign(kId, kTimestamp, kBody)).limecall_previous, alone(2).limecall);
}

TEST(Signer, PutsTheWantedVersionsIntoTheStandardHeader) {
  // Goal: v1, v1a or both, each verifiable, X-LimeCall-Signature always; during a rotation the old secret's v1 too.
  const auto sign = [](SigningKeys keys) { return headers_of(Signer(keys).sign(kId, kTimestamp, kBody)); };
  const auto asymmetric = sign({.secret = kSecret, .v1 = false, .private_key = kPrivateKey});
  const auto both = sign({.secret = kSecret, .private_key = kPrivateKey});
  const auto rotating =
      sign({.secret = kOtherSecret, .previous = {{kSecret, at(kTimestamp + 1)}}, .private_key = kPrivateKey});
  EXPECT_TRUE(asymmetric.webhook_signature.starts_with("v1a,"));
  EXPECT_EQ(asymmetric.webhook_signature.find(' '), std::string::npos);
  EXPECT_EQ(both.webhook_signature, std::string(kStandard) + " " + asymmetric.webhook_signature);
  EXPECT_TRUE(rotating.webhook_signature.ends_with(
      " " + both.webhook_signature.substr(both.webhook_signature.find(' ') + 1) + " " + std::string(kStandard)));
  const auto timestamp = std::to_string(kTimestamp);
  for (const auto& headers : {asymmetric, both, rotating}) {
    EXPECT_TRUE(
        verify_standard_ed25519(kPublicKey, {kId, timestamp, headers.webhook_signature}, kBody, at(kTimestamp)));
    EXPECT_EQ(headers.limecall.size(), 64u);
  }
  EXPECT_EQ(asymmetric.limecall, kLimecall);
}

TEST(VerifyStandard, TellsEd25519MismatchesLikeTheOthers) {
  // Goal: a changed body, id, time or signature does not verify, nor does an HMAC as a v1a signature.
  const auto signature =
      headers_of(Signer({.secret = kSecret, .v1 = false, .private_key = kPrivateKey}).sign(kId, kTimestamp, kBody))
          .webhook_signature;
  const auto timestamp = std::to_string(kTimestamp);
  const auto error = [&](StandardHeaders headers, std::string_view body, std::int64_t now) {
    const auto result = verify_standard_ed25519(kPublicKey, headers, body, at(now));
    return result ? std::nullopt : std::optional(result.error());
  };
  using enum VerifyError;
  EXPECT_EQ(error({kId, timestamp, "v1,AAAA " + signature}, kBody, kTimestamp), std::nullopt);
  EXPECT_EQ(error({kId, timestamp, signature}, "{}", kTimestamp), NoMatch);
  EXPECT_EQ(error({"other", timestamp, signature}, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(error({kId, timestamp, signature.substr(0, signature.size() - 4)}, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(error({kId, timestamp, kStandard}, kBody, kTimestamp), NoMatch);
  EXPECT_EQ(error({kId, timestamp, signature}, kBody, kTimestamp + 301), TimestampTooOld);
  EXPECT_EQ(error({kId, timestamp, ""}, kBody, kTimestamp), MissingHeader);
}

TEST(VerifyLimecall, ComparesTheWholeHex) {
  // Goal: the exact lower-case hex passes and nothing else.
  EXPECT_TRUE(verify_limecall(kSecret, kLimecall, kBody));
  EXPECT_FALSE(verify_limecall(kSecret, kLimecall, "{}"));
  EXPECT_FALSE(verify_limecall(kOtherSecret, kLimecall, kBody));
  EXPECT_FALSE(verify_limecall(kSecret, kLimecall.substr(1), kBody));
  EXPECT_FALSE(verify_limecall(kSecret, "", kBody));
}

TEST(EqualConstantTime, ComparesEveryByte) {
  // Goal: a difference at any place is seen.
  const std::string text(40, 'x');
  EXPECT_TRUE(equal_constant_time(text, std::string(40, 'x')));
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_FALSE(equal_constant_time(text, text + "x"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto other = text;
    other[i] = 'y';
    EXPECT_FALSE(equal_constant_time(text, other)) << i;
  }
}

TEST(Sha256, GivesThePublishedDigests) {
  // Goal: FIPS 180-4 examples.
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace limehook::signing
