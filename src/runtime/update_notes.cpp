#include "runtime/update_notes.hpp"

namespace limehook::runtime {
namespace {

// Things that may go from one team to another are noted for both.
struct CatalogNoter {
  UpdateFeed& feed;
  const Directory& directory;

  template <class Row>
  void note(UpdateKind kind, const Row* row) const {
    if (row) feed.note(kind, row->team_id);
  }
  void note(const User* user) const {
    if (!user) return;
    feed.note(UpdateKind::Users, "");
    for (const Membership& member : user->teams) feed.note(UpdateKind::Users, member.team_id);
  }

  void operator()(const ApiKey& key) const { note(UpdateKind::Keys, &key); }
  void operator()(store::Removed<KeyId> removed) const { note(UpdateKind::Keys, directory.keys().find(removed.id)); }
  void operator()(const Number& number) const {
    note(UpdateKind::Numbers, directory.numbers().find(number.id));
    note(UpdateKind::Numbers, &number);
  }
  void operator()(store::Removed<NumberId> removed) const {
    note(UpdateKind::Numbers, directory.numbers().find(removed.id));
  }
  void operator()(const Team& team) const { feed.note(UpdateKind::Teams, team.id); }
  void operator()(const store::RemovedTeam& removed) const { feed.note(UpdateKind::Teams, removed.id); }
  void operator()(const User& user) const {
    note(directory.find_user(user.id));
    note(&user);
  }
  void operator()(store::Removed<UserId> removed) const { note(directory.find_user(removed.id)); }
  void operator()(const Link& link) const {
    if (link.kind == LinkKind::Invitation) note(UpdateKind::Invitations, &link);
  }
  void operator()(store::Removed<LinkId> removed) const {
    if (const Link* link = directory.links().find(removed.id)) (*this)(*link);
  }
  void operator()(const AuditEntry& entry) const { feed.note(UpdateKind::Audit, entry.team_id); }
  void operator()(const KeyUse&) const {}
  void operator()(const Session&) const {}
  void operator()(store::Removed<SessionId>) const {}
  void operator()(const SessionUse&) const {}
  void operator()(const StatsBucket&) const {}
};

}  // namespace

void note_stored(UpdateFeed& feed, const store::WriteBatch& batch, const Directory& directory,
                 const TeamOfWebhook& team_of) {
  if (feed.size() == 0) return;
  const auto note = [&](UpdateKind kind, WebhookId webhook) { feed.note(kind, team_of(webhook)); };
  for (const Webhook& webhook : batch.webhooks) feed.note(UpdateKind::Webhooks, webhook.team_id);
  for (const auto& health : batch.healths) note(UpdateKind::Webhooks, health.webhook);
  for (const auto& deleted : batch.deleted_webhooks) note(UpdateKind::Webhooks, deleted.id);
  for (const auto& change : batch.catalog) std::visit(CatalogNoter{feed, directory}, change);
  for (const auto& added : batch.events) {
    feed.note(UpdateKind::Events, added.event.team_id);
    for (const Delivery& delivery : added.deliveries) note(UpdateKind::Deliveries, delivery.webhook);
  }
  for (const Delivery& delivery : batch.deliveries) note(UpdateKind::Deliveries, delivery.webhook);
  for (const auto& update : batch.updates) note(UpdateKind::Deliveries, update.webhook);
  for (const Recovery& recovery : batch.recoveries) note(UpdateKind::Recoveries, recovery.webhook);
}

}  // namespace limehook::runtime
