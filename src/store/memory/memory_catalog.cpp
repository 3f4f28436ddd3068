// What is small: everything but the journal.

#include <algorithm>
#include <ranges>

#include "store/memory/memory_store.hpp"

namespace limehook::store {
namespace {

template <class Rows>
auto values_of(const Rows& rows) {
  const auto values = std::views::values(rows);
  return std::vector(values.begin(), values.end());
}

bool fits(const AuditQuery& query, const AuditEntry& entry) {
  const bool action_fits = query.action.empty() || entry.action == query.action ||
                           (query.action.ends_with('.') && entry.action.starts_with(query.action));
  return action_fits && (!query.team_id || entry.team_id == *query.team_id) &&
         (query.actor_id.empty() || entry.actor_id == query.actor_id) &&
         (query.target.empty() || entry.target == query.target) &&
         (query.before == 0 || entry.id.value < query.before) &&
         (!query.since || entry.id.value >= first_id_at(*query.since)) &&
         (!query.until || entry.id.value < first_id_at(*query.until));
}

}  // namespace

template <class Rows, class Row>
void MemoryStore::put(Rows& rows, const Row& row) {
  rows[row.id] = row;
  last_id_ = std::max(last_id_, row.id.value);
}

struct MemoryStore::Applier {
  MemoryStore& store;

  void operator()(const ApiKey& key) const { store.put(store.keys_, key); }
  void operator()(const Removed<KeyId>& removed) const { store.keys_.erase(removed.id); }
  void operator()(const KeyUse& use) const {
    if (const auto found = store.keys_.find(use.key); found != store.keys_.end()) found->second.last_used_at = use.at;
  }
  void operator()(const Number& number) const { store.put(store.numbers_, number); }
  void operator()(const Removed<NumberId>& removed) const { store.numbers_.erase(removed.id); }
  void operator()(const Team& team) const { store.teams_[team.id] = team; }
  void operator()(const RemovedTeam& removed) const { store.teams_.erase(removed.id); }
  void operator()(const User& user) const { store.put(store.users_, user); }
  void operator()(const Removed<UserId>& removed) const { store.users_.erase(removed.id); }
  void operator()(const Session& session) const { store.put(store.sessions_, session); }
  void operator()(const Removed<SessionId>& removed) const { store.sessions_.erase(removed.id); }
  void operator()(const SessionUse& use) const {
    const auto found = store.sessions_.find(use.session);
    if (found != store.sessions_.end()) found->second.last_seen_at = use.at;
  }
  void operator()(const Link& link) const { store.put(store.links_, link); }
  void operator()(const Removed<LinkId>& removed) const { store.links_.erase(removed.id); }
  void operator()(const AuditEntry& entry) const { store.put(store.audits_, entry); }
  void operator()(const StatsBucket& bucket) const {
    store.stats_[{bucket.webhook, bucket.width, bucket.start}].merge(bucket.counts);
  }
};

void MemoryStore::apply(const CatalogChange& change) { std::visit(Applier{*this}, change); }

Catalog MemoryStore::load_catalog() const {
  const std::lock_guard lock(mutex_);
  Catalog catalog;
  catalog.webhooks = values_of(webhooks_);
  for (const auto& [id, team_and_time] : deleted_webhooks_) {
    catalog.deleted_webhooks.emplace_back(id, team_and_time.first);
  }
  catalog.healths = values_of(healths_);
  catalog.keys = values_of(keys_);
  catalog.numbers = values_of(numbers_);
  catalog.teams = values_of(teams_);
  catalog.users = values_of(users_);
  catalog.sessions = values_of(sessions_);
  catalog.links = values_of(links_);
  for (const Recovery& recovery : std::views::values(recoveries_)) {
    if (recovery.state == Recovery::State::Running) catalog.running_recoveries.push_back(recovery);
  }
  catalog.last_id = last_id_;
  catalog.cursor_key = "the key of a store that is gone when its process ends";
  return catalog;
}

Page<AuditEntry> MemoryStore::list_audit(const AuditQuery& query) const {
  const std::lock_guard lock(mutex_);
  Page<AuditEntry> page;
  std::size_t bytes = 0;
  for (const AuditEntry& entry : std::views::values(audits_) | std::views::reverse) {
    if (!fits(query, entry)) continue;
    bytes += entry.before.size() + entry.after.size();
    const bool heavy = bytes > limits::kPageBytesMax && !page.rows.empty();
    if (page.rows.size() == query.limit || heavy) {
      page.next = page.rows.back().id.value;
      break;
    }
    page.rows.push_back(entry);
  }
  return page;
}

PruneResult MemoryStore::prune_audit(WallTime older_than, std::size_t rows_max) {
  const std::lock_guard lock(mutex_);
  PruneResult result;
  const auto end = audits_.lower_bound(AuditId{first_id_at(older_than)});
  while (audits_.begin() != end) {
    if (result.rows == rows_max) return {result.rows, false};
    audits_.erase(audits_.begin());
    ++result.rows;
  }
  return result;
}

}  // namespace limehook::store
