// split_array() (json_text.hpp).

#include "base/json_text.hpp"

namespace limehook::json_text {
namespace {

using Problem = std::unexpected<std::string>;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class ArraySplitter {
 public:
  ArraySplitter(std::string_view text, std::size_t count_max) : text_(text), count_max_(count_max) {}

  std::expected<std::vector<std::string_view>, std::string> split() {
    skip_spaces();
    if (!take('[')) return Problem("is not an array");
    skip_spaces();
    if (!take(']')) {
      do {
        if (auto problem = read_item()) return Problem(std::move(*problem));
      } while (take(','));
      if (!take(']')) return Problem("ends within the array, after item " + std::to_string(count_ - 1));
    }
    skip_spaces();
    if (at_ < text_.size()) return Problem("goes on after the array, at byte " + std::to_string(at_));
    return std::move(items_);
  }

 private:
  static std::string item(std::size_t index, std::size_t byte) {
    return "item " + std::to_string(index) + ", at byte " + std::to_string(byte);
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // Leaves off at the comma or bracket behind the item, or at the end of the text.
  std::optional<std::string> read_item() {
    skip_spaces();
    const std::size_t begin = at_;
    std::size_t end = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (open_.empty() && (c == ',' || c == ']')) break;
      if (auto problem = step(c)) return problem;
      if (!is_space(c)) end = at_;
    }
    const std::size_t index = count_++;
    if (!open_.empty()) return "ends within " + item(index, begin);
    if (begin == end) return "has nothing where an item should be: " + item(index, begin);
    if (items_.size() <= count_max_) items_.push_back(text_.substr(begin, end - begin));
    return std::nullopt;
  }

  // Past one character, or one string.
  std::optional<std::string> step(char c) {
    if (c == '"') return skip_string();
    if (c == '{' || c == '[') open_ += c;
    if (c == '}' || c == ']') {
      const char opening = c == '}' ? '{' : '[';
      if (open_.empty() || open_.back() != opening) {
        return std::string("has a \"") + c + "\" that closes nothing in " + item(count_, at_);
      }
      open_.pop_back();
    }
    ++at_;
    return std::nullopt;
  }

  std::optional<std::string> skip_string() {
    const std::size_t begin = at_;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') ++at_;
      else if (text_[at_] == '"') break;
    }
    if (at_ >= text_.size()) {
      at_ = text_.size();
      return "ends within a string of " + item(count_, begin);
    }
    ++at_;
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t count_max_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;  // of the items before the one that is being read
  std::string open_;       // the brackets of this item that are not closed yet
  std::vector<std::string_view> items_;
};

}  // namespace

std::expected<std::vector<std::string_view>, std::string> split_array(std::string_view text, std::size_t count_max) {
  return ArraySplitter(text, count_max).split();
}

}  // namespace limehook::json_text
