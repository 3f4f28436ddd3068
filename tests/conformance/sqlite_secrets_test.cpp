// What the SQLite store keeps of secrets, and with which keys.

#include <sys/stat.h>

#include <array>
#include <fstream>
#include <iterator>

#include "sqlite_fixture.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/key_rotation.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SqliteSecretsTest : public SqliteTest {
 protected:
  std::filesystem::path key_file() const { return directory() / vault::kKeyFileName; }
  vault::KeyRing keys() const { return vault::read_key_file(key_file()).value(); }

  Webhook webhook() {
    Webhook w;
    w.id = WebhookId{make_.id()};
    w.name = "a webhook";
    w.url = "https://receiver.example/";
    w.secret = "marker-secret";
    w.previous_secrets = {{"marker-previous", make_.now}, {"marker-older", make_.now + Duration(1)}};
    w.token = "marker-token";
    w.signatures.v1a = true;
    w.signing_key = "marker-signing-key";
    w.oauth = OauthSettings{.token_url = "https://id.example/", .client_id = "me", .client_secret = "marker-oauth"};
    w.client_certificate.emplace();
    w.client_certificate->certificate = "a certificate";
    w.client_certificate->private_key = "marker-private-key";
    w.headers = {{"X-Api-Key", "marker-header"}};
    return w;
  }
  User user() {
    User u;
    u.id = UserId{make_.id()};
    u.email = "a@example.com";
    u.password_hash = "marker-password-hash";
    u.totp_secret = "marker-totp";
    u.recovery_code_hashes = {"marker-recovery-code"};
    return u;
  }
  // Puts webhooks into a new store and answers them.
  std::vector<Webhook> fill(int count = 3) {
    WriteBatch batch;
    for (int i = 0; i < count; ++i) batch.webhooks.push_back(webhook());
    auto store = open();
    EXPECT_EQ(store->commit(batch).status, CommitStatus::Committed);
    return batch.webhooks;
  }
  std::vector<Webhook> webhooks() {
    auto store = open();
    return store ? store->load_catalog().webhooks : std::vector<Webhook>();
  }
  // Whatever is in the files of the store.
  std::string all_bytes() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(directory())) bytes += contents(entry.path());
    return bytes;
  }
  void tamper(const std::string& sql) const {
    sqlite::Database db(file().string(), sqlite::OpenMode::Existing);
    db.script(sql);
  }
  void put_key(const vault::Key& key) const { ASSERT_TRUE(vault::write_key_file(key_file(), std::array{key})); }
  std::filesystem::path key_in(const char* name, const vault::Key& key) const {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(vault::write_key_file(path, std::array{key}));
    return path;
  }
  std::string refusal_with(const vault::KeySource& source) const {
    SqliteOptions with = options();
    with.keys = source;
    auto store = SqliteStore::open(with);
    return store ? "" : store.error();
  }
};

// Goal: no secret of any kind is in any file of the store in clear, neither before nor after a change or a deletion.
TEST_F(SqliteSecretsTest, NothingIsInClear) {
  auto store = open();
  WriteBatch batch;
  batch.webhooks = {webhook(), webhook()};
  batch.catalog.emplace_back(user());
  ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
  EXPECT_FALSE(all_bytes().contains("marker"));
  batch.webhooks[0].version = 2;
  batch.webhooks[0].secret = "marker-changed";
  ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
  EXPECT_EQ(store->load_catalog().webhooks, batch.webhooks);
  EXPECT_THAT(store->load_catalog().users, ElementsAre(std::get<User>(batch.catalog[0])));
  WriteBatch deletion;
  deletion.deleted_webhooks.push_back({batch.webhooks[0].id, make_.now});
  ASSERT_EQ(store->commit(deletion).status, CommitStatus::Committed);
  EXPECT_FALSE(all_bytes().contains("marker"));
  store.reset();
  EXPECT_FALSE(all_bytes().contains("marker"));
  EXPECT_EQ(webhooks(), std::vector{batch.webhooks[1]});
}

// Goal: a backup has neither secrets in clear nor the key; with the key it is a whole store.
TEST_F(SqliteSecretsTest, BackupsNeedTheKeyOfTheirTime) {
  const auto made = fill();
  const auto restored = folder_.path() / "restored";
  std::filesystem::create_directories(restored);
  ASSERT_TRUE(backup_sqlite_store(directory(), restored / "limehook.db"));
  EXPECT_FALSE(contents(restored / "limehook.db").contains("marker"));
  EXPECT_FALSE(contents(restored / "limehook.db").contains(keys().front().text()));
  EXPECT_FALSE(contents(restored / "limehook.db").contains(keys().front().bytes()));
  EXPECT_THAT(check_sqlite_store(restored), IsEmpty());  // as far as can be told without the key
  EXPECT_THAT(SqliteStore::open({.directory = restored}).error(), HasSubstr("is missing"));
  auto store = open({.directory = restored, .keys = {.key = {}, .file = key_file()}});
  EXPECT_EQ(store->load_catalog().webhooks, made);
}

// Goal: the first start makes a key for its owner only; the next ones leave it alone.
TEST_F(SqliteSecretsTest, TheFirstStartMakesAKey) {
  open().reset();
  const auto made = contents(key_file());
  struct stat status{};
  ASSERT_EQ(stat(key_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(keys().size(), 1U);
  fill();
  open().reset();
  EXPECT_EQ(contents(key_file()), made);
}

// Goal: with a key from elsewhere none is made.
TEST_F(SqliteSecretsTest, NoKeyIsMadeWhereOneIsGiven) {
  const auto file = key_in("given.key", vault::Key::generate());
  EXPECT_EQ(refusal_with({.key = {}, .file = file}), "");
  EXPECT_EQ(refusal_with({.key = vault::Key::generate(), .file = {}}), "");
  EXPECT_FALSE(std::filesystem::exists(key_file()));
  EXPECT_THAT(refusal_with({.key = {}, .file = folder_.path() / "nowhere"}), HasSubstr("nowhere"));
}

// Goal: without the right key nothing starts, nothing is made, and nothing is lost.
TEST_F(SqliteSecretsTest, AStartWithoutTheKeyHarmsNothing) {
  const auto made = fill();
  const auto kept = folder_.path() / "kept.key";
  std::filesystem::rename(key_file(), kept);
  EXPECT_THAT(refusal(), HasSubstr("the key file " + key_file().string() + " is missing"));
  EXPECT_FALSE(std::filesystem::exists(key_file()));
  std::filesystem::create_symlink(folder_.path() / "unmounted" / "key", key_file());
  EXPECT_THAT(refusal(), HasSubstr("cannot read the key file " + key_file().string()));
  std::filesystem::remove(key_file());
  put_key(vault::Key::generate());
  EXPECT_THAT(refusal(), HasSubstr("the key in " + key_file().string() + " does not fit"));
  EXPECT_THAT(refusal(), HasSubstr(made[0].id.str()));
  EXPECT_THAT(refusal_with({.key = vault::Key::generate(), .file = {}}), HasSubstr("the key that was given"));
  std::ofstream(key_file(), std::ios::trunc) << "";
  EXPECT_THAT(refusal(), HasSubstr("has no key in it"));
  EXPECT_EQ(contents(key_file()), "");
  std::filesystem::rename(kept, key_file());
  EXPECT_EQ(webhooks(), made);
}

// Goal: once the last secret is gone a lost key is no hindrance.
TEST_F(SqliteSecretsTest, AStoreWithoutSecretsNeedsNoOldKey) {
  const auto made = fill(1);
  {
    WriteBatch deletion;
    deletion.deleted_webhooks.push_back({made[0].id, make_.now});
    ASSERT_EQ(open()->commit(deletion).status, CommitStatus::Committed);
  }
  std::filesystem::remove(key_file());
  EXPECT_EQ(refusal(), "");
}

// Goal: secrets that were moved between rows, damaged or put there in clear are found and never used.
TEST_F(SqliteSecretsTest, WhatSomebodyChangedIsNotOpened) {
  fill(2);
  const auto healthy = folder_.path() / "healthy.db";
  ASSERT_TRUE(backup_sqlite_store(directory(), healthy));
  struct Damage {
    const char* sql;
    const char* problem;
    bool seen_without_key;
  };
  for (const Damage& damage :
       {Damage{"UPDATE webhooks SET secrets=(SELECT secrets FROM webhooks ORDER BY id LIMIT 1)", "damaged", false},
        Damage{"UPDATE webhooks SET secrets=CAST(substr(secrets,1,40)||x'00'||substr(secrets,42) AS BLOB)", "damaged",
               false},
        Damage{R"(UPDATE webhooks SET secrets='{"secret":"whsec_of_an_attacker","token":"t"}')", "not sealed", true},
        Damage{"UPDATE webhooks SET secrets=x'01'", "not sealed", true}}) {
    for (const char* name : {"limehook.db", "limehook.db-wal", "limehook.db-shm"}) {
      std::filesystem::remove(directory() / name);
    }
    std::filesystem::copy_file(healthy, file());
    tamper(damage.sql);
    const vault::Vault vault(keys());
    EXPECT_THAT(check_sqlite_store(directory(), &vault), testing::Contains(HasSubstr(damage.problem))) << damage.sql;
    EXPECT_EQ(!check_sqlite_store(directory()).empty(), damage.seen_without_key) << damage.sql;
    EXPECT_THAT(refusal(), HasSubstr(damage.problem)) << damage.sql;
  }
}

// Goal: `check` with a key that does not fit says so of each webhook.
TEST_F(SqliteSecretsTest, CheckFindsWhatTheKeyDoesNotOpen) {
  const auto made = fill(2);
  const vault::Vault fitting(keys());
  EXPECT_THAT(check_sqlite_store(directory(), &fitting), IsEmpty());
  const vault::Vault other({vault::Key::generate()});
  EXPECT_THAT(check_sqlite_store(directory(), &other),
              ElementsAre(HasSubstr(made[0].id.str()), HasSubstr(made[1].id.str())));
}

using KeyRotationTest = SqliteSecretsTest;

// Goal: a crash after any step of a rotation costs nothing: the store opens, works, and the rotation can be run again.
TEST_F(KeyRotationTest, MayEndAfterEachStep) {
  auto made = fill();
  WriteBatch people;
  people.catalog.emplace_back(user());
  ASSERT_EQ(open()->commit(people).status, CommitStatus::Committed);
  for (int steps = 0; steps <= 3; ++steps) {
    const auto before = keys();
    ASSERT_EQ(before.size(), 1U);
    {
      auto rotation = KeyRotation::begin(directory(), {}, {});
      ASSERT_TRUE(rotation) << rotation.error();
      EXPECT_FALSE(rotation->resumes());
      if (steps > 0) ASSERT_TRUE(rotation->add_key());
      if (steps > 1) ASSERT_EQ(rotation->reseal(), made.size() + 1);
      if (steps > 2) ASSERT_TRUE(rotation->drop_old_keys());
    }
    EXPECT_EQ(keys().size(), steps == 1 || steps == 2 ? 2U : 1U) << steps;
    {
      // A server works with what there is, and changes something.
      auto store = open();
      ASSERT_EQ(store->load_catalog().webhooks, made) << steps;
      ++made[0].version;
      made[0].token = "marker-token-" + std::to_string(steps);
      WriteBatch change;
      change.webhooks = {made[0]};
      ASSERT_EQ(store->commit(change).status, CommitStatus::Committed);
    }
    auto again = KeyRotation::begin(directory(), {}, {});
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->resumes(), steps == 1 || steps == 2) << steps;
    ASSERT_TRUE(again->add_key());
    ASSERT_EQ(again->reseal(), made.size() + 1);
    ASSERT_TRUE(again->drop_old_keys());
    again = std::unexpected("");
    EXPECT_EQ(webhooks(), made) << steps;
    EXPECT_THAT(open()->load_catalog().users, ElementsAre(std::get<User>(people.catalog[0])));
    ASSERT_EQ(keys().size(), 1U);
    EXPECT_NE(keys().front().id(), before.front().id());
    EXPECT_THAT(refusal_with({.key = before.front(), .file = {}}), HasSubstr("does not fit")) << steps;
  }
}

// Goal: keys that the operator keeps are changed by naming the next one, as often as it takes; no file is written.
TEST_F(KeyRotationTest, TakesTheKeysOfTheOperator) {
  const auto first = vault::Key::generate();
  const vault::KeySource old_file{.key = {}, .file = key_in("old.key", first)};
  const vault::KeySource new_file{.key = {}, .file = key_in("new.key", vault::Key::generate())};
  const vault::KeySource outright{.key = vault::Key::generate(), .file = {}};
  const auto made = fill();
  // From the folder's own file to a file, to a key, and back to a file.
  const vault::KeySource own;
  for (const auto& [current, next] : {std::pair(own, old_file), {old_file, outright}, {outright, new_file}}) {
    for (int time = 0; time < 2; ++time) {  // the second one after a crash that hid the end of the first
      auto rotation = KeyRotation::begin(directory(), current, next);
      ASSERT_TRUE(rotation) << rotation.error();
      ASSERT_TRUE(rotation->add_key());
      ASSERT_EQ(rotation->reseal(), made.size());
      ASSERT_TRUE(rotation->drop_old_keys());
    }
    EXPECT_EQ(refusal_with(next), "");
    EXPECT_THAT(refusal_with(current), HasSubstr("does not fit"));
  }
  EXPECT_EQ(vault::read_key_file(*old_file.file)->front().id(), first.id());
  EXPECT_THAT(KeyRotation::begin(directory(), new_file, {}).error(), HasSubstr("--new-secret-key-file"));
}

// Goal: a rotation that cannot succeed says why and changes nothing.
TEST_F(KeyRotationTest, IsRefusedWhereItCannotSucceed) {
  EXPECT_THAT(KeyRotation::begin(directory(), {}, {}).error(), HasSubstr("there is no store"));
  EXPECT_FALSE(std::filesystem::exists(directory()));
  const auto made = fill();
  const auto key = contents(key_file());
  {
    auto server = open();
    EXPECT_THAT(KeyRotation::begin(directory(), {}, {}).error(), HasSubstr("in use by another Limehook server"));
  }
  EXPECT_THAT(KeyRotation::begin(directory(), {.key = vault::Key::generate(), .file = {}},
                                 {.key = vault::Key::generate(), .file = {}})
                  .error(),
              HasSubstr("cannot be opened: sealed with another key"));
  const auto last = made.back().id;
  tamper("UPDATE webhooks SET secrets=zeroblob(200) WHERE id=" + std::to_string(last.value));
  EXPECT_THAT(KeyRotation::begin(directory(), {}, {}).error(), HasSubstr(last.str()));
  EXPECT_EQ(contents(key_file()), key);
}

}  // namespace
}  // namespace limehook::store
