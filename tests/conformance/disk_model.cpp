#include "disk_model.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>

namespace limehook::store {
namespace {

constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;

void put(std::string& bytes, std::int64_t offset, std::string_view data) {
  const auto end = static_cast<std::size_t>(offset) + data.size();
  if (bytes.size() < end) bytes.resize(end);
  std::ranges::copy(data, bytes.begin() + offset);
}

void apply(std::string& bytes, const UnsyncedChange& change) {
  if (change.truncation) bytes.resize(static_cast<std::size_t>(change.offset));
  else put(bytes, change.offset, change.data);
}

std::string noise(Prng& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random.below(256));
  return out;
}

// Each sector of what was written is left or not.
void apply_some(std::string& bytes, const UnsyncedChange& change, Loss loss, std::int64_t sector, double survival,
                Prng& random) {
  if (change.truncation) {
    if (random.chance(survival)) apply(bytes, change);
    return;
  }
  const auto end = change.offset + static_cast<std::int64_t>(change.data.size());
  for (std::int64_t at = change.offset; at < end;) {
    const std::int64_t next = std::min(end, (at / sector + 1) * sector);
    const auto piece = std::string_view(change.data)
                           .substr(static_cast<std::size_t>(at - change.offset), static_cast<std::size_t>(next - at));
    if (random.chance(survival)) put(bytes, at, piece);
    else if (loss == Loss::Garbage && random.chance(0.2)) put(bytes, at, noise(random, piece.size()));
    else if (random.chance(0.2)) put(bytes, std::max<std::int64_t>(at, static_cast<std::int64_t>(bytes.size())), "");
    at = next;
  }
}

std::string left_of(const DiskFile& file, Loss loss, Prng& random) {
  std::string bytes = *file.synced;
  if (loss == Loss::Everything) return bytes;
  constexpr std::array<std::int64_t, 2> kSectors{512, 4096};
  constexpr std::array kSurvivals{0.1, 0.5, 0.9, 0.99};
  const std::int64_t sector = kSectors[random.below(kSectors.size())];
  const double survival = kSurvivals[random.below(kSurvivals.size())];
  // Also everything up to some write, as a cache that writes back in order would leave it.
  const std::size_t whole = random.chance(0.3) ? random.below(file.unsynced.size() + 1) : 0;
  for (std::size_t i = 0; i < file.unsynced.size(); ++i) {
    if (loss == Loss::Nothing || i < whole) apply(bytes, *file.unsynced[i]);
    else apply_some(bytes, *file.unsynced[i], loss, sector, survival, random);
  }
  return bytes;
}

template <class To, class From>
std::map<std::string, To> converted(const std::map<std::string, From>& from) {
  std::map<std::string, To> to;
  for (const auto& [name, file] : from) to.emplace(name, *file);
  return to;
}

}  // namespace

void Disk::leave(Loss loss, Prng& random, const std::filesystem::path& folder) const {
  std::map<std::string, const DiskFile*> left;
  for (const auto& [name, file] : synced_names) left[name] = &file;
  if (loss != Loss::Everything) {
    for (const auto& [name, file] : files) {
      if (loss == Loss::Nothing || random.chance(0.5)) left[name] = &file;
    }
    for (const auto& [name, file] : synced_names) {
      if (!files.contains(name) && (loss == Loss::Nothing || random.chance(0.5))) left.erase(name);
    }
  }
  for (const auto& [name, file] : left) {
    std::ofstream(folder / name, std::ios::binary) << left_of(*file, loss, random);
  }
}

std::string DiskModel::name_of(const FileCall& call) const {
  return std::filesystem::path(call.name).filename().string();
}

bool DiskModel::watches(const FileCall& call) const {
  const auto op = call.operation;
  return call.name.starts_with(folder_) &&
         (op == FileOperation::Open || op == FileOperation::Delete || op == FileOperation::Write ||
          op == FileOperation::Truncate || op == FileOperation::Sync);
}

int DiskModel::before(const FileCall& call) {
  if (!watches(call)) return SQLITE_OK;
  const std::lock_guard lock(mutex_);
  if (call.operation == FileOperation::Open) return SQLITE_OK;
  const int code = stop_(operations_++, call, disk());
  if (code != SQLITE_OK && call.operation == FileOperation::Sync) {
    if (const auto file = files_.find(name_of(call)); file != files_.end()) file->second->unsynced.clear();
  }
  return code;
}

void DiskModel::after(const FileCall& call) {
  if (!watches(call)) return;
  const std::lock_guard lock(mutex_);
  const std::string name = name_of(call);
  auto& file = files_[name];
  switch (call.operation) {
    case FileOperation::Open:
      if (!file) {
        file = std::make_shared<DiskFile>();
        // The database itself is made, and its name synced, before SQLite comes to it.
        if ((call.value & SQLITE_OPEN_MAIN_DB) != 0) synced_names_[name] = file;
      }
      if ((call.value & kJournals) != 0 && (call.value & SQLITE_OPEN_CREATE) != 0) file->syncs_folder = true;
      break;
    case FileOperation::Delete:
      files_.erase(name);
      if (call.value != 0) synced_names_ = files_;
      break;
    case FileOperation::Write:
      file->unsynced.push_back(std::make_shared<UnsyncedChange>(call.value, std::string(call.data), false));
      break;
    case FileOperation::Truncate:
      file->unsynced.push_back(std::make_shared<UnsyncedChange>(call.value, "", true));
      break;
    case FileOperation::Sync: {
      std::string bytes = *file->synced;
      for (const auto& change : file->unsynced) apply(bytes, *change);
      file->synced = std::make_shared<std::string>(std::move(bytes));
      file->unsynced.clear();
      if (file->syncs_folder) synced_names_ = files_;
      file->syncs_folder = false;
      break;
    }
    default:
      break;
  }
}

Disk DiskModel::disk() const {
  const std::lock_guard lock(mutex_);
  return {converted<DiskFile>(files_), converted<DiskFile>(synced_names_)};
}

int DiskModel::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

}  // namespace limehook::store
