#pragma once
// What of a folder is on stable storage, and what only a file system's cache has: files as they were when they were
// synced last, and the writes since then. From this comes what a power loss may leave.
//
// The model is as hostile as POSIX allows, but for what SQLite relies on (powersafe overwrite): bytes that were not
// being written keep their value. A file's name is durable once its folder has been synced. A sync that fails has lost
// the writes it was for: they are read back, as on Linux, but no later sync brings them to the disk.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "observed_vfs.hpp"

namespace limehook::store {

struct UnsyncedChange {
  std::int64_t offset = 0;  // of a truncation: the new size
  std::string data;
  bool truncation = false;
};

struct DiskFile {
  std::shared_ptr<const std::string> synced = std::make_shared<std::string>();
  std::vector<std::shared_ptr<const UnsyncedChange>> unsynced;  // in order
  bool syncs_folder = false;                                    // with its next sync
};

enum class Loss : std::uint8_t {
  Everything,  // nothing that was not synced is left
  Nothing,     // all of it is: the process was killed, the machine lives
  Sectors,     // any of the sectors that were written are left, and any of the names
  Garbage,     // the same, and some of them are neither old nor new
};
inline constexpr int kLossCount = 4;

// The state at one moment.
struct Disk {
  std::map<std::string, DiskFile> files;         // by name, as the running system sees them
  std::map<std::string, DiskFile> synced_names;  // the same, of the names that would be there

  // Writes to `folder` the files that a loss now leaves.
  void leave(Loss loss, Prng& random, const std::filesystem::path& folder) const;
};

class DiskModel : public FileObserver {
 public:
  // Watches files whose paths begin with `folder`. `stop(n)` is asked before operation n (from 0) that changes
  // something is done, on the thread that does it; what it answers other than SQLITE_OK makes the operation fail.
  using Stop = std::function<int(int operation, const FileCall& call, const Disk& disk)>;
  DiskModel(std::filesystem::path folder, Stop stop) : folder_(std::move(folder)), stop_(std::move(stop)) {}

  int before(const FileCall& call) override;
  void after(const FileCall& call) override;

  Disk disk() const;
  int operations() const;

 private:
  std::string name_of(const FileCall& call) const;
  bool watches(const FileCall& call) const;

  const std::string folder_;
  const Stop stop_;
  mutable std::recursive_mutex mutex_;
  int operations_ = 0;
  std::map<std::string, std::shared_ptr<DiskFile>> files_;
  std::map<std::string, std::shared_ptr<DiskFile>> synced_names_;
};

}  // namespace limehook::store
