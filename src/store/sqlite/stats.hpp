#pragma once
// Counts over time. What is new of webhooks' minutes lies together, however many webhooks there are.

#include <span>

#include "model/stats.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Adds to what the bucket holds.
void add_stats(Database& db, const StatsBucket& bucket);
// As Store::list_stats(), inside the caller's read transaction.
StatsSeries list_stats(Database& db, std::span<const WebhookId> webhooks, Duration width, WallTime since,
                       WallTime until);
// Removes webhooks' minutes from before `before`, oldest first, at most `rows_max`; answers how many.
std::size_t remove_minutes(Database& db, WallTime before, std::size_t rows_max);

}  // namespace limehook::store::sqlite
