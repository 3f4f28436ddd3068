#include "failing_vfs.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <mutex>

namespace limehook::store {
namespace {

class Plan : public FileObserver {
 public:
  void arm(FileOperation operation, const std::string& suffix, int after, int code, int times, int system_error) {
    system_error_ = system_error;
    const std::lock_guard lock(mutex_);
    operation_ = operation;
    suffix_ = suffix;
    healthy_left_ = after;
    failing_left_ = times;
    code_ = code;
    failed_ = false;
  }
  bool disarm() {
    const std::lock_guard lock(mutex_);
    failing_left_ = 0;
    return failed_;
  }
  int before(const FileCall& call) override {
    const std::lock_guard lock(mutex_);
    if (failing_left_ <= 0 || call.operation != operation_ || !call.name.ends_with(suffix_)) return SQLITE_OK;
    if (healthy_left_-- > 0) return SQLITE_OK;
    --failing_left_;
    failed_ = true;
    errno = system_error_;
    return code_;
  }

 private:
  std::mutex mutex_;
  bool failed_ = false;
  FileOperation operation_{};
  std::string suffix_;
  int healthy_left_ = 0;
  int failing_left_ = 0;
  int code_ = 0;
  int system_error_ = 0;
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

}  // namespace

void fail_file_operations(FileOperation operation, const std::string& suffix, int after, int code, int times,
                          int system_error) {
  plan().arm(operation, suffix, after, code, times, system_error);
  observe_files(&plan());
}

bool heal_file_operations() { return plan().disarm(); }

}  // namespace limehook::store
