#include "http_client/name_record.hpp"

#include <utility>

#include "base/assert.hpp"

namespace limehook::http_client {

const NameRecord::Addresses& NameRecord::addresses(MonotonicTime now) const {
  static const Addresses none;
  return now < usable_until_ ? addresses_ : none;
}

NameStanding NameRecord::standing(MonotonicTime now) const {
  if (failing_) return NameStanding::Failing;
  return addresses(now).empty() ? NameStanding::New : NameStanding::Known;
}

void NameRecord::lookup_started(MonotonicTime deadline) {
  looking_up_ = true;
  lookup_deadline_ = deadline;
}

void NameRecord::lookup_ended(Resolution resolution, MonotonicTime now, Duration lifetime) {
  LIMEHOOK_ASSERT(looking_up_);
  looking_up_ = false;
  if (resolution.expired || resolution.refused) return;  // nobody was asked
  const bool found = !resolution.addresses.empty();
  failing_ = !found || now > lookup_deadline_;
  lookup_at_ = now + (found ? lifetime : kFailureTime);
  error_ = std::move(resolution.error);
  // Old addresses replace an answer that did not come, not one that says that there are none.
  if (!found && !resolution.name_unknown) return;
  denied_ = !found;
  addresses_ = std::move(resolution.addresses);
  usable_until_ = found ? now + kStaleMax : MonotonicTime::min();
}

}  // namespace limehook::http_client
