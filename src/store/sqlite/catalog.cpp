#include "store/sqlite/catalog.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "store/sqlite/audit_log.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/sealed.hpp"
#include "store/sqlite/stats.hpp"

namespace limehook::store::sqlite {
namespace {

// ---- rows as values -----------------------------------------------------------------------------------------

#define LIMEHOOK_KEY_COLUMNS "id,name,role,team,hash,hint,created_at,expires_at,last_used_at"
#define LIMEHOOK_NUMBER_COLUMNS "id,number,team,name,created_at,updated_at"
#define LIMEHOOK_SESSION_COLUMNS \
  "id,hash,user,team,role,client_address,user_agent,created_at,expires_at,last_seen_at,made_by"
#define LIMEHOOK_LINK_COLUMNS "id,kind,hash,email,name,admin,team,role,user,created_at,expires_at,made_by"

KeyHash hash_from(std::string_view bytes) {
  KeyHash hash{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return hash;
}

std::string_view view_of(const KeyHash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

ApiKey read_key(const Statement& row) {
  return {.id = KeyId{row.integer(0)},
          .name = row.text(1),
          .role = static_cast<Role>(row.small(2)),
          .team_id = row.text(3),
          .hash = hash_from(row.bytes(4)),
          .hint = row.text(5),
          .created_at = row.time(6),
          .expires_at = row.optional_time(7),
          .last_used_at = row.optional_time(8)};
}

Number read_number(const Statement& row) {
  return {.id = NumberId{row.integer(0)},
          .number = row.text(1),
          .team_id = row.text(2),
          .name = row.text(3),
          .created_at = row.time(4),
          .updated_at = row.time(5)};
}

Team read_team(const Statement& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .created_at = row.time(2),
          .updated_at = row.time(3),
          .declared = row.small(5) != 0,
          .begins_at = row.time(4)};
}

User read_user(const Statement& row, const vault::Vault& vault) {
  const UserId id{row.integer(0)};
  const std::string secrets = open_secrets(vault, id.str(), row.bytes(2));
  User user =
      user_from_stored_json(boost::json::parse(row.bytes(1)).as_object(), boost::json::parse(secrets).as_object());
  user.id = id;
  return user;
}

Session read_session(const Statement& row) {
  return {.id = SessionId{row.integer(0)},
          .hash = hash_from(row.bytes(1)),
          .user = UserId{row.integer(2)},
          .team_id = row.text(3),
          .role = static_cast<Role>(row.small(4)),
          .made_by = row.text(10),
          .client_address = row.text(5),
          .user_agent = row.text(6),
          .created_at = row.time(7),
          .expires_at = row.time(8),
          .last_seen_at = row.time(9)};
}

Link read_link(const Statement& row) {
  return {.id = LinkId{row.integer(0)},
          .kind = static_cast<LinkKind>(row.small(1)),
          .hash = hash_from(row.bytes(2)),
          .email = row.text(3),
          .name = row.text(4),
          .admin = row.small(5) != 0,
          .team_id = row.text(6),
          .role = static_cast<Role>(row.small(7)),
          .user = UserId{row.integer(8)},
          .made_by = row.text(11),
          .created_at = row.time(9),
          .expires_at = row.time(10)};
}

// ---- changes ------------------------------------------------------------------------------------------------

struct Applier {
  Database& db;
  const vault::Vault& vault;

  void operator()(const ApiKey& k) const {
    db.run("INSERT OR REPLACE INTO keys(" LIMEHOOK_KEY_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?)", k.id,
           std::string_view(k.name), k.role, std::string_view(k.team_id), Blob{view_of(k.hash)},
           std::string_view(k.hint), k.created_at, k.expires_at, k.last_used_at);
  }
  void operator()(const Removed<KeyId>& removed) const { db.run("DELETE FROM keys WHERE id=?", removed.id); }
  void operator()(const KeyUse& use) const { db.run("UPDATE keys SET last_used_at=? WHERE id=?", use.at, use.key); }
  void operator()(const Number& n) const {
    db.run("INSERT OR REPLACE INTO numbers(" LIMEHOOK_NUMBER_COLUMNS ") VALUES(?,?,?,?,?,?)", n.id,
           std::string_view(n.number), std::string_view(n.team_id), std::string_view(n.name), n.created_at,
           n.updated_at);
  }
  void operator()(const Removed<NumberId>& removed) const { db.run("DELETE FROM numbers WHERE id=?", removed.id); }
  void operator()(const Team& t) const {
    db.run("INSERT OR REPLACE INTO teams(id,name,created_at,updated_at,begins_at,declared) VALUES(?,?,?,?,?,?)",
           std::string_view(t.id), std::string_view(t.name), t.created_at, t.updated_at, t.begins_at, t.declared);
  }
  void operator()(const RemovedTeam& removed) const {
    db.run("DELETE FROM teams WHERE id=?", std::string_view(removed.id));
  }
  void operator()(const User& u) const {
    const std::string config = boost::json::serialize(user_to_stored_json(u));
    const std::string secrets = seal_secrets(vault, u.id.str(), boost::json::serialize(user_secrets_to_json(u)));
    db.run("INSERT OR REPLACE INTO users(id,config,secrets) VALUES(?,?,?)", u.id, std::string_view(config),
           Blob{secrets});
  }
  void operator()(const Removed<UserId>& removed) const { db.run("DELETE FROM users WHERE id=?", removed.id); }
  void operator()(const Session& s) const {
    db.run("INSERT OR REPLACE INTO sessions(" LIMEHOOK_SESSION_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?)", s.id,
           Blob{view_of(s.hash)}, s.user, std::string_view(s.team_id), s.role, std::string_view(s.client_address),
           std::string_view(s.user_agent), s.created_at, s.expires_at, s.last_seen_at, std::string_view(s.made_by));
  }
  void operator()(const Removed<SessionId>& removed) const { db.run("DELETE FROM sessions WHERE id=?", removed.id); }
  void operator()(const SessionUse& use) const {
    db.run("UPDATE sessions SET last_seen_at=? WHERE id=?", use.at, use.session);
  }
  void operator()(const Link& l) const {
    db.run("INSERT OR REPLACE INTO links(" LIMEHOOK_LINK_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?)", l.id, l.kind,
           Blob{view_of(l.hash)}, std::string_view(l.email), std::string_view(l.name), l.admin,
           std::string_view(l.team_id), l.role, l.user, l.created_at, l.expires_at, std::string_view(l.made_by));
  }
  void operator()(const Removed<LinkId>& removed) const { db.run("DELETE FROM links WHERE id=?", removed.id); }
  void operator()(const AuditEntry& entry) const { insert(db, entry); }
  void operator()(const StatsBucket& bucket) const { add_stats(db, bucket); }
};

// Every row of `sql` as a value; `vault`: of those that have secrets.
template <class T, class... Vault>
std::vector<T> read_all(Database& db, const char* sql, T (*read)(const Statement&, const Vault&...),
                        const Vault&... vault) {
  std::vector<T> all;
  for (Rows rows = db.query(sql); rows.next();) all.push_back(read(*rows, vault...));
  return all;
}

}  // namespace

void apply(Database& db, const vault::Vault& vault, const CatalogChange& change) {
  std::visit(Applier{db, vault}, change);
}

Catalog load_catalog(Database& db, const vault::Vault& vault) {
  Catalog catalog;
  catalog.webhooks =
      read_all(db, "SELECT " LIMEHOOK_WEBHOOK_COLUMNS " FROM webhooks WHERE deleted_at IS NULL ORDER BY id",
               read_webhook, vault);
  for (Rows rows = db.query("SELECT id,team FROM webhooks WHERE deleted_at IS NOT NULL ORDER BY id"); rows.next();) {
    catalog.deleted_webhooks.emplace_back(WebhookId{rows->integer(0)}, rows->text(1));
  }
  catalog.healths =
      read_all(db, "SELECT " LIMEHOOK_HEALTH_COLUMNS " FROM webhook_health ORDER BY webhook", read_health);
  catalog.keys = read_all(db, "SELECT " LIMEHOOK_KEY_COLUMNS " FROM keys ORDER BY id", read_key);
  catalog.numbers = read_all(db, "SELECT " LIMEHOOK_NUMBER_COLUMNS " FROM numbers ORDER BY id", read_number);
  catalog.teams =
      read_all(db, "SELECT id,name,created_at,updated_at,begins_at,declared FROM teams ORDER BY id", read_team);
  catalog.users = read_all(db, "SELECT id,config,secrets FROM users ORDER BY id", read_user, vault);
  catalog.sessions = read_all(db, "SELECT " LIMEHOOK_SESSION_COLUMNS " FROM sessions ORDER BY id", read_session);
  catalog.links = read_all(db, "SELECT " LIMEHOOK_LINK_COLUMNS " FROM links ORDER BY id", read_link);
  for (Rows rows = db.query("SELECT " LIMEHOOK_RECOVERY_COLUMNS " FROM recoveries WHERE state=? ORDER BY id",
                            Recovery::State::Running);
       rows.next();) {
    catalog.running_recoveries.push_back(read_recovery(*rows));
  }
  for (Rows rows = db.query("SELECT key FROM cursor_key"); rows.next();) catalog.cursor_key = rows->text(0);
  // Pruned rows have been in the index.
  catalog.last_id = db.number(
      "SELECT max(coalesce((SELECT max(id) FROM events),0),coalesce((SELECT max(id) FROM deliveries),0),"
      "coalesce((SELECT max(id) FROM webhooks),0),coalesce((SELECT max(id) FROM keys),0),"
      "coalesce((SELECT max(id) FROM numbers),0),coalesce((SELECT max(id) FROM recoveries),0),"
      "coalesce((SELECT max(id) FROM users),0),coalesce((SELECT max(id) FROM sessions),0),"
      "coalesce((SELECT max(id) FROM links),0),coalesce((SELECT max(id) FROM audits),0),"
      "coalesce((SELECT max(last_id) FROM log_segments),0))");
  return catalog;
}

}  // namespace limehook::store::sqlite
