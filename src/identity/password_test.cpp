#include "identity/password.hpp"

#include <gmock/gmock.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <limits>

namespace limehook::identity {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kEmail = "Ann.Smith.Wilson@example.com";

// Goal: a good password is taken, however it is composed. Method: a table.
TEST(PasswordProblem, TakesWhatIsHardToGuess) {
  for (const std::string_view password :
       {"purple kettle sofa", "xkq9-fpw2-mmz7", "aaaaaabbbbbbcdx7", "Zwölf Boxkämpfer", "ключ от дома",
        "密码是十二个字符长的吗呢", "👍🏽 in the garden", "my password is 7 words long", "limehook runs on tuesdays",
        "ann went home early", "\"quoted\\back\"", "8251904736150"}) {
    EXPECT_EQ(password_problem(password, kEmail), std::nullopt) << password;
  }
  EXPECT_EQ(password_problem(std::string(16, 'a') + std::string(240, '.') + "", "a@b.c"),
            "must not be a sequence of characters");
  EXPECT_EQ(password_problem("purple kettle " + std::string(242, 'x'), kEmail), "must not be a sequence of characters");
}

// Goal: each reason to refuse one is given in words. Method: a table of passwords and what must be in the words.
TEST(PasswordProblem, RefusesWhatIsTriedFirst) {
  const std::array<std::pair<std::string, std::string_view>, 41> cases{{
      {"", "at least 12 characters"},
      {"short-one-7", "at least 12 characters"},
      {"äöüäöüäöüäö", "at least 12 characters"},  // 22 bytes, 11 characters
      {std::string(257, 'x'), "at most 256 bytes"},
      {"purple\nkettle sofa", "control characters"},
      {std::string("purple\0kettle sofa", 18), "control characters"},
      {"purple kettle\x7f sofa", "control characters"},
      {"purple kettle \xC3\x28 sofa", "UTF-8"},
      {"purple kettle \xED\xA0\x80 sofa", "UTF-8"},  // half of a pair
      {"purple kettle sofa\xC3", "UTF-8"},
      {"ann.smith.wilson@example.com", "e-mail"},
      {"ANN.SMITH.WILSON@EXAMPLE.COM", "e-mail"},
      {"ann.smith.wilson", "e-mail"},
      {"Ann.Smith.Wilson2024!", "e-mail"},
      {"aaaaaaaaaaaa", "sequence"},
      {"123456789012", "sequence"},
      {"abcdefghijklm", "sequence"},
      {"zyxwvutsrqpon", "sequence"},
      {"1234567812345678", "sequence"},
      {"abcdefabcdef", "sequence"},
      {"111111222222", "sequence"},
      {"purple kettle " + std::string(242, 'x'), "sequence"},
      {"passwordpassword", "tried first"},
      {"Password1234", "tried first"},
      {"P@ssw0rd1234!", "tried first"},
      {"!!!password!!!", "tried first"},
      {"password2024!", "tried first"},
      {"Passw0rdPassw0rd", "tried first"},
      {"limehook2025!", "tried first"},
      {"LimeHookLimeHook", "tried first"},
      {"L1meh00k!!!!", "tried first"},
      {"administrator", "tried first"},
      {"Administrator1", "tried first"},
      {"qwertyuiop[]", "tried first"},
      {"qwertyuiop12", "tried first"},
      {"qwerty123456", "tried first"},
      {"1qaz2wsx3edc", "tried first"},
      {"iloveyou2024", "tried first"},
      {"changeme1234", "tried first"},
      {"Summer2024!!", "tried first"},
      {"correct horse battery staple", "tried first"},
  }};
  for (const auto& [password, words] : cases) {
    EXPECT_THAT(password_problem(password, kEmail).value_or("taken"), HasSubstr(words)) << password;
  }
}

// Goal: odd e-mail addresses break nothing and refuse nobody's good password.
TEST(PasswordProblem, LivesWithAnyEmail) {
  for (const std::string_view email : {"", "@", "@example.com", "1234@example.com", "a", "-@-"}) {
    EXPECT_EQ(password_problem("purple kettle sofa", email), std::nullopt) << email;
    EXPECT_EQ(password_problem("8251904736150", email), std::nullopt) << email;
  }
}

TEST(PasswordHash, IsAPhcStringThatVerifies) {
  const auto encoded = hash_password("purple kettle sofa");
  EXPECT_THAT(encoded, StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_THAT(encoded, Not(HasSubstr("purple")));
  EXPECT_TRUE(verify_password("purple kettle sofa", encoded));
  EXPECT_FALSE(verify_password("purple kettle sofa ", encoded));
  EXPECT_FALSE(verify_password("", encoded));
  EXPECT_FALSE(needs_rehash(encoded));
  EXPECT_NE(hash_password("purple kettle sofa"), encoded) << "the salt is the same";
}

// Goal: bytes count as they are: a NUL does not end a password, the 257th is not cut off.
TEST(PasswordHash, CoversAllBytes) {
  const std::string longest(kPasswordBytesMax, 'x');
  const auto encoded = hash_password(longest);
  EXPECT_TRUE(verify_password(longest, encoded));
  EXPECT_FALSE(verify_password(longest + "x", encoded));
  EXPECT_FALSE(verify_password(longest.substr(1), encoded));
  EXPECT_FALSE(verify_password(std::string("a\0b", 3), hash_password(std::string("a\0c", 3))));
}

// Goal: it is Argon2id as others have it. Method: a vector of the reference implementation's tests.
TEST(PasswordHash, HasTheReferenceVector) {
  EXPECT_TRUE(verify_password(
      "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"));
}

// Goal: a broken store lets nobody in. Method: a table of texts that are no hash of hash_password().
TEST(PasswordHash, WhatIsNoHashVerifiesNothing) {
  for (const auto* encoded :
       {"", "$", "$argon2id$", "purple kettle sofa", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$",
        "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(verify_password("purple kettle sofa", encoded)) << encoded;
  }
}

TEST(PasswordHash, OtherParametersAskForANewOne) {
  for (const auto* encoded : {"", "$argon2id$v=19$m=7168,t=5,p=1$", "$argon2i$v=19$m=19456,t=2,p=1$", "$2b$10$"}) {
    EXPECT_TRUE(needs_rehash(encoded)) << encoded;
  }
}

// The least processor time, in seconds, that `work` takes of three runs.
template <class Work>
double processor_time(Work&& work) {
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    timespec from{};
    timespec to{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    work();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    least = std::min(
        least, static_cast<double>(to.tv_sec - from.tv_sec) + static_cast<double>(to.tv_nsec - from.tv_nsec) * 1e-9);
  }
  return least;
}

// Goal: time does not tell whether an account exists. Method: the processor time of both ways is about the same.
TEST(PasswordHash, AnUnknownAccountTakesAsLong) {
  const auto encoded = hash_password("purple kettle sofa");
  const double known = processor_time([&] { static_cast<void>(verify_password("wrong wrong wrong", encoded)); });
  const double unknown = processor_time([] { verify_nothing("wrong wrong wrong"); });
  EXPECT_GT(unknown, known * 0.6);
  EXPECT_LT(unknown, known * 1.6);
}

}  // namespace
}  // namespace limehook::identity
