#pragma once

#include <sys/types.h>

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace limehook::app {

// This program as a child process. It never outlives its parent: the kernel kills it when the parent dies, however
// that happens. Made, used and destroyed by one thread, which must live as long as the child is wanted.
class ServerProcess {
 public:
  // Runs `limehook arguments…` with the environment of this process and `variables`; what it prints goes to `log`.
  static std::expected<ServerProcess, std::string> start(
      const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& variables,
      const std::filesystem::path& log);

  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  ~ServerProcess();  // kills it, if it still runs

  // How it ended ("ended with code 2", "was killed by signal 9"); nothing while it runs. Never blocks.
  std::optional<std::string> ending();

  // Asks it to stop and waits so long for it. Answers whether it went by itself and without an error.
  bool stop(Duration limit);

  pid_t pid() const { return pid_; }

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  std::optional<int> status_;  // as waitpid() gave it
};

}  // namespace limehook::app
