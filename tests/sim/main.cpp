// limehook_sim [--seed N|COMMIT] [--seeds COUNT] [--threads N] [--trace] [--planted NAME]: runs COUNT seeds from the
// given one on. Prints the first broken promises with the command that shows each again, which rare paths were taken,
// and how much was simulated; fails when a promise was broken, or a rare path never taken over 1,000 seeds or more.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include "sim/batch.hpp"

namespace {

using namespace limehook::sim;
using ull = unsigned long long;

constexpr std::uint64_t kSeedsForMarks = 1000;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  int threads = 1;
  RunOptions run;
};

bool read(std::string_view flag, std::string_view value, Arguments& out) {
  if (flag == "--planted") {
    const auto found = std::ranges::find(planted_mistakes(), value, &PlantedInfo::name);
    if (found == planted_mistakes().end()) return false;
    out.run.planted = found->planted;
    return true;
  }
  const auto number = seed_named(value);
  if (!number) return false;
  if (flag == "--seed") out.first = *number;
  else if (flag == "--seeds") out.count = *number;
  else if (flag == "--threads") out.threads = static_cast<int>(*number);
  else return false;
  return true;
}

bool read(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--trace") out.run.print_trace = true;
    else if (++i == argc || !read(flag, argv[i], out)) return false;
  }
  return true;
}

int print(const Batch& batch, double seconds) {
  int failed = 0;
  for (const auto& [name, hits] : batch.marks.all()) std::printf("%10llu  %s\n", static_cast<ull>(hits), name.c_str());
  for (const std::string_view name : required_marks()) {
    if (batch.seeds < kSeedsForMarks || batch.marks.count(name) > 0) continue;
    std::printf("Never reached: %.*s\n", static_cast<int>(name.size()), name.data());
    ++failed;
  }
  std::printf("%llu seeds (%llu of them twice), %llu steps, %.0f simulated hours, %.0f simulated hours per second\n",
              static_cast<ull>(batch.seeds), static_cast<ull>(batch.repeated), static_cast<ull>(batch.steps),
              batch.simulated_hours(), batch.simulated_hours() / seconds);
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: limehook_sim [--seed N|COMMIT] [--seeds COUNT] [--threads N] [--trace] [--planted NAME]\n");
    return 2;
  }
  const auto begin = std::chrono::steady_clock::now();
  const Batch batch = run_batch(arguments.first, arguments.count, arguments.threads, arguments.run);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  int failed = arguments.run.print_trace ? 0 : print(batch, seconds.count());
  for (const Broken& broken : batch.broken) {
    std::printf("Broken: %s\n    ./dev sim --seed %llu --trace\n", broken.what.c_str(), static_cast<ull>(broken.seed));
    ++failed;
  }
  std::printf("Seeds from %llu: %s\n", static_cast<ull>(arguments.first), failed ? "FAILED" : "ok");
  return failed ? 1 : 0;
}
