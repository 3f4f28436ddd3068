#include "vault/vault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "signing/signing.hpp"

namespace limehook::vault {
namespace {

const std::string kKeyText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const Key kKey = *Key::parse(kKeyText);

// Goal: both forms that `openssl rand` writes are read, and nothing that is not exactly 32 bytes.
TEST(Key, IsReadFromBase64AndHex) {
  const auto hex = Key::parse("000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F");
  ASSERT_TRUE(hex);
  EXPECT_EQ(hex->bytes(), kKey.bytes());
  EXPECT_EQ(kKey.text(), kKeyText);
  for (const std::string text : {"", "secret", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                                 "AAECAwQFBgcICQoLDA0ODw==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISI=",
                                 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g",
                                 "0001 02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1"}) {
    EXPECT_FALSE(Key::parse(text)) << text;
  }
}

TEST(Key, IsDifferentEachTimeOneIsMade) {
  std::set<std::string> keys;
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto key = Key::generate();
    keys.insert(key.text());
    ids.insert(key.id_text());
  }
  EXPECT_EQ(keys.size(), 100U);
  EXPECT_EQ(ids.size(), 100U);
}

// Goal: what was sealed is what is opened, whatever its size.
TEST(Vault, OpensWhatItHasSealed) {
  const Vault vault({Key::generate()});
  for (const std::size_t size : {0, 1, 15, 16, 17, 1000, 100'000}) {
    std::string secret(size, 's');
    if (size > 2) secret[1] = '\0';
    const auto sealed = vault.seal(secret, "webhook:wh_1");
    EXPECT_TRUE(is_sealed(sealed));
    EXPECT_EQ(vault.open(sealed, "webhook:wh_1"), secret) << size;
    if (size > 2) EXPECT_FALSE(sealed.contains(secret)) << size;
  }
}

// Goal: the format is the documented one; the value was made with another implementation of AES-GCM (Node's crypto).
TEST(Vault, OpensWhatAnotherProgramHasSealed) {
  const auto sealed = signing::base64_decode("AcX71Wq7QXyXAAECAwQFBgcICQoLJiKlfqaXp2+a40T7aE1JqOnav4X1AK/T");
  ASSERT_TRUE(sealed);
  EXPECT_EQ(kKey.id_text(), "c5fbd56abb417c97");
  EXPECT_EQ(Vault({kKey}).open(*sealed, "webhook:wh_1"), "a secret");
}

// Goal: nobody sees that two secrets are the same, and no nonce is used twice.
TEST(Vault, SealsTheSameDifferentlyEachTime) {
  const Vault vault({kKey});
  std::set<std::string> sealed;
  for (int i = 0; i < 1000; ++i) sealed.insert(vault.seal("the same", "webhook:wh_1").substr(9, 12));
  EXPECT_EQ(sealed.size(), 1000U);
}

// Goal: one row's secrets cannot be put in the place of another's.
TEST(Vault, OpensOnlyInTheContextItWasSealedFor) {
  const Vault vault({kKey});
  const auto sealed = vault.seal("secret", "webhook:wh_1");
  for (const char* context : {"webhook:wh_2", "user:wh_1", "webhook:wh_", "webhook:wh_11", ""}) {
    EXPECT_EQ(vault.open(sealed, context), std::unexpected(OpenError::Damaged)) << context;
  }
}

// Goal: a change of any bit, or a missing end, is noticed.
TEST(Vault, OpensNothingThatWasChanged) {
  const Vault vault({kKey});
  const auto sealed = vault.seal("secret", "webhook:wh_1");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(vault.open(changed, "webhook:wh_1")) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(vault.open(sealed.substr(0, size), "webhook:wh_1")) << size;
  }
  EXPECT_FALSE(vault.open(sealed + "x", "webhook:wh_1"));
}

// Goal: what never was sealed is not taken for a secret, and is told from what another key has sealed.
TEST(Vault, TellsWhyItDoesNotOpen) {
  const Vault vault({kKey});
  EXPECT_EQ(vault.open(R"({"secret":"whsec_in_clear","token":"lh_in_clear"})", "c"),
            std::unexpected(OpenError::NotSealed));
  EXPECT_EQ(vault.open("", "c"), std::unexpected(OpenError::NotSealed));
  EXPECT_EQ(vault.open(Vault({Key::generate()}).seal("secret", "c"), "c"), std::unexpected(OpenError::UnknownKey));
}

// Goal: while a key is being changed the new one seals, and what the old one has sealed is opened.
TEST(Vault, SealsWithTheFirstKeyAndOpensWithAll) {
  const auto newer = Key::generate();
  const auto sealed_before = Vault({kKey}).seal("old", "c");
  const Vault both({newer, kKey});
  EXPECT_EQ(both.open(sealed_before, "c"), "old");
  const auto sealed_now = both.seal("new", "c");
  EXPECT_EQ(both.open(sealed_now, "c"), "new");
  EXPECT_EQ(Vault({newer}).open(sealed_now, "c"), "new");
  EXPECT_EQ(Vault({kKey}).open(sealed_now, "c"), std::unexpected(OpenError::UnknownKey));
}

}  // namespace
}  // namespace limehook::vault
