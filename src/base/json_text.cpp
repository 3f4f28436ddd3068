#include "base/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>

#include "base/decimal.hpp"

namespace limehook::json_text {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::uint32_t hex4(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

// Outside strings valid JSON has no other bytes as low as these.
bool is_space(char c) { return static_cast<unsigned char>(c) <= ' '; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool must_be_escaped(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Does the raw (escaped) key spell `name`?
bool key_is(std::string_view raw_key, std::string_view name) {
  if (raw_key.find('\\') == std::string_view::npos) return raw_key == name;
  return string_value("\"" + std::string(raw_key) + "\"") == name;
}

std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  each_member(object, [&](std::string_view key, std::string_view value) {
    if (key_is(key, name)) found = value;
    return true;
  });
  return found;
}

std::optional<std::string_view> element(std::string_view array, std::string_view index_text) {
  std::size_t index = 0;
  const auto [end, ec] = std::from_chars(index_text.data(), index_text.data() + index_text.size(), index);
  if (ec != std::errc() || end != index_text.data() + index_text.size()) return std::nullopt;
  std::optional<std::string_view> found;
  each_element(array, [&](std::string_view value) {
    if (index-- == 0) found = value;
    return !found;
  });
  return found;
}

}  // namespace

std::size_t string_end(std::string_view text, std::size_t begin) {
  std::size_t quote = text.find('"', begin + 1);
  for (; quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    std::size_t backslash = quote;
    while (text[backslash - 1] == '\\') --backslash;
    if ((quote - backslash) % 2 == 0) return quote + 1;
  }
  return text.size();
}

std::size_t value_end(std::string_view text, std::size_t begin) {
  int depth = 0;
  for (std::size_t i = begin; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      i = string_end(text, i);
      if (depth == 0) return i;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return i;
      if (--depth == 0) return i + 1;
    } else if (c == ',' && depth == 0) {
      return i;
    }
    ++i;
  }
  return text.size();
}

std::string compact(std::string_view text) {
  // Most texts have no white space at all, and to see that is much quicker than to walk through the tokens.
  constexpr std::string_view kSpaces = " \t\n\r";
  if (std::ranges::none_of(kSpaces, [text](char c) { return text.contains(c); })) return std::string(text);
  std::string out;
  out.resize_and_overwrite(text.size(), [text](char* end, std::size_t) {
    const char* const begin = end;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] == '"') {
        i = string_end(text, i);
      } else if (!is_space(text[i])) {
        ++i;
      } else {
        end = std::copy(text.begin() + copied, text.begin() + i, end);
        while (i < text.size() && is_space(text[i])) ++i;
        copied = i;
      }
    }
    end = std::copy(text.begin() + copied, text.end(), end);
    return static_cast<std::size_t>(end - begin);
  });
  return out;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

std::string with_plain_integers(std::string_view compact) {
  std::string out;
  out.reserve(compact.size());
  for (std::size_t i = 0; i < compact.size();) {
    const std::size_t begin = i;
    const char c = compact[i];
    if (c == '"') {
      i = string_end(compact, i);
    } else if (c == '-' || is_digit(c)) {
      i = value_end(compact, i);
      if (const auto integer = integer_of(compact.substr(begin, i - begin))) {
        out += std::to_string(*integer);
        continue;
      }
    } else {
      ++i;
    }
    out += compact.substr(begin, i - begin);
  }
  return out;
}

std::optional<std::string_view> find(std::string_view compact_object, std::string_view dotted_path) {
  std::string_view value = compact_object;
  while (true) {
    const auto dot = dotted_path.find('.');
    const auto step = dotted_path.substr(0, dot);
    std::optional<std::string_view> next;
    if (value.starts_with('{')) next = member(value, step);
    else if (value.starts_with('[')) next = element(value, step);
    if (!next || dot == std::string_view::npos) return next;
    value = *next;
    dotted_path.remove_prefix(dot + 1);
  }
}

std::optional<std::string> string_value(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"') return std::nullopt;
  raw = raw.substr(1, raw.size() - 2);
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out += raw[i];
      continue;
    }
    switch (raw[++i]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        auto c = hex4(raw.substr(i + 1, 4));
        i += 4;
        if (c >= 0xD800 && c < 0xDC00 && raw.size() >= i + 7) {
          c = 0x10000 + ((c - 0xD800) << 10) + (hex4(raw.substr(i + 3, 4)) - 0xDC00);
          i += 6;
        }
        append_utf8(out, c);
        break;
      }
      default:
        out += raw[i];
    }
  }
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_escaped(std::string& out, std::string_view text) {
  while (true) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, must_be_escaped) - text.begin());
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    const char c = text[plain];
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    }
    text.remove_prefix(plain + 1);
  }
}

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

std::string pointer_step(std::string_view name) {
  std::string out = "/";
  for (const char c : name) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

}  // namespace limehook::json_text
