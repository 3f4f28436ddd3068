// What is wrong with a text as JSON, in words for whoever sent it. The validator only knows that it cannot go on and
// where; the place within the document and the cause are looked for afterwards, in a second pass over a wrong text.

#include <charconv>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/json_text.hpp"
#include "model/event.hpp"
#include "model/json_validator.hpp"

namespace limehook {
namespace {

constexpr std::size_t kPointerBytesMax = 1024;

// Follows where in the document the parser is, and leaves that in `pointer` when it stops.
class PlaceReader : public JsonHandler {
 public:
  explicit PlaceReader(std::string& pointer) : pointer_(pointer) {}

  bool on_object_begin(Error&) { return open(true); }
  bool on_object_end(std::size_t, Error&) { return close(); }
  bool on_array_begin(Error&) { return open(false); }
  bool on_array_end(std::size_t, Error&) { return close(); }
  bool on_key_part(Text part, std::size_t, Error&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(Text last, std::size_t, Error&) {
    key_.append(last.data(), last.size());
    add_step(json_text::pointer_step(key_));
    key_.clear();
    return true;
  }
  bool on_string(Text, std::size_t, Error&) { return pass(); }
  bool on_int64(std::int64_t, Text, Error&) { return pass(); }
  bool on_uint64(std::uint64_t, Text, Error&) { return pass(); }
  bool on_double(double, Text, Error&) { return pass(); }
  bool on_bool(bool, Error&) { return pass(); }
  bool on_null(Error&) { return pass(); }

 private:
  struct Level {
    bool object;
    std::size_t index;          // of the element that comes, in an array
    std::size_t pointer_bytes;  // of the pointer to the object or array itself
  };

  bool open(bool object) {
    levels_.push_back({object, 0, pointer_.size()});
    if (!object) add_step("/0");
    return true;
  }
  bool close() {
    pointer_.resize(levels_.back().pointer_bytes);
    levels_.pop_back();
    return pass();
  }
  // A value has ended.
  bool pass() {
    if (levels_.empty()) return true;
    Level& level = levels_.back();
    pointer_.resize(level.pointer_bytes);
    if (!level.object) add_step("/" + std::to_string(++level.index));
    return true;
  }
  // Of a name that is very long only the value around it is told.
  void add_step(const std::string& step) {
    if (pointer_.size() + step.size() <= kPointerBytesMax) pointer_ += step;
  }

  std::string& pointer_;
  std::vector<Level> levels_;
  std::string key_;
};

// The number of bytes of the UTF-8 character that begins there (RFC 3629); 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return byte(i) >> 6 == 0b10; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second >= 0xA0;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    const bool overlong = first == 0xF0 && second < 0x90, beyond = first == 0xF4 && second >= 0x90;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

// The first byte that belongs to no character; nothing when the text is UTF-8.
std::optional<std::size_t> not_utf8_at(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

std::string hex_byte(char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

// Wide characters show by their zero bytes, or by the mark before them.
bool is_utf16(std::string_view text) {
  if (text.size() < 2) return false;
  const std::string_view begin = text.substr(0, 2);
  return begin == "\xFF\xFE" || begin == "\xFE\xFF" || (begin[0] == '\0') != (begin[1] == '\0');
}

// The \u escape at `begin`, as a number; nothing when there is none.
std::optional<std::uint32_t> escape_at(std::string_view text, std::size_t begin) {
  constexpr std::size_t kDigitsBegin = 2, kDigits = 4;
  if (begin >= text.size() || text.substr(begin, kDigitsBegin) != "\\u") return std::nullopt;
  const auto digits = text.substr(begin + kDigitsBegin, kDigits);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  const bool whole = error == std::errc() && end == digits.data() + kDigits;
  return whole ? std::optional(value) : std::nullopt;
}

// Where the first escape is that stands for half of a character without the other half, before `end`.
std::optional<std::size_t> lone_surrogate_before(std::string_view text, std::size_t end) {
  constexpr std::size_t kEscapeBytes = 6;
  const auto is_low = [](std::optional<std::uint32_t> code) { return code && *code >= 0xDC00 && *code < 0xE000; };
  for (std::size_t i = text.find('\\'); i < end; i = text.find('\\', i)) {
    const auto code = escape_at(text, i);
    if (is_low(code)) return i;
    const bool is_high = code && *code >= 0xD800 && *code < 0xDC00;
    if (is_high && !is_low(escape_at(text, i + kEscapeBytes))) return i;
    i += is_high ? 2 * kEscapeBytes : 2;
  }
  return std::nullopt;
}

std::string cause_of(const boost::json::error_code& error, std::string_view text, std::size_t position) {
  const std::string place = " at byte " + std::to_string(position);
  if (is_utf16(text)) return "UTF-16 text; send UTF-8";
  const auto not_utf8 = not_utf8_at(text.substr(0, position + 4));
  if (not_utf8 && *not_utf8 <= position) {
    return "not UTF-8 (" + hex_byte(text[*not_utf8]) + ") at byte " + std::to_string(*not_utf8);
  }
  if (const auto half = lone_surrogate_before(text, position)) {
    constexpr std::size_t kEscapeBytes = 6;
    return "a lone surrogate (" + std::string(text.substr(*half, kEscapeBytes)) + "), half of a character, at byte " +
           std::to_string(*half);
  }
  if (error == boost::json::error::incomplete) return "it ends before it is complete";
  if (error == boost::json::error::extra_data) return "something comes after its end," + place;
  if (error == boost::json::error::exponent_overflow) return "a number whose exponent is too large" + place;
  if (position < text.size() && text[position] >= '\0' && text[position] < ' ') {
    return "a control character (" + hex_byte(text[position]) + ")" + place;
  }
  return "syntax error" + place;
}

std::string describe(const boost::json::error_code& error, std::string_view text, std::size_t position) {
  if (error == boost::json::error::too_deep) {
    return "is nested deeper than " + std::to_string(limits::kJsonDepthMax) + " levels";
  }
  return "is not valid JSON: " + cause_of(error, text, position);
}

class RepeatedMembers {
 public:
  FieldErrors in(std::string_view json) {
    look(json, "");
    return std::move(errors_);
  }

 private:
  static constexpr std::size_t kReportedMax = 10;

  // An object or array in compact JSON; the depth is limited.
  void look(std::string_view json, const std::string& pointer) {
    if (json.starts_with('{')) return look_at_members(json, pointer);
    if (!json.starts_with('[')) return;
    std::size_t index = 0;
    json_text::each_element(json, [&](std::string_view element) {
      if (is_composite(element)) look(element, pointer + "/" + std::to_string(index));
      ++index;
      return errors_.size() < kReportedMax;
    });
  }

  void look_at_members(std::string_view object, const std::string& pointer) {
    std::unordered_set<std::string> names;
    json_text::each_member(object, [&](std::string_view raw_name, std::string_view value) {
      auto name = *json_text::string_value('"' + std::string(raw_name) + '"');
      const auto here = pointer + json_text::pointer_step(name);
      if (!names.insert(std::move(name)).second) errors_.push_back({here, "appears twice"});
      if (is_composite(value)) look(value, here);
      return errors_.size() < kReportedMax;
    });
  }

  static bool is_composite(std::string_view json) { return json.starts_with('{') || json.starts_with('['); }

  FieldErrors errors_;
};

}  // namespace

FieldErrors repeated_members(std::string_view compact) { return RepeatedMembers().in(compact); }

std::optional<FieldError> json_error(std::string_view text) {
  std::string pointer;
  boost::json::error_code error;
  const auto used = validate_json<PlaceReader>(text, error, pointer);
  if (!error) return std::nullopt;
  return FieldError{std::move(pointer), describe(error, text, used)};
}

std::optional<std::string> json_problem(std::string_view text) {
  boost::json::error_code error;
  const auto used = validate_json<JsonHandler>(text, error);
  return error ? std::optional(describe(error, text, used)) : std::nullopt;
}

}  // namespace limehook
