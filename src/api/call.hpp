#pragma once
// One request on its way through the API: what it asks for, who asks, and helpers to read it. Wrong values throw
// Fault, which carries the answer; the API's entry turns it into the response.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/auth.hpp"
#include "api/problem.hpp"
#include "http_server/server.hpp"
#include "store/store.hpp"

namespace limehook::api {

using http_server::Request;

// The answer to a request that cannot be carried out.
struct Fault {
  Response response;
};

struct Call {
  const Request& request;
  Principal principal;
  std::string id;                                          // the path's {id}; empty when its route has none
  std::vector<std::pair<std::string, std::string>> query;  // decoded

  // ---- the query ----
  // Names other than these are a fault.
  void allow_query(std::initializer_list<std::string_view> names) const;
  std::optional<std::string> parameter(std::string_view name) const;
  // What to search for; a number's '+', which forms send as it is, has become a space.
  std::string search_term() const;
  std::optional<WallTime> time_parameter(std::string_view name) const;
  // The parameter `since`, or `begin` where that is later.
  std::optional<WallTime> since(WallTime begin) const;
  std::optional<EventType> event_type_parameter() const;
  std::size_t limit() const;
  // The id to go on below; 0 for the first page.
  std::int64_t cursor() const;
  // The team that lists are to be limited to: the key's own, or what an unlimited key asks for.
  std::optional<std::string> team() const;

  // ---- the body ----
  // Throws unless Content-Type is one of `types`; answers which.
  std::string_view content_type(std::initializer_list<std::string_view> types) const;
  // The body as a JSON object.
  boost::json::object json_object() const;
};

// Throws a 409 when a team that makes something for itself has `count` of them already, and that is all it may have.
void check_room(const Principal& principal, std::size_t count, std::size_t count_max);

// A page's next_cursor; empty when there is none.
std::string cursor_text(std::int64_t next);

// The id in the path, or a 404 that says what does not exist.
template <class Id>
Id path_id(const Call& call, std::string_view what) {
  const auto id = Id::parse(call.id);
  if (!id) throw Fault{not_found(what)};
  return *id;
}

}  // namespace limehook::api
