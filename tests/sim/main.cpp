// limehook_sim --seed N --seeds COUNT [--trace]: runs COUNT seeds from N on. Prints the first broken promise with the
// command that shows it again, and which rare paths were taken; fails when one never was over 200 seeds or more.

#include <cstdlib>
#include <cstring>

#include "sim/simulation.hpp"

namespace {

int usage() {
  std::fprintf(stderr, "usage: limehook_sim [--seed N] [--seeds COUNT] [--trace]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace limehook::sim;
  std::uint64_t first = 1, count = 1;
  RunOptions options;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (std::strcmp(argv[i], "--trace") == 0) options.print_trace = true;
    else if (std::strcmp(argv[i], "--seed") == 0 && has_value) first = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--seeds") == 0 && has_value) count = std::strtoull(argv[++i], nullptr, 10);
    else return usage();
  }
  Marks marks;
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = run(seed, options);
    marks.merge(outcome.marks);
    if (!outcome.violation) continue;
    std::printf("Broken: %s\n    limehook_sim --seed %llu --trace\n", outcome.violation->c_str(),
                static_cast<unsigned long long>(seed));
    if (++failed == 10) break;
  }
  if (options.print_trace) return failed ? 1 : 0;
  for (const auto& [name, hits] : marks.all()) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(hits), name.c_str());
  }
  constexpr std::uint64_t kBatch = 200;
  for (const std::string_view name : required_marks()) {
    if (count < kBatch || marks.count(name) > 0) continue;
    std::printf("Never reached: %.*s\n", static_cast<int>(name.size()), name.data());
    ++failed;
  }
  std::printf("%llu seeds from %llu: %s\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(first), failed ? "FAILED" : "ok");
  return failed ? 1 : 0;
}
