#pragma once
// What is small and everybody asks for, in memory: keys, numbers, teams, users, sessions, links. It follows what is
// stored: a change is applied here once it is durable. One thread.

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/number.hpp"
#include "store/store.hpp"

namespace limehook::runtime {

// Rows with an id and the hash of a secret by which their owner is found. The hash is of 256 random bits, so that how
// long a look-up takes tells nothing that helps to find one.
template <class Row>
class HashedRows {
 public:
  using RowId = decltype(Row::id);

  void put(Row row) {
    remove(row.id);
    by_hash_[row.hash] = row.id;
    rows_[row.id] = std::move(row);
  }
  void remove(RowId id) {
    const auto found = rows_.find(id);
    if (found == rows_.end()) return;
    by_hash_.erase(found->second.hash);
    rows_.erase(found);
  }
  Row* find(RowId id) {
    const auto found = rows_.find(id);
    return found == rows_.end() ? nullptr : &found->second;
  }
  const Row* find(RowId id) const { return const_cast<HashedRows*>(this)->find(id); }
  const Row* find(const KeyHash& hash) const {
    const auto found = by_hash_.find(hash);
    return found == by_hash_.end() ? nullptr : find(found->second);
  }
  // By id, ascending.
  const std::map<RowId, Row>& all() const { return rows_; }

 private:
  struct FirstBytes {
    std::size_t operator()(const KeyHash& hash) const {
      std::size_t bytes = 0;
      std::memcpy(&bytes, hash.data(), sizeof bytes);
      return bytes;
    }
  };
  std::map<RowId, Row> rows_;
  std::unordered_map<KeyHash, RowId, FirstBytes> by_hash_;
};

class Directory {
 public:
  // Takes the parts that belong here out of `catalog`.
  void load(store::Catalog& catalog);
  void apply(const store::CatalogChange& change);

  const HashedRows<ApiKey>& keys() const { return keys_; }
  const HashedRows<Session>& sessions() const { return sessions_; }
  // The open portals of a team, the oldest first.
  const std::set<SessionId>& portals_of(const std::string& team) const;
  const HashedRows<Link>& links() const { return links_; }
  const NumberDirectory& numbers() const { return numbers_; }
  const std::map<std::string, Team>& teams() const { return teams_; }
  const std::map<UserId, User>& users() const { return users_; }
  // Null when there is none. `email` in lower case.
  const User* find_user(UserId id) const;
  const User* find_user_by_email(std::string_view email) const;
  const User* find_user_by_subject(std::string_view oidc_subject) const;

  // Notes that a key or session is in use; kept to the minute.
  void use(KeyId key, WallTime now);
  void use(SessionId session, WallTime now);
  // A second-factor code was taken: no other sign-in may use it, though that is not durable yet.
  void use_totp_step(UserId user, std::int64_t step);
  // What to store of the uses since the last call, and the removal of what has expired.
  std::vector<store::CatalogChange> take_upkeep(WallTime now);

 private:
  struct Applier;

  HashedRows<ApiKey> keys_;
  HashedRows<Session> sessions_;
  std::map<std::string, std::set<SessionId>> portals_;  // by team
  HashedRows<Link> links_;
  NumberDirectory numbers_;
  std::map<std::string, Team> teams_;
  std::map<UserId, User> users_;
  std::map<std::string, UserId, std::less<>> users_by_email_;
  std::map<std::string, UserId, std::less<>> users_by_subject_;
  std::vector<store::CatalogChange> uses_;
  WallTime next_expiry_{};
};

}  // namespace limehook::runtime
