#include "failing_vfs.hpp"

#include <sqlite3.h>

#include <mutex>
#include <new>

namespace limehook::store {
namespace {

class Plan {
 public:
  void arm(FileOperation operation, const std::string& suffix, int after, int code) {
    const std::lock_guard lock(mutex_);
    armed_ = true;
    failed_ = false;
    operation_ = operation;
    suffix_ = suffix;
    left_ = after;
    code_ = code;
  }
  bool disarm() {
    const std::lock_guard lock(mutex_);
    armed_ = false;
    return failed_;
  }
  // SQLITE_OK: go on.
  int judge(FileOperation operation, const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (!armed_ || operation != operation_ || !name.ends_with(suffix_)) return SQLITE_OK;
    if (left_-- > 0) return SQLITE_OK;
    failed_ = true;
    return code_;
  }

 private:
  std::mutex mutex_;
  bool armed_ = false;
  bool failed_ = false;
  FileOperation operation_{};
  std::string suffix_;
  int left_ = 0;
  int code_ = 0;
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

struct File {
  sqlite3_file base;
  std::string* name;
  sqlite3_file* real;  // behind this one in memory
};

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }
const std::string& name_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->name; }

int close_file(sqlite3_file* file) {
  const int code = real_of(file)->pMethods->xClose(real_of(file));
  delete reinterpret_cast<File*>(file)->name;
  return code;
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (const int code = plan().judge(FileOperation::Write, name_of(file)); code != SQLITE_OK) return code;
  return real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
}
int sync_file(sqlite3_file* file, int flags) {
  if (const int code = plan().judge(FileOperation::Sync, name_of(file)); code != SQLITE_OK) return code;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}

template <auto Method, class... Args>
auto forward(sqlite3_file* file, Args... args) {
  return (real_of(file)->pMethods->*Method)(real_of(file), args...);
}

using M = sqlite3_io_methods;
constexpr M kMethods{
    3,
    close_file,
    [](sqlite3_file* f, void* p, int n, sqlite3_int64 o) { return forward<&M::xRead>(f, p, n, o); },
    write_file,
    [](sqlite3_file* f, sqlite3_int64 n) { return forward<&M::xTruncate>(f, n); },
    sync_file,
    [](sqlite3_file* f, sqlite3_int64* n) { return forward<&M::xFileSize>(f, n); },
    [](sqlite3_file* f, int l) { return forward<&M::xLock>(f, l); },
    [](sqlite3_file* f, int l) { return forward<&M::xUnlock>(f, l); },
    [](sqlite3_file* f, int* r) { return forward<&M::xCheckReservedLock>(f, r); },
    [](sqlite3_file* f, int op, void* p) { return forward<&M::xFileControl>(f, op, p); },
    [](sqlite3_file* f) { return forward<&M::xSectorSize>(f); },
    [](sqlite3_file* f) { return forward<&M::xDeviceCharacteristics>(f); },
    [](sqlite3_file* f, int r, int n, int e, void volatile** p) { return forward<&M::xShmMap>(f, r, n, e, p); },
    [](sqlite3_file* f, int o, int n, int fl) { return forward<&M::xShmLock>(f, o, n, fl); },
    [](sqlite3_file* f) { return forward<&M::xShmBarrier>(f); },
    [](sqlite3_file* f, int d) { return forward<&M::xShmUnmap>(f, d); },
    [](sqlite3_file* f, sqlite3_int64 o, int n, void** p) { return forward<&M::xFetch>(f, o, n, p); },
    [](sqlite3_file* f, sqlite3_int64 o, void* p) { return forward<&M::xUnfetch>(f, o, p); },
};

sqlite3_vfs* real_vfs = nullptr;

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto* opened = reinterpret_cast<File*>(file);
  opened->base.pMethods = nullptr;
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  const int code = real_vfs->xOpen(real_vfs, name, opened->real, flags, flags_out);
  if (code != SQLITE_OK) return code;
  opened->name = new std::string(name ? name : "");
  opened->base.pMethods = &kMethods;
  return SQLITE_OK;
}

void install() {
  static const bool installed = [] {
    real_vfs = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs vfs = *real_vfs;
    vfs.zName = "failing";
    vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
    vfs.xOpen = open_file;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
  }();
  (void)installed;
}

// Before main(), so that every connection of the process goes through it.
const bool installed_at_start = (install(), true);

}  // namespace

void fail_file_operations(FileOperation operation, const std::string& suffix, int after, int code) {
  plan().arm(operation, suffix, after, code);
}

bool heal_file_operations() { return plan().disarm(); }

}  // namespace limehook::store
