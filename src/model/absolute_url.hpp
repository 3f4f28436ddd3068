#pragma once
// Absolute URLs as RFC 3986 has them. Private to this folder.

#include <boost/url.hpp>
#include <optional>
#include <string_view>

namespace limehook {

// Nothing when `text` is not one. The view is of `text`.
inline std::optional<boost::urls::url_view> parse_absolute_url(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url) return std::nullopt;
  // Boost 1.81 takes "https://example.com:80x/" for port 80 and the path "x/". RFC 3986, section 3.3: behind an
  // authority a path is empty or begins with a slash.
  const auto path = url->encoded_path();
  if (url->has_authority() && !path.empty() && path.front() != '/') return std::nullopt;
  return *url;
}

}  // namespace limehook
