#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "app/commands.hpp"

namespace limehook::app {

std::expected<std::string, std::string> read_input(const std::string& name) {
  const auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(name == "-" ? stdin : std::fopen(name.c_str(), "rb"), close);
  std::string bytes;
  std::array<char, 65536> chunk;
  while (file != nullptr) {
    const auto count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    bytes.append(chunk.data(), count);
    if (count < chunk.size()) break;
  }
  if (file == nullptr || std::ferror(file.get()) != 0) {
    return std::unexpected(fmt::format("\"{}\" cannot be read: {}", name, std::strerror(errno)));
  }
  return bytes;
}

}  // namespace limehook::app
