// Whom webhooks may write to: nobody gets a team's notices at an address that has not agreed to them. POST
// /v1/links/confirm-email is how it agrees.

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/json_writer.hpp"
#include "base/ascii.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

bool names(const std::vector<std::string>& emails, const std::string& email) {
  return std::ranges::find(emails, email) != emails.end();
}

}  // namespace

// Admins vouch for whom they name. Others are known by their account in the team, or have confirmed before.
bool Api::may_write_to(const std::string& email, const std::string& team_id) const {
  const User* user = engine_.directory().find_user_by_email(ascii::lower(email));
  if (user && user->enabled && (user->admin || user->membership(team_id))) return true;
  return std::ranges::any_of(engine_.webhook_index().of(team_id), [&](WebhookId id) {
    const auto webhook = engine_.find_webhook(id);
    return webhook && names(webhook->confirmed_emails, email);
  });
}

void Api::settle_emails(const Principal& principal, Webhook& webhook) const {
  std::vector<std::string> confirmed;
  for (const std::string& email : webhook.notify_emails) {
    const bool before = names(webhook.confirmed_emails, email);
    if (before || !principal.limited() || may_write_to(email, webhook.team_id)) confirmed.push_back(email);
  }
  webhook.confirmed_emails = std::move(confirmed);
}

// Of those that were not asked lately, as many as the team may write to today.
asio::awaitable<void> Api::ask_to_confirm(Principal principal, WebhookPtr webhook) {
  if (!options_.send_mail) co_return;
  const auto now = runtime::now();
  const auto asked = [&](const std::string& email) {
    return std::ranges::any_of(engine_.directory().links().all(), [&](const auto& row) {
      const Link& link = row.second;
      return link.kind == LinkKind::ConfirmEmail && link.email == email && link.team_id == webhook->team_id &&
             link.expires_at > now.wall;
    });
  };
  std::vector<store::CatalogChange> changes;
  std::vector<AccountMail> mails;
  for (const std::string& email : unconfirmed_emails(*webhook)) {
    if (asked(email) || !may_mail_stranger(webhook->team_id, email, now.mono)) continue;
    auto issued = new_link(engine_.new_id(), LinkKind::ConfirmEmail, now.wall, limits::kInvitationValid);
    issued.row.email = email;
    issued.row.team_id = webhook->team_id;
    issued.row.made_by = principal.id;
    changes.emplace_back(issued.row);
    mails.push_back({AccountMail::Kind::ConfirmEmail, email, link_url(sign_in_.public_url, issued),
                     limits::kInvitationValid, "", team_name(webhook->team_id)});
  }
  if (changes.empty() || !co_await engine_.change("emails of " + webhook->id.str(), std::move(changes))) co_return;
  for (AccountMail& mail : mails) options_.send_mail(std::move(mail));
}

// Counts an e-mail to somebody who has not agreed to any; false where it must not be sent: too many of the team, or to
// this address.
bool Api::may_mail_stranger(const std::string& team_id, const std::string& email, MonotonicTime now) {
  const std::string address = ascii::lower(email);
  if (!mails_to_address_.has_left(address, now)) return false;
  return mails_of_team_.take(team_id, now) && mails_to_address_.take(address, now);
}

asio::awaitable<Response> Api::confirm_email(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  body.finish();
  const Link link = valid_link(token, LinkKind::ConfirmEmail);
  const auto ids = engine_.webhook_index().of(link.team_id);  // a copy: it may change meanwhile
  for (const WebhookId id : ids) {
    const auto webhook = engine_.find_webhook(id);
    if (!webhook || !names(unconfirmed_emails(*webhook), link.email)) continue;
    Webhook changed = *webhook;
    changed.confirmed_emails.push_back(link.email);
    const auto saved = co_await engine_.save_webhook(std::move(changed), std::nullopt);
    if (!saved) co_return refusal(saved.error());  // the link stays: it can be opened again
  }
  auto entry = audit(call, "webhook.email_confirmed", link.team_id, link.id.str(), link.email);
  const auto answer = co_await engine_.change(link.id.str(), {store::Removed<LinkId>{link.id}, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  out.begin_object().key("email").string(link.email).key("team_id").string(link.team_id);
  out.key("team_name").string(team_name(link.team_id)).end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

}  // namespace limehook::api
