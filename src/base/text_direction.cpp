#include "base/text_direction.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace limehook::text_direction {
namespace {

// 0 where the bytes are no character.
std::uint32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i])); };
  switch (character.size()) {
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    default:
      return byte(0) < 0x80 ? byte(0) : 0;
  }
}

bool within(std::uint32_t c, std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; }

// Letters, digits and marks of scripts from right to left, by the blocks that are theirs.
bool runs_from_right(std::uint32_t c) {
  return within(c, 0x590, 0x8FF) || c == 0x200F || within(c, 0xFB1D, 0xFDFF) || within(c, 0xFE70, 0xFEFE) ||
         within(c, 0x10800, 0x10FFF) || within(c, 0x1E800, 0x1EFFF);
}

constexpr std::string_view kParagraphSeparator = "\u2029";

bool embeds(std::uint32_t c) { return within(c, 0x202A, 0x202E); }

std::string isolated_line(std::string_view text, std::string_view instead) {
  struct Part {
    std::string_view character;
    bool stays;
  };
  std::vector<Part> parts;
  std::vector<std::size_t> open;  // isolates that have not ended
  bool turns = false;
  while (!text.empty()) {
    const auto character = text.substr(0, character_size(text));
    text.remove_prefix(character.size());
    const auto c = code_point(character);
    const int opened = isolates_opened(character);
    bool stays = !embeds(c);
    if (opened > 0) open.push_back(parts.size());
    if (opened < 0 && open.empty()) stays = false;
    else if (opened < 0) open.pop_back();
    turns |= open.empty() && runs_from_right(c);
    parts.push_back({character, stays});
  }
  // Without its end an isolate holds nothing.
  for (const auto index : open) parts[index].stays = false;
  if (!open.empty()) {
    turns |= std::any_of(parts.begin() + static_cast<std::ptrdiff_t>(open.front()), parts.end(),
                         [](const Part& part) { return runs_from_right(code_point(part.character)); });
  }
  std::string out(turns ? kIsolate : "");
  for (const Part& part : parts) out += part.stays ? part.character : instead;
  return out.append(turns ? kEndIsolate : "");
}

}  // namespace

std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::size_t there = 1;
  while (there < size && there < text.size() && (static_cast<unsigned char>(text[there]) & 0xC0) == 0x80) ++there;
  return there;
}

int isolates_opened(std::string_view character) {
  if (character == kEndIsolate) return -1;
  const auto c = character.size() == 3 ? code_point(character) : 0;
  return within(c, 0x2066, 0x2068) ? 1 : 0;
}

std::string isolated(std::string_view text, std::string_view instead) {
  std::string out;
  while (true) {
    // The end of a paragraph ends whatever is open.
    const auto end = std::min(text.find('\n'), text.find(kParagraphSeparator));
    out += isolated_line(text.substr(0, end), instead);
    if (end == std::string_view::npos) return out;
    const auto size = character_size(text.substr(end));
    out += text.substr(end, size);
    text.remove_prefix(end + size);
  }
}

}  // namespace limehook::text_direction
