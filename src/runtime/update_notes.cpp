#include "runtime/update_notes.hpp"

namespace limehook::runtime {
namespace {

// Things that may go from one team to another are noted for both.
struct CatalogNoter {
  UpdateNotes& notes;
  const Directory& directory;

  void add(UpdateKind kind, const std::string& team) const { notes.emplace(kind, team); }
  template <class Row>
  void note(UpdateKind kind, const Row* row) const {
    if (row) add(kind, row->team_id);
  }
  void note(const User* user) const {
    if (!user) return;
    add(UpdateKind::Users, "");
    for (const Membership& member : user->teams) add(UpdateKind::Users, member.team_id);
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
  void operator()(const Team& team) const { add(UpdateKind::Teams, team.id); }
  void operator()(const store::RemovedTeam& removed) const { add(UpdateKind::Teams, removed.id); }
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
  void operator()(const AuditEntry& entry) const { add(UpdateKind::Audit, entry.team_id); }
  void operator()(const KeyUse&) const {}
  void operator()(const Session&) const {}
  void operator()(store::Removed<SessionId>) const {}
  void operator()(const SessionUse&) const {}
  void operator()(const StatsBucket&) const {}
};

}  // namespace

UpdateNotes notes_of(const store::WriteBatch& batch, const Directory& directory, const TeamOfWebhook& team_of) {
  UpdateNotes notes;
  std::set<std::pair<UpdateKind, WebhookId>> seen;  // a batch has thousands of deliveries of few webhooks
  const auto add = [&](UpdateKind kind, WebhookId webhook) {
    if (seen.emplace(kind, webhook).second) notes.emplace(kind, team_of(webhook));
  };
  for (const Webhook& webhook : batch.webhooks) notes.emplace(UpdateKind::Webhooks, webhook.team_id);
  for (const auto& health : batch.healths) add(UpdateKind::Webhooks, health.webhook);
  for (const auto& deleted : batch.deleted_webhooks) add(UpdateKind::Webhooks, deleted.id);
  for (const auto& change : batch.catalog) std::visit(CatalogNoter{notes, directory}, change);
  for (const auto& added : batch.events) {
    notes.emplace(UpdateKind::Events, added.event.team_id);
    for (const Delivery& delivery : added.deliveries) add(UpdateKind::Deliveries, delivery.webhook);
  }
  for (const Delivery& delivery : batch.deliveries) add(UpdateKind::Deliveries, delivery.webhook);
  for (const auto& update : batch.updates) add(UpdateKind::Deliveries, update.webhook);
  for (const Recovery& recovery : batch.recoveries) add(UpdateKind::Recoveries, recovery.webhook);
  return notes;
}

}  // namespace limehook::runtime
