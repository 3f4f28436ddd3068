#pragma once
// What the audit log says of a change: the members that differ, with dots for what is secret.

#include <boost/json/object.hpp>

#include "model/audit.hpp"
#include "model/webhook.hpp"

namespace limehook::api {

// Sets before and after to those members of the two objects that differ. An empty object stands for nothing.
void set_change(AuditEntry& entry, const boost::json::object& before, const boost::json::object& after);
// The same for webhooks; null: there was or is none.
void set_webhook_change(AuditEntry& entry, const Webhook* before, const Webhook* after);

}  // namespace limehook::api
