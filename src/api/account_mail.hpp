#pragma once
// What people are sent about their accounts.

#include <functional>
#include <string>

#include "base/time.hpp"

namespace limehook::api {

struct AccountMail {
  enum class Kind : std::uint8_t { Invitation, PasswordReset, ConfirmEmail };
  Kind kind{};
  std::string to;
  std::string link;
  Duration valid{};     // for how long the link is
  std::string inviter;  // of an invitation: an e-mail address; empty: nobody is named
  std::string team;     // likewise, and of a confirmation; empty: the installation
};

// On the engine's thread; must not block. Empty: there is no mail server.
using SendAccountMail = std::function<void(AccountMail)>;

}  // namespace limehook::api
