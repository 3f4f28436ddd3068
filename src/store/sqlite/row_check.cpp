#include "store/sqlite/row_check.hpp"

#include <array>
#include <exception>

#include "base/ids.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"
#include "store/sqlite/catalog.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kReportsMax = 20;  // of one kind

struct JsonColumn {
  const char* sql;  // id, text
  const char* problem;
  std::string (*name)(std::int64_t id);
};

const std::array kJsonColumns{
    JsonColumn{"SELECT id,payload FROM events", "damaged payload of an event",
               [](std::int64_t id) { return EventId{id}.str(); }},
    JsonColumn{"SELECT id,body FROM deliveries WHERE body IS NOT NULL AND body_type<>2", "damaged body of a delivery",
               [](std::int64_t id) { return DeliveryId{id}.str(); }},
    JsonColumn{"SELECT id,config FROM webhooks WHERE config<>''", "damaged configuration of a webhook",
               [](std::int64_t id) { return WebhookId{id}.str(); }},
    JsonColumn{"SELECT id,config FROM users", "damaged row of a user",
               [](std::int64_t id) { return UserId{id}.str(); }},
    JsonColumn{"SELECT id,before FROM audits WHERE before<>''", "damaged audit entry",
               [](std::int64_t id) { return AuditId{id}.str(); }},
    JsonColumn{"SELECT id,after FROM audits WHERE after<>''", "damaged audit entry",
               [](std::int64_t id) { return AuditId{id}.str(); }},
};
static_assert(static_cast<int>(BodyType::Form) == 2);

}  // namespace

void check_rows(Database& db, const vault::Vault* vault, std::vector<std::string>& problems) {
  for (const JsonColumn& column : kJsonColumns) {
    int told = 0;
    for (Rows rows = db.query(column.sql); told < kReportsMax && rows.next();) {
      if (!json_problem(rows->bytes(1))) continue;
      problems.push_back(std::string(column.problem) + ": " + column.name(rows->integer(0)));
      ++told;
    }
  }
  if (vault == nullptr) return;
  try {
    load_catalog(db, *vault);
  } catch (const SqliteError&) {
    throw;
  } catch (const std::exception& error) {
    problems.push_back(std::string("what the server reads at its start is damaged: ") + error.what());
  }
}

}  // namespace limehook::store::sqlite
