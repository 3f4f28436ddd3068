#include "app/out_of_memory.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <new>
#include <string_view>

#ifdef LIMEHOOK_MIMALLOC
#include <mimalloc.h>
#endif

namespace limehook::app {
namespace {

constexpr int kExitCode = 70;
constexpr std::string_view kLastWords =
    "limehook: out of memory. Ending: what is accepted is stored, and the next start goes on with it. "
    "--memory-max and --in-flight-max bound what is needed.\n";

// Must not allocate.
[[noreturn]] void end() {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kLastWords.data(), kLastWords.size());
  std::_Exit(kExitCode);
}

}  // namespace

void end_when_out_of_memory() {
  std::set_new_handler(end);
#ifdef LIMEHOOK_MIMALLOC
  // It does not know the handler of C++; without this it would abort without a word.
  mi_register_error(
      [](int error, void*) {
        if (error == ENOMEM) end();
      },
      nullptr);
#endif
}

}  // namespace limehook::app
