#pragma once
// JSON as text. Payloads must leave as they came: members in order, numbers as written, escapes untouched. A
// document model would lose that, so payloads are validated once by a real parser (model/event_parser) and from
// then on handled as compact text with these functions, which trust their input to be valid JSON.

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::json_text {

// Removes the white space between tokens. `text` must be valid JSON.
std::string compact(std::string_view text);

// `text` without a UTF-8 byte order mark at its begin, which RFC 8259 lets readers pass over.
std::string_view without_byte_order_mark(std::string_view text);

// Compact JSON with every number that is an integer of 64 bits (decimal.hpp) in its plain form, so that parsers that go
// by the form take 12.0 for one. All else stays as it was.
std::string with_plain_integers(std::string_view compact);

// The items of a JSON array, one after the other, each as it is written. Follows the array's own structure and looks
// no further: what is wrong within an item is for whoever reads the item. At most `count_max` + 1 are returned. What is
// wrong with the array where its structure cannot be followed: an item that is not closed or not there, a closing
// bracket of the wrong kind, something after the end.
std::expected<std::vector<std::string_view>, std::string> split_array(std::string_view text, std::size_t count_max);

// Index just past the string, or the value of any kind, that opens at `begin` in compact text.
std::size_t string_end(std::string_view text, std::size_t begin);
std::size_t value_end(std::string_view text, std::size_t begin);

// Calls `visit(raw_key, raw_value)` for each member of a compact object, in order, until it answers false. The
// raw key is without quotes and with its escapes; values are raw JSON text.
template <class Visit>
void each_member(std::string_view object, Visit&& visit) {
  std::size_t i = 1;  // past the brace
  while (i < object.size() && object[i] == '"') {
    const auto key_end = string_end(object, i);
    const auto end = value_end(object, key_end + 1);
    if (!visit(object.substr(i + 1, key_end - i - 2), object.substr(key_end + 1, end - key_end - 1))) return;
    i = end + 1;  // past the comma or the closing brace
  }
}

// Calls `visit(raw_value)` for each element of a compact array, in order, until it answers false.
template <class Visit>
void each_element(std::string_view array, Visit&& visit) {
  std::size_t i = 1;
  while (i < array.size() && array[i] != ']') {
    const auto end = value_end(array, i);
    if (!visit(array.substr(i, end - i))) return;
    i = end + 1;
  }
}

// The raw text of the value at a dotted path ("a.b.0" reaches into arrays by index). Of equal names the last
// one counts, as receivers' parsers do it. Nothing when a step is missing.
std::optional<std::string_view> find(std::string_view compact_object, std::string_view dotted_path);

// The characters of a raw JSON string (with its quotes), escapes resolved to UTF-8. Nothing when `raw` is
// another kind of value.
std::optional<std::string> string_value(std::string_view raw);

// `text` (UTF-8) as a JSON string with quotes; the second adds it to `out`, the third without the quotes.
std::string quote(std::string_view text);
void append_quoted(std::string& out, std::string_view text);
void append_escaped(std::string& out, std::string_view text);

// One step of a JSON pointer (RFC 6901) to the member `name`: "/" and the name, escaped.
std::string pointer_step(std::string_view name);

}  // namespace limehook::json_text
