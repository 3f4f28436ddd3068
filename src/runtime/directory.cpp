#include "runtime/directory.hpp"

namespace limehook::runtime {
namespace {

constexpr Duration kUseGranularity = std::chrono::minutes(1);
constexpr Duration kExpiryInterval = std::chrono::minutes(1);

template <class Rows>
void add_expired(const Rows& rows, WallTime now, std::vector<store::CatalogChange>& changes) {
  for (const auto& [id, row] : rows.all()) {
    if (row.expires_at <= now) changes.emplace_back(store::Removed<typename Rows::RowId>{id});
  }
}

}  // namespace

struct Directory::Applier {
  Directory& d;

  void operator()(const ApiKey& key) const { d.keys_.put(key); }
  void operator()(const store::Removed<KeyId>& removed) const { d.keys_.remove(removed.id); }
  void operator()(const Number& number) const { d.numbers_.put(number); }
  void operator()(const store::Removed<NumberId>& removed) const { d.numbers_.remove(removed.id); }
  void operator()(const Team& team) const { d.teams_[team.id] = team; }
  void operator()(const store::RemovedTeam& removed) const { d.teams_.erase(removed.id); }
  void operator()(const User& user) const {
    (*this)(store::Removed<UserId>{user.id});
    d.users_[user.id] = user;
    d.users_by_email_[user.email] = user.id;
    if (!user.oidc_subject.empty()) d.users_by_subject_[user.oidc_subject] = user.id;
  }
  void operator()(const store::Removed<UserId>& removed) const {
    const auto found = d.users_.find(removed.id);
    if (found == d.users_.end()) return;
    d.users_by_email_.erase(found->second.email);
    d.users_by_subject_.erase(found->second.oidc_subject);
    d.users_.erase(found);
  }
  void operator()(const Session& session) const {
    if (session.portal()) d.portals_[session.team_id].insert(session.id);
    d.sessions_.put(session);
  }
  void operator()(const store::Removed<SessionId>& removed) const {
    const Session* session = d.sessions_.find(removed.id);
    if (session && session->portal()) {
      const auto team = d.portals_.find(session->team_id);
      team->second.erase(removed.id);
      if (team->second.empty()) d.portals_.erase(team);
    }
    d.sessions_.remove(removed.id);
  }
  void operator()(const Link& link) const { d.links_.put(link); }
  void operator()(const store::Removed<LinkId>& removed) const { d.links_.remove(removed.id); }
  // Uses come from here; the rest is only stored.
  void operator()(const KeyUse&) const {}
  void operator()(const SessionUse&) const {}
  void operator()(const AuditEntry&) const {}
  void operator()(const StatsBucket&) const {}
};

void Directory::load(store::Catalog& catalog) {
  for (ApiKey& key : catalog.keys) keys_.put(std::move(key));
  for (Number& number : catalog.numbers) numbers_.put(std::move(number));
  for (Team& team : catalog.teams) teams_[team.id] = std::move(team);
  for (const User& user : catalog.users) Applier{*this}(user);
  for (const Session& session : catalog.sessions) Applier{*this}(session);
  for (Link& link : catalog.links) links_.put(std::move(link));
}

void Directory::apply(const store::CatalogChange& change) { std::visit(Applier{*this}, change); }

const std::set<SessionId>& Directory::portals_of(const std::string& team) const {
  static const std::set<SessionId> none;
  const auto found = portals_.find(team);
  return found == portals_.end() ? none : found->second;
}

const User* Directory::find_user(UserId id) const {
  const auto found = users_.find(id);
  return found == users_.end() ? nullptr : &found->second;
}

const User* Directory::find_user_by_email(std::string_view email) const {
  const auto found = users_by_email_.find(email);
  return found == users_by_email_.end() ? nullptr : find_user(found->second);
}

const User* Directory::find_user_by_subject(std::string_view oidc_subject) const {
  const auto found = users_by_subject_.find(oidc_subject);
  return found == users_by_subject_.end() ? nullptr : find_user(found->second);
}

void Directory::use(KeyId id, WallTime now) {
  ApiKey* key = keys_.find(id);
  if (!key || (key->last_used_at && now < *key->last_used_at + kUseGranularity)) return;
  key->last_used_at = now;
  uses_.emplace_back(KeyUse{id, now});
}

void Directory::use(SessionId id, WallTime now) {
  Session* session = sessions_.find(id);
  if (!session || now < session->last_seen_at + kUseGranularity) return;
  session->last_seen_at = now;
  uses_.emplace_back(SessionUse{id, now});
}

void Directory::use_totp_step(UserId user, std::int64_t step) {
  if (const auto found = users_.find(user); found != users_.end()) found->second.totp_step = step;
}

std::vector<store::CatalogChange> Directory::take_upkeep(WallTime now) {
  std::vector<store::CatalogChange> changes = std::exchange(uses_, {});
  if (now < next_expiry_) return changes;
  next_expiry_ = now + kExpiryInterval;
  const auto uses = changes.size();
  add_expired(sessions_, now, changes);
  add_expired(links_, now, changes);
  for (std::size_t i = uses; i < changes.size(); ++i) apply(changes[i]);
  return changes;
}

}  // namespace limehook::runtime
