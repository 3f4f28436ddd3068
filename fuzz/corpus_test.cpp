// Runs every fuzz target over its folder of corpus/ once, without libFuzzer. A property that does not hold ends the
// program; what it last said names the input.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#define LIMEHOOK_FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef LIMEHOOK_FUZZ_TARGET

namespace limehook {
namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};
void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

constexpr Target kTargets[] = {
#define LIMEHOOK_FUZZ_TARGET(name) {#name, fuzz_##name},
#include "fuzz_targets.inc"
#undef LIMEHOOK_FUZZ_TARGET
};

class FuzzCorpus : public testing::TestWithParam<Target> {};

// Goal: the properties hold for all seeds and all that fuzzing has found before; every target has seeds.
TEST_P(FuzzCorpus, Holds) {
  const auto folder = std::filesystem::path(LIMEHOOK_CORPUS) / GetParam().name;
  std::vector<std::filesystem::path> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) inputs.push_back(entry.path());
  std::ranges::sort(inputs);
  EXPECT_GE(inputs.size(), 3U);
  GetParam().run(nullptr, 0);
  for (const auto& path : inputs) {
    std::ifstream file(path, std::ios::binary);
    const std::string input(std::istreambuf_iterator<char>(file), {});
    std::fprintf(stderr, "%s\r", path.c_str());  // where it was, should it end here
    GetParam().run(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
}

INSTANTIATE_TEST_SUITE_P(All, FuzzCorpus, testing::ValuesIn(kTargets),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace limehook
