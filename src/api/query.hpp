#pragma once
// A request's query, read by one rule for all routes: each parameter is one that the route takes, is there once and has
// a value.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limehook::api {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;  // decoded

// A route that takes whatever others put into its query, and looks at no more than what it names.
inline constexpr std::string_view kAnyQuery = "*";

// `taken`: the names that the route takes, with blanks between them; with kAnyQuery at the end others are passed over.
// Throws Fault, which names each parameter that is wrong.
QueryParameters read_query(std::string_view text, std::string_view taken);

// A '+' that a caller did not write as %2B has become a space, as in forms. Where a time has one in front of its
// offset, or a number or search term at its beginning, the '+' was meant.
std::string with_plus_of_offset(std::string text);
std::string with_plus_in_front(std::string text);

}  // namespace limehook::api
