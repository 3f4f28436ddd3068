#pragma once
// A file system for SQLite that tells of every call and lets it fail: everything goes to the real one unless the
// observer says otherwise. It is the process's default from before main() on, so that every connection goes through it.

#include <cstdint>
#include <string>
#include <string_view>

namespace limehook::store {

enum class FileOperation : std::uint8_t {
  Open,
  Delete,
  Access,
  Read,
  Write,
  Truncate,
  Sync,
  FileSize,
  Lock,
  ShmMap,
  ShmLock,
};

struct FileCall {
  FileOperation operation{};
  std::string_view name;   // the whole path; of shared memory the database's
  std::string_view data;   // Write
  std::int64_t value = 0;  // Write: offset; Truncate: size; Open: flags; Delete: is the folder synced with it?
};

// Any thread; calls of different files may overlap.
class FileObserver {
 public:
  virtual ~FileObserver() = default;
  // SQLITE_OK: let it happen. Another result code: the call has it for its result, and nothing happens.
  virtual int before(const FileCall& call) = 0;
  // It has happened, well.
  virtual void after(const FileCall& call) { (void)call; }
};

// Null: nobody. While no file is open or only one thread uses files.
void observe_files(FileObserver* observer);

}  // namespace limehook::store
