// The port's contract for people: teams, users, sessions, links, and the audit log.

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

KeyHash hash_of(unsigned char byte) {
  KeyHash hash{};
  hash.fill(byte);
  return hash;
}

class StorePeopleTest : public StoreTest {
 protected:
  User user() {
    const std::int64_t number = make_.id();
    return {.id = UserId{number},
            .email = std::to_string(number) + "@example.com",
            .name = "Ann Ünïcode \"quoted\"",
            .admin = true,
            .teams = {{"team_002", Role::Read}, {"team_001", Role::Manage}},
            .enabled = false,
            .oidc_subject = "https://id.example.com " + std::to_string(number),
            .created_at = make_.now,
            .updated_at = make_.now + Duration(1),
            .last_sign_in_at = make_.now + Duration(2),
            .password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
            .totp_secret = "JBSWY3DPEHPK3PXP",
            .totp_step = 57'941'640,
            .recovery_code_hashes = {std::string(64, 'a'), std::string(64, 'b')}};
  }
  Session session() {
    return {.id = SessionId{make_.id()},
            .hash = hash_of(1),
            .user = UserId{make_.id()},
            .client_address = "2001:db8::1",
            .user_agent = "Mozilla/5.0 \"x\"",
            .created_at = make_.now,
            .expires_at = make_.now + std::chrono::hours(1),
            .last_seen_at = make_.now + Duration(3)};
  }
  Session portal() {
    Session portal = session();
    portal.hash = hash_of(2);
    portal.user = {};
    portal.team_id = "team_001";
    portal.role = Role::Read;
    portal.made_by = "key_1";
    return portal;
  }
  Link link(LinkKind kind) {
    Link link{.id = LinkId{make_.id()}, .kind = kind, .hash = hash_of(static_cast<unsigned char>(kind))};
    link.email = "guest@example.com";
    link.name = "Guest";
    link.admin = kind == LinkKind::Invitation;
    link.team_id = "team_001";
    link.role = Role::Manage;
    link.user = UserId{make_.id()};
    link.made_by = "usr_1";
    link.created_at = make_.now;
    link.expires_at = make_.now + std::chrono::minutes(5);
    return link;
  }
  void put(std::vector<CatalogChange> changes) {
    WriteBatch batch;
    batch.catalog = std::move(changes);
    commit(batch);
  }
};
LIMEHOOK_FOR_ALL_STORES(StorePeopleTest);

TEST_P(StorePeopleTest, TeamsComeBackWholeUntilDeleted) {
  const Team first{"team_001", "First \"team\" ☎", make_.now, make_.now + Duration(1), true, make_.now};
  const Team bare{"own id:7", "", make_.now, make_.now, false, {}};
  put({first, bare});
  reopen();
  EXPECT_THAT(store().load_catalog().teams, testing::UnorderedElementsAre(first, bare));
  Team renamed = first;
  renamed.name = "Second";
  renamed.updated_at += Duration(5);
  put({renamed, RemovedTeam{bare.id}});
  reopen();
  EXPECT_THAT(store().load_catalog().teams, ElementsAre(renamed));
}

TEST_P(StorePeopleTest, UsersComeBackWholeUntilDeleted) {
  const User full = user();
  const User bare{.id = UserId{make_.id()}, .email = "b@example.com"};
  put({full, bare});
  reopen();
  EXPECT_THAT(store().load_catalog().users, ElementsAre(full, bare));
  User changed = full;
  changed.admin = false;
  changed.teams = {};
  changed.enabled = true;
  changed.oidc_subject.clear();
  changed.totp_secret.clear();
  changed.recovery_code_hashes = {std::string(64, 'b')};
  changed.last_sign_in_at.reset();
  put({changed, Removed<UserId>{bare.id}});
  reopen();
  EXPECT_THAT(store().load_catalog().users, ElementsAre(changed));
}

TEST_P(StorePeopleTest, SessionsComeBackWholeUntilEnded) {
  const Session browser = session();
  const Session embedded = portal();
  put({browser, embedded});
  reopen();
  EXPECT_THAT(store().load_catalog().sessions, ElementsAre(browser, embedded));
  put({Removed<SessionId>{browser.id}});
  reopen();
  EXPECT_THAT(store().load_catalog().sessions, ElementsAre(embedded));
}

TEST_P(StorePeopleTest, LinksComeBackWholeUntilUsed) {
  std::vector<Link> links;
  WriteBatch batch;
  for (const auto kind :
       {LinkKind::Setup, LinkKind::Invitation, LinkKind::PasswordReset, LinkKind::Portal, LinkKind::ConfirmEmail}) {
    links.push_back(link(kind));
    batch.catalog.emplace_back(links.back());
  }
  commit(batch);
  reopen();
  EXPECT_THAT(store().load_catalog().links, ElementsAreArray(links));
  put({Removed<LinkId>{links[1].id}});
  links.erase(links.begin() + 1);
  reopen();
  EXPECT_THAT(store().load_catalog().links, ElementsAreArray(links));
}

// Goal: a use is noted, and changes nothing else.
TEST_P(StorePeopleTest, UsesAreNoted) {
  ApiKey key{.id = KeyId{make_.id()}, .name = "k", .hash = hash_of(9), .expires_at = make_.now + Duration(9)};
  Session used = session();
  put({key, used});
  key.last_used_at = make_.now + Duration(7);
  used.last_seen_at = make_.now + Duration(8);
  put({KeyUse{key.id, *key.last_used_at}, SessionUse{used.id, used.last_seen_at}});
  reopen();
  EXPECT_THAT(store().load_catalog().keys, ElementsAre(key));
  EXPECT_THAT(store().load_catalog().sessions, ElementsAre(used));
}

// Goal: what was revoked stays so, though a use of it is written later, in the same batch or another.
TEST_P(StorePeopleTest, UsesBringNothingBack) {
  const ApiKey key{.id = KeyId{make_.id()}, .name = "k", .hash = hash_of(9)};
  const Session ended = session();
  put({key, ended});
  put({Removed<KeyId>{key.id}, Removed<SessionId>{ended.id}, KeyUse{key.id, make_.now},
       SessionUse{ended.id, make_.now}});
  put({KeyUse{key.id, make_.now}, SessionUse{ended.id, make_.now}});
  reopen();
  EXPECT_THAT(store().load_catalog().keys, IsEmpty());
  EXPECT_THAT(store().load_catalog().sessions, IsEmpty());
}

// Goal: within a batch the later of two changes of one thing counts.
TEST_P(StorePeopleTest, LaterInABatchWins) {
  const User first = user();
  User second = first;
  second.name = "Second";
  const Session gone = session();
  put({first, second, gone, Removed<SessionId>{gone.id}});
  reopen();
  EXPECT_THAT(store().load_catalog().users, ElementsAre(second));
  EXPECT_THAT(store().load_catalog().sessions, IsEmpty());
}

// ---- the audit log ------------------------------------------------------------------------------------------

class StoreAuditTest : public StoreTest {
 protected:
  AuditEntry entry(std::string team = "team_001", std::string action = "webhook.updated") {
    make_.now += std::chrono::seconds(1);
    return {.id = AuditId{make_.id()},
            .actor_kind = ActorKind::User,
            .actor_id = "usr_1",
            .actor_name = "ann@example.com",
            .client_address = "192.0.2.1",
            .team_id = std::move(team),
            .action = std::move(action),
            .target = "wh_1",
            .target_name = "CRM \"x\"",
            .before = R"({"name":"a"})",
            .after = R"({"name":"b"})"};
  }
  void put(const std::vector<AuditEntry>& entries) {
    WriteBatch batch;
    for (const AuditEntry& e : entries) batch.catalog.emplace_back(e);
    commit(batch);
  }
  // All pages; each shorter than asked for only where the store says so.
  std::vector<AuditEntry> listed(AuditQuery query) {
    std::vector<AuditEntry> rows;
    int pages = 0;
    do {
      const auto page = store().list_audit(query);
      EXPECT_LE(page.rows.size(), query.limit);
      rows.insert(rows.end(), page.rows.begin(), page.rows.end());
      query.before = page.next;
    } while (query.before != 0 && ++pages < 1000);
    return rows;
  }
};
LIMEHOOK_FOR_ALL_STORES(StoreAuditTest);

TEST_P(StoreAuditTest, EntriesComeBackWholeNewestFirst) {
  const AuditEntry first = entry();
  AuditEntry bare{.id = AuditId{make_.id()}, .actor_kind = ActorKind::Nobody, .action = "user.sign_in_failed"};
  put({first, bare});
  const AuditEntry last = entry("", "user.deleted");
  put({last});
  reopen();
  EXPECT_THAT(store().list_audit({}).rows, ElementsAre(last, bare, first));
  EXPECT_EQ(store().list_audit({}).next, 0);
}

// Goal: a page of large changes ends before it gets too large, and the list goes on behind it.
TEST_P(StoreAuditTest, PagesAreBoundedInBytes) {
  std::vector<AuditEntry> entries;
  for (int i = 0; i < 5; ++i) {
    entries.push_back(entry());
    entries.back().after = R"({"name":")" + std::string(limits::kPageBytesMax / 3, 'x') + "\"}";
  }
  put(entries);
  EXPECT_THAT(store().list_audit({}).rows, SizeIs(2));
  std::ranges::reverse(entries);
  EXPECT_EQ(listed({}), entries);
}

// Goal: each filter takes exactly what it names; a prefix ends with a dot; all that are set must hold.
TEST_P(StoreAuditTest, EveryFilterHolds) {
  const AuditEntry a = entry("team_001", "webhook.updated");
  AuditEntry b = entry("team_002", "webhook.deleted");
  b.actor_id = "usr_2";
  AuditEntry c = entry("", "webhooks.odd");
  c.target = "wh_2";
  AuditEntry d = entry("team_001", "key.created");
  d.actor_id.clear();
  put({a, b, c, d});
  reopen();
  const auto ids = [&](const AuditQuery& query) {
    std::vector<AuditId> out;
    for (const AuditEntry& row : listed(query)) out.push_back(row.id);
    return out;
  };
  EXPECT_THAT(ids({}), ElementsAre(d.id, c.id, b.id, a.id));
  EXPECT_THAT(ids({.team_id = "team_001"}), ElementsAre(d.id, a.id));
  EXPECT_THAT(ids({.team_id = ""}), ElementsAre(c.id));
  EXPECT_THAT(ids({.team_id = "team_00"}), IsEmpty());
  EXPECT_THAT(ids({.action = "webhook."}), ElementsAre(b.id, a.id));
  EXPECT_THAT(ids({.action = "webhook.updated"}), ElementsAre(a.id));
  EXPECT_THAT(ids({.action = "webhook"}), IsEmpty());
  EXPECT_THAT(ids({.action = "%"}), IsEmpty());
  EXPECT_THAT(ids({.action = "%."}), IsEmpty());
  EXPECT_THAT(ids({.actor_id = "usr_2"}), ElementsAre(b.id));
  EXPECT_THAT(ids({.target = "wh_2"}), ElementsAre(c.id));
  EXPECT_THAT(ids({.since = id_time(b.id.value)}), ElementsAre(d.id, c.id, b.id));
  EXPECT_THAT(ids({.until = id_time(b.id.value)}), ElementsAre(a.id));
  EXPECT_THAT(ids({.since = id_time(b.id.value), .until = id_time(d.id.value)}), ElementsAre(c.id, b.id));
  EXPECT_THAT(ids({.team_id = "team_001", .action = "webhook.", .target = "wh_1"}), ElementsAre(a.id));
  EXPECT_THAT(ids({.team_id = "team_001", .actor_id = "usr_2"}), IsEmpty());
  EXPECT_THAT(ids({.before = c.id.value}), ElementsAre(b.id, a.id));
}

// Goal: pages of any size give every entry once, also when others' lie between them.
TEST_P(StoreAuditTest, PagesGiveEveryEntryOnce) {
  std::vector<AuditEntry> own;
  for (int i = 0; i < 30; ++i) {
    const AuditEntry e = entry(i % 3 == 0 ? "team_001" : "team_002");
    put({e});
    if (i % 3 == 0) own.insert(own.begin(), e);
  }
  for (const std::size_t limit : {1U, 2U, 3U, 9U, 10U, 11U, 500U}) {
    EXPECT_THAT(listed({.team_id = "team_001", .limit = limit}), ElementsAreArray(own)) << limit;
  }
}

// Goal: what is older goes, oldest first, in short calls; what is not stays, whole.
TEST_P(StoreAuditTest, OldEntriesArePruned) {
  std::vector<AuditEntry> entries;
  for (int i = 0; i < 20; ++i) entries.push_back(entry());
  put(entries);
  const WallTime bound = id_time(entries[12].id.value);
  const PruneResult first = store().prune_audit(bound, 5);
  EXPECT_LE(first.rows, 5U);
  EXPECT_FALSE(first.done);
  EXPECT_EQ(listed({}).back(), entries[first.rows]);
  int calls = 0;
  while (!store().prune_audit(bound, 5).done) ASSERT_LT(++calls, 100);
  reopen();
  std::vector<AuditEntry> young(entries.rbegin(), entries.rbegin() + 8);
  EXPECT_THAT(listed({}), ElementsAreArray(young));
  EXPECT_TRUE(store().prune_audit(bound, 5).done);
  EXPECT_THAT(listed({}), SizeIs(8));
}

// Goal: the retention of events does not touch the audit log, nor the other way round.
TEST_P(StoreAuditTest, RetentionsAreApart) {
  const AuditEntry old = entry();
  put({old});
  const NewEvent event = make_.event();
  commit_event(event);
  make_.now += std::chrono::hours(1);
  while (!store().prune(make_.now, 100).done) {
  }
  EXPECT_THAT(listed({}), ElementsAre(old));
  commit_event(make_.event());
  make_.now += std::chrono::hours(1);
  while (!store().prune_audit(make_.now, 100).done) {
  }
  EXPECT_THAT(listed({}), IsEmpty());
  EXPECT_THAT(event_ids({}), SizeIs(1));
}

}  // namespace
}  // namespace limehook::store
