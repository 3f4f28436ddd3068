#include "app/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "base/text_direction.hpp"

namespace limehook::app {
namespace {

int write_error = 0;  // of standard output, the first

bool colors_wanted() {
  static const bool wanted = [] {
    const char* const no_color = std::getenv("NO_COLOR");
    const char* const term = std::getenv("TERM");
    const bool refused =
        (no_color != nullptr && *no_color != '\0') || (term != nullptr && std::string_view(term) == "dumb");
    return !refused && isatty(STDOUT_FILENO) == 1;
  }();
  return wanted;
}

// Marks of isolates take no room.
std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t size = 0; !text.empty(); text.remove_prefix(size)) {
    size = text_direction::character_size(text);
    if (text_direction::isolates_opened(text.substr(0, size)) == 0) ++columns;
  }
  return columns;
}

}  // namespace

std::string paint(Color color, std::string_view text) {
  if (!colors_wanted() || color == Color::Plain) return std::string(text);
  const auto code = [&] {
    switch (color) {
      case Color::Red:
        return 31;
      case Color::Green:
        return 32;
      case Color::Yellow:
        return 33;
      case Color::Cyan:
        return 36;
      case Color::Dim:
        return 2;
      case Color::Bold:
        return 1;
      case Color::Plain:
        break;
    }
    return 0;
  }();
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, two bytes in UTF-8, are control characters too.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (byte == '\n' || byte == '\t') out += ' ';
    else if (byte < 0x20 || byte == 0x7F || c1) out += '?';
    else out += text[i];
  }
  return text_direction::isolated(out, "?");
}

std::string padded(std::string_view text, std::size_t width) {
  return std::string(text) + std::string(width - std::min(width, columns_of(text)), ' ');
}

std::string shortened(std::string_view text, std::size_t width) {
  if (columns_of(text) <= width) return std::string(text);
  std::string out;
  int open = 0;
  for (std::size_t columns = 1; !text.empty();) {
    const auto character = text.substr(0, text_direction::character_size(text));
    text.remove_prefix(character.size());
    const int opened = text_direction::isolates_opened(character);
    if (opened == 0 && ++columns > width) break;
    open += opened;
    out += character;
  }
  out += "…";
  for (; open > 0; --open) out += text_direction::kEndIsolate;
  return out;
}

std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:@%+,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return std::string(text);
  std::string out("'");
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

Table::Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}

void Table::add(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto cell = i + 1 < row.size() ? padded(row[i], widths[i]) + "  " : row[i];
      line += &row == &rows_.front() ? paint(Color::Dim, cell) : paint(color_of_status(row[i]), cell);
    }
    print_line(line);
  }
}

Color color_of_status(std::string_view status) {
  if (status == "delivered") return Color::Green;
  if (status == "failed") return Color::Red;
  if (status == "retrying") return Color::Yellow;
  if (status == "pending" || status == "canceled") return Color::Dim;
  return Color::Plain;
}

void print_line(std::string_view line) {
  errno = 0;
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  if (std::fflush(stdout) != 0 && write_error == 0) write_error = errno != 0 ? errno : EIO;
}

std::optional<std::string> output_problem() {
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (write_error == 0 && (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)) write_error = EBADF;
  if (write_error == 0) return std::nullopt;
  return fmt::format("standard output cannot be written: {}",
                     write_error == EBADF ? "it is closed" : std::generic_category().message(write_error));
}

void hold_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // open() takes the lowest number that is free, which is this one. What is to be written stays an error.
    const int mode = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    [[maybe_unused]] const int opened = open("/dev/null", mode);
  }
}

void print_error(std::string_view line) {
  std::fflush(stdout);
  fmt::print(stderr, "limehook: {}\n", line);
}

}  // namespace limehook::app
