#include "app/server_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "app/stop_signal.hpp"

namespace limehook::app {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& variable : variables) replaced |= variable.first == name;
    if (!replaced) out.emplace_back(text);
  }
  return out;
}

// Between fork and exec only calls that are safe after a fork of a process with threads (signal-safety(7)).
[[noreturn]] void become(char* const* arguments, char* const* environment, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the parent died before the call above
  // Ctrl-C is for the parent, which then stops this process in good order.
  setpgid(0, 0);
  restore_stop_signals();
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  execve("/proc/self/exe", arguments, environment);
  _exit(127);
}

}  // namespace

std::expected<ServerProcess, std::string> ServerProcess::start(
    const std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& variables,
    const std::filesystem::path& log) {
  std::vector<std::string> argument_texts{"limehook"};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  auto environment_texts = environment_with(variables);
  const auto argument_pointers = pointers(argument_texts);
  const auto environment_pointers = pointers(environment_texts);
  const int log_descriptor = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log_descriptor < 0) {
    return std::unexpected(fmt::format("cannot write {}: {}", log.string(), std::strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(argument_pointers.data(), environment_pointers.data(), log_descriptor, parent);
  const int fork_error = errno;
  close(log_descriptor);
  if (pid < 0) return std::unexpected(fmt::format("cannot start the server: {}", std::strerror(fork_error)));
  return ServerProcess(pid);
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

ServerProcess::~ServerProcess() {
  if (pid_ < 0 || ending()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<std::string> ServerProcess::ending() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  if (!status_) return std::nullopt;
  if (WIFSIGNALED(*status_)) return fmt::format("was killed by signal {}", WTERMSIG(*status_));
  return fmt::format("ended with code {}", WEXITSTATUS(*status_));
}

bool ServerProcess::stop(Duration limit) {
  if (!ending()) {
    // A descriptor of the process becomes readable when it ends.
    const int process = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    kill(pid_, SIGTERM);
    pollfd entry{process, POLLIN, 0};
    poll(&entry, 1, static_cast<int>(limit / std::chrono::milliseconds(1)));
    if (process >= 0) close(process);
    if (!ending()) {
      kill(pid_, SIGKILL);
      int status = 0;
      if (waitpid(pid_, &status, 0) == pid_) status_ = status;
    }
  }
  return status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
}

}  // namespace limehook::app
