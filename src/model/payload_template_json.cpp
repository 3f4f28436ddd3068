// Placeholders, as Liquid and Jinja write them:
//   {{ member }}                      {{ member.0.part }}
//   {{ member | default: 'text' }}    {{ member | default: 0 }}
//   {{ '{{' }}                        a text as it is: the way to write braces
// Texts stand in single or double quotes and have no escapes.

#include "model/payload_template_json.hpp"

#include <algorithm>
#include <expected>

#include "base/characters.hpp"
#include "base/limits.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

using Problem = std::unexpected<std::string>;

// A part of a string: literal text, or a placeholder.
struct Piece {
  std::string text;
  std::optional<Placeholder> placeholder;
};

constexpr std::size_t kNameCharactersMax = 255;
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kUnclosed = "has a placeholder that is not closed: \"}}\" is missing";

// Reads the pieces of one string.
class PieceReader {
 public:
  explicit PieceReader(std::string_view text) : rest_(text) {}

  std::expected<std::vector<Piece>, std::string> read() {
    std::vector<Piece> pieces;
    while (!rest_.empty()) {
      const auto open = rest_.find("{{");
      if (open != 0) pieces.push_back({std::string(rest_.substr(0, open)), std::nullopt});
      if (open == std::string_view::npos) break;
      rest_.remove_prefix(open + 2);
      auto piece = read_placeholder();
      if (!piece) return Problem(std::move(piece.error()));
      pieces.push_back(std::move(*piece));
    }
    return pieces;
  }

 private:
  std::expected<Piece, std::string> read_placeholder() {
    Piece piece;
    skip_spaces();
    if (at_quote()) {
      auto text = take_quoted();
      if (!text) return Problem(kUnclosed);
      piece.text = std::move(*text);
    } else {
      Placeholder placeholder{.path = std::string(take_until(" \t\r\n|{}"))};
      if (auto problem = name_problem(placeholder.path)) return Problem(std::move(*problem));
      skip_spaces();
      if (take("|")) {
        auto fallback = read_default();
        if (!fallback) return Problem(std::move(fallback.error()));
        placeholder.fallback = std::move(*fallback);
      }
      piece.placeholder = std::move(placeholder);
    }
    skip_spaces();
    if (!take("}}")) return Problem(kUnclosed);
    return piece;
  }

  static std::optional<std::string> name_problem(std::string_view name) {
    if (name.empty()) return "has a placeholder that names no member";
    if (characters_in(name) > kNameCharactersMax) {
      return "has a placeholder with a name of more than " + std::to_string(kNameCharactersMax) + " characters";
    }
    if (name.starts_with('$')) {
      if (std::ranges::find(kEventFacts, name) != kEventFacts.end()) return std::nullopt;
      return "has the unknown name \"" + std::string(name) + "\"; those with $ are $id, $type, $time and $team";
    }
    const auto problem = path_problem(name);
    return problem ? std::optional("has the placeholder \"" + std::string(name) + "\", whose path " + *problem)
                   : std::nullopt;
  }

  // What follows "|"; answers a JSON value.
  std::expected<std::string, std::string> read_default() {
    skip_spaces();
    const auto filter = take_until(" \t\r\n:|{}");
    if (filter != "default") {
      return Problem("has the unknown filter \"" + std::string(filter) + "\"; there is one: default");
    }
    skip_spaces();
    if (!take(":")) return Problem("has a default without a value; it is written {{ member | default: 'text' }}");
    skip_spaces();
    if (at_quote()) {
      const auto text = take_quoted();
      return text ? std::expected<std::string, std::string>(json_text::quote(*text)) : Problem(kUnclosed);
    }
    const auto value = take_until(" \t\r\n|{}");
    const bool scalar = !value.starts_with('[') && !value.starts_with('"') && !json_problem(value);
    if (!scalar) return Problem("has a default that is neither a text in quotes nor a number, true, false or null");
    return std::string(value);
  }

  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpaces), rest_.size())); }

  bool at_quote() const { return rest_.starts_with('\'') || rest_.starts_with('"'); }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string_view take_until(std::string_view ends) {
    const auto taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // The text between two equal quotes; nothing when the second one is missing.
  std::optional<std::string> take_quoted() {
    const auto end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return std::nullopt;
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string_view rest_;
};

class Compiler {
 public:
  Compiler(PayloadTemplate& into, FieldErrors& errors) : into_(into), errors_(errors) { into_.texts.emplace_back(); }

  // A value of any kind; the depth is limited.
  void add(std::string_view json, const std::string& pointer) {
    if (json.starts_with('{')) return add_object(json, pointer);
    if (json.starts_with('[')) return add_array(json, pointer);
    if (const auto string = json_text::string_value(json)) return add_string(json, *string, pointer);
    text() += json;
  }

 private:
  std::string& text() { return into_.texts.back(); }

  void add_object(std::string_view object, const std::string& pointer) {
    text() += '{';
    bool first = true;
    json_text::each_member(object, [&](std::string_view raw_name, std::string_view value) {
      const std::string quoted = '"' + std::string(raw_name) + '"';
      if (!std::exchange(first, false)) text() += ',';
      text() += quoted + ':';
      add(value, pointer + step(*json_text::string_value(quoted)));
      return true;
    });
    text() += '}';
  }

  void add_array(std::string_view array, const std::string& pointer) {
    text() += '[';
    std::size_t index = 0;
    json_text::each_element(array, [&](std::string_view element) {
      if (index > 0) text() += ',';
      add(element, pointer + step(index++));
      return true;
    });
    text() += ']';
  }

  void add_string(std::string_view json, std::string_view string, const std::string& pointer) {
    if (!string.contains("{{")) {
      text() += json;
      return;
    }
    auto pieces = PieceReader(string).read();
    if (!pieces) return errors_.push_back({pointer, std::move(pieces.error())});
    const bool whole = pieces->size() == 1 && pieces->front().placeholder;
    if (!whole) text() += '"';
    for (Piece& piece : *pieces) {
      json_text::append_escaped(text(), piece.text);
      if (!piece.placeholder) continue;
      piece.placeholder->whole = whole;
      into_.placeholders.push_back(std::move(*piece.placeholder));
      into_.texts.emplace_back();
    }
    if (!whole) text() += '"';
  }

  PayloadTemplate& into_;
  FieldErrors& errors_;
};

}  // namespace

PayloadTemplate compile_template(std::string_view json, const std::string& pointer, FieldErrors& errors) {
  PayloadTemplate compiled;
  compiled.source = json;
  Compiler(compiled, errors).add(json, pointer);
  if (compiled.source.size() > limits::kTemplateBytesMax) {
    errors.push_back({pointer, "must be at most " + std::to_string(limits::kTemplateBytesMax) + " bytes long"});
  }
  if (compiled.placeholders.size() > limits::kPlaceholdersMax) {
    errors.push_back({pointer, "must have at most " + std::to_string(limits::kPlaceholdersMax) + " placeholders"});
  }
  return compiled;
}

}  // namespace limehook
