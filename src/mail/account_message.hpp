#pragma once
// What Limehook writes to people about their accounts. These messages hold a link that lets in who has it: they go to
// one address only, and never to a log.

#include <string>
#include <string_view>

#include "base/time.hpp"
#include "mail/message.hpp"

namespace limehook::mail {

// What all kinds have. `unique` tells the message from all others and goes into its Message-ID: ASCII letters and
// digits.
struct AccountMessage {
  std::string from;  // addresses that email_problem() takes
  std::string to;
  std::string link;  // a whole URL in ASCII
  Duration valid{};  // for how long from `at` on
  WallTime at{};
  std::string unique;
};

// `inviter` (an e-mail address; empty: nobody is named) invites to a team, or to the server as a whole where `team` is
// empty. Texts of others show as words only, cut to 60 bytes or so, so that nobody can send advertising or links of
// their own through this server.
Message invitation(const AccountMessage& message, std::string_view inviter, std::string_view team);

Message password_reset(const AccountMessage& message);

// Asks whether the notices about a team's webhooks may come to this address.
Message confirmation(const AccountMessage& message, std::string_view team);

}  // namespace limehook::mail
