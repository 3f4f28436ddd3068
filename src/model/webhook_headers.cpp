#include "model/webhook_headers.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "model/json_read.hpp"

namespace limehook {
namespace {

namespace json = boost::json;

// Set by Limehook itself, or about the connection and not the message (RFC 9110, section 7.6.1). Lower case.
constexpr std::array<std::string_view, 13> kRefusedNames{
    "host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive",      "upgrade",
    "te",   "trailer",        "expect",       "authorization",     "user-agent", "accept-encoding",
};
constexpr std::size_t kNameBytesMax = 256;
constexpr std::array<std::string_view, 3> kRefusedPrefixes{"proxy-", "webhook-", "x-limecall-"};

bool is_token(std::string_view name) {  // RFC 9110, section 5.6.2
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::optional<std::string_view> value_problem(std::string_view value) {
  if (!std::ranges::all_of(value, [](char c) { return c >= ' ' && c < '\x7f'; })) {
    return "must consist of printable ASCII characters";
  }
  if (value.starts_with(' ') || value.ends_with(' ')) return "must not begin or end with a space";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> header_name_problem(std::string_view name) {
  if (!is_token(name)) return "is not a header name";
  if (name.size() > kNameBytesMax) return "must be at most " + std::to_string(kNameBytesMax) + " characters long";
  const auto lower = ascii::lower(std::string(name));
  const bool refused = std::ranges::find(kRefusedNames, lower) != kRefusedNames.end() ||
                       std::ranges::any_of(kRefusedPrefixes, [&](auto prefix) { return lower.starts_with(prefix); });
  if (refused) return "is a header that Limehook sets itself, or that belongs to the connection";
  return std::nullopt;
}

bool same_header_name(std::string_view a, std::string_view b) { return ascii::same(a, b); }

std::vector<Header> read_headers(const json::value& value, const std::string& pointer, FieldErrors& errors) {
  std::vector<Header> headers;
  const auto* object = value.if_object();
  if (object == nullptr) {
    errors.push_back({pointer, "must be an object of header names and values"});
    return headers;
  }
  std::size_t bytes = 0;
  for (const auto& member : *object) {
    const std::string_view name(member.key().data(), member.key().size());
    const auto here = pointer + step(name);
    const auto text = text_in(member.value());
    if (auto problem = header_name_problem(name)) errors.push_back({here, std::move(*problem)});
    if (const auto problem = text ? value_problem(*text) : "must be a string") {
      errors.push_back({here, std::string(*problem)});
    }
    if (std::ranges::any_of(headers, [&](const Header& h) { return same_header_name(h.name, name); })) {
      errors.push_back({here, "appears twice (header names do not tell upper from lower case)"});
    }
    headers.push_back({std::string(name), std::string(text.value_or(""))});
    bytes += name.size() + headers.back().value.size();
  }
  if (headers.size() > limits::kHeadersMax) {
    errors.push_back({pointer, "must have at most " + std::to_string(limits::kHeadersMax) + " headers"});
  }
  if (bytes > limits::kHeaderBytesMax) {
    errors.push_back({pointer, "must have at most " + std::to_string(limits::kHeaderBytesMax) + " bytes in all"});
  }
  return headers;
}

json::object headers_to_json(const std::vector<Header>& headers) {
  json::object object;
  for (const auto& header : headers) object[header.name] = header.value;
  return object;
}

}  // namespace limehook
