#include "base/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>

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
  std::string out;
  out.resize_and_overwrite(text.size(), [text](char* begin, std::size_t) {
    char* end = begin;
    for (std::size_t i = 0; i < text.size();) {
      const char c = text[i];
      if (c == '"') {
        const auto size = string_end(text, i) - i;
        end = std::copy_n(text.data() + i, size, end);
        i += size;
      } else {
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') *end++ = c;
        ++i;
      }
    }
    return static_cast<std::size_t>(end - begin);
  });
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

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  std::size_t plain = 0;  // where what is not copied yet begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (byte >= 0x20) {
      out += '\\';
      out += text[i];
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    }
  }
  out.append(text, plain);
  return out += '"';
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
