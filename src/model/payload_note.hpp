#pragma once
// What people are told about the making of a body that did not go as its webhook's payload setting says. Private to
// this folder.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limehook {

// The views are of the webhook's payload setting and of the event.
struct PayloadNotes {
  std::vector<std::string_view> missing;    // members that the event lacks
  std::vector<std::string_view> too_large;  // members left out to keep the body within limits::kShapedBytesMax

  // A sentence of each kind; nothing when there is nothing to say.
  std::optional<std::string> text() const {
    std::string out;
    add(out, "The event lacks ", missing);
    add(out, "The body would have been too large, so it lacks ", too_large);
    return out.empty() ? std::nullopt : std::optional(std::move(out));
  }

 private:
  static void add(std::string& out, std::string_view words, const std::vector<std::string_view>& names) {
    constexpr std::size_t kNamesMax = 10;
    constexpr std::size_t kNameBytesMax = 255;
    std::vector<std::string_view> said;
    for (const auto name : names) {
      if (std::ranges::find(said, name) == said.end()) said.push_back(name);
    }
    if (said.empty()) return;
    if (!out.empty()) out += ' ';
    out += words;
    for (std::size_t i = 0; i < std::min(said.size(), kNamesMax); ++i) {
      if (i > 0) out += ", ";
      out += said[i].size() <= kNameBytesMax ? said[i] : "a member with a long name";
    }
    if (said.size() > kNamesMax) out += " and " + std::to_string(said.size() - kNamesMax) + " more";
    out += '.';
  }
};

}  // namespace limehook
