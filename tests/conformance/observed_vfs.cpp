#include "observed_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cerrno>

namespace limehook::store {
namespace {

std::atomic<FileObserver*> the_observer = nullptr;
sqlite3_vfs* real_vfs = nullptr;

template <class Run>
int observed(const FileCall& call, Run run) {
  FileObserver* const observer = the_observer.load();
  if (observer == nullptr) return run();
  if (const int code = observer->before(call); code != SQLITE_OK) return code;
  const int code = run();
  if (code == SQLITE_OK) observer->after(call);
  return code;
}

struct File {
  sqlite3_file base;
  std::string* name;
  sqlite3_file* real;  // behind this one in memory
  int last_error;      // errno of a write that the observer has failed
};

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }
const std::string& name_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file)->name; }

template <auto Method, class... Args>
auto forward(sqlite3_file* file, Args... args) {
  return (real_of(file)->pMethods->*Method)(real_of(file), args...);
}

template <FileOperation operation, auto Method, class... Args>
int told(sqlite3_file* file, Args... args) {
  return observed({.operation = operation, .name = name_of(file)}, [&] { return forward<Method>(file, args...); });
}

using M = sqlite3_io_methods;

int close_file(sqlite3_file* file) {
  const int code = forward<&M::xClose>(file);
  delete reinterpret_cast<File*>(file)->name;
  return code;
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
  bool failed = true;
  const int code = observed({FileOperation::Write, name_of(file), bytes, offset}, [&] {
    failed = false;
    return forward<&M::xWrite>(file, data, size, offset);
  });
  reinterpret_cast<File*>(file)->last_error = failed ? errno : 0;
  return code;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return observed({.operation = FileOperation::Truncate, .name = name_of(file), .value = size},
                  [&] { return forward<&M::xTruncate>(file, size); });
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  const int error = reinterpret_cast<File*>(file)->last_error;
  if (operation != SQLITE_FCNTL_LAST_ERRNO || error == 0) return forward<&M::xFileControl>(file, operation, argument);
  *static_cast<int*>(argument) = error;
  return SQLITE_OK;
}

constexpr M kMethods{
    3,
    close_file,
    [](sqlite3_file* f, void* p, int n, sqlite3_int64 o) { return told<FileOperation::Read, &M::xRead>(f, p, n, o); },
    write_file,
    truncate_file,
    [](sqlite3_file* f, int flags) { return told<FileOperation::Sync, &M::xSync>(f, flags); },
    [](sqlite3_file* f, sqlite3_int64* n) { return told<FileOperation::FileSize, &M::xFileSize>(f, n); },
    [](sqlite3_file* f, int l) { return told<FileOperation::Lock, &M::xLock>(f, l); },
    [](sqlite3_file* f, int l) { return forward<&M::xUnlock>(f, l); },
    [](sqlite3_file* f, int* r) { return forward<&M::xCheckReservedLock>(f, r); },
    control_file,
    [](sqlite3_file* f) { return forward<&M::xSectorSize>(f); },
    [](sqlite3_file* f) { return forward<&M::xDeviceCharacteristics>(f); },
    [](sqlite3_file* f, int r, int n, int e, void volatile** p) {
      return told<FileOperation::ShmMap, &M::xShmMap>(f, r, n, e, p);
    },
    [](sqlite3_file* f, int o, int n, int flags) {
      if ((flags & SQLITE_SHM_UNLOCK) != 0) return forward<&M::xShmLock>(f, o, n, flags);
      return told<FileOperation::ShmLock, &M::xShmLock>(f, o, n, flags);
    },
    [](sqlite3_file* f) { forward<&M::xShmBarrier>(f); },
    [](sqlite3_file* f, int d) { return forward<&M::xShmUnmap>(f, d); },
    [](sqlite3_file* f, sqlite3_int64 o, int n, void** p) { return forward<&M::xFetch>(f, o, n, p); },
    [](sqlite3_file* f, sqlite3_int64 o, void* p) { return forward<&M::xUnfetch>(f, o, p); },
};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  auto* opened = reinterpret_cast<File*>(file);
  opened->base.pMethods = nullptr;
  opened->last_error = 0;
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  const std::string path = name ? name : "";
  return observed({.operation = FileOperation::Open, .name = path, .value = flags}, [&] {
    const int code = real_vfs->xOpen(real_vfs, name, opened->real, flags, flags_out);
    if (code != SQLITE_OK) return code;
    opened->name = new std::string(path);
    opened->base.pMethods = &kMethods;
    return SQLITE_OK;
  });
}

int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
  return observed({.operation = FileOperation::Delete, .name = name, .value = sync_folder},
                  [&] { return real_vfs->xDelete(real_vfs, name, sync_folder); });
}

int access_file(sqlite3_vfs*, const char* name, int flags, int* result) {
  return observed({.operation = FileOperation::Access, .name = name},
                  [&] { return real_vfs->xAccess(real_vfs, name, flags, result); });
}

bool install() {
  real_vfs = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs = *real_vfs;
  vfs.zName = "observed";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK;
}

const bool installed_at_start = install();

}  // namespace

void observe_files(FileObserver* observer) { the_observer.store(observer); }

}  // namespace limehook::store
