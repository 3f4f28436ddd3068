#include "store/records.hpp"

namespace limehook::store {

bool WriteBatch::empty() const {
  return webhooks.empty() && deleted_webhooks.empty() && keys.empty() && deleted_keys.empty() && events.empty() &&
         deliveries.empty() && attempts.empty() && updates.empty() && recoveries.empty() && stats.empty();
}

}  // namespace limehook::store
