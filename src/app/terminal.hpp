#pragma once
// What people read: colours where they help, aligned columns, nothing that could harm the terminal.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::app {

enum class Color { Plain, Red, Green, Yellow, Cyan, Dim, Bold };

// `text` in a colour, when standard output is a terminal and neither NO_COLOR nor TERM=dumb speak against it.
std::string paint(Color color, std::string_view text);

// `text` on one line without control characters: what comes from outside must not steer the terminal, nor turn the
// direction of what stands around it. In place of what would stands a question mark.
std::string printable(std::string_view text);

// Spaces up to `width` columns after `text`, which may hold UTF-8 but no colours.
std::string padded(std::string_view text, std::size_t width);

// At most `width` columns of `text`, with an ellipsis where something was left out; isolates are ended.
std::string shortened(std::string_view text, std::size_t width);

// `text` as one word of a POSIX shell, for commands that people copy: in quotes, unless it is plain enough to need
// none.
std::string shell_word(std::string_view text);

class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> cells);
  // Prints the headings and the rows to standard output; cells that are a status get its colour.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// The colour of a delivery's status.
Color color_of_status(std::string_view status);

// Prints a line to standard output and flushes, so that it is seen at once also through a pipe. What cannot be written
// is noted for output_problem().
void print_line(std::string_view line);
// Why standard output has not taken something, or will not: it is closed, or full. Nothing as long as all went well.
std::optional<std::string> output_problem();
// Keeps the standard descriptors taken, so that nothing that is opened later gets their numbers. At the very beginning.
void hold_standard_descriptors();
void print_error(std::string_view line);

}  // namespace limehook::app
