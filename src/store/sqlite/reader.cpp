#include "store/sqlite/reader.hpp"

#include <utility>

namespace limehook::store::sqlite {
namespace {

constexpr std::size_t kIdleMax = 8;

}  // namespace

std::unique_ptr<Database> ReaderPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto database = std::move(idle_.back());
      idle_.pop_back();
      return database;
    }
  }
  auto database = std::make_unique<Database>(file_, OpenMode::Existing);
  database->script(
      "PRAGMA wal_autocheckpoint=0; PRAGMA query_only=1; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY");
  return database;
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(database));
}

}  // namespace limehook::store::sqlite
