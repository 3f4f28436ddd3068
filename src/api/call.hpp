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
#include "api/cursor.hpp"
#include "api/problem.hpp"
#include "api/query.hpp"
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
  std::string_view pattern;  // of its route
  std::string id;            // the path's {id}; empty when its route has none
  QueryParameters query;     // those that the route takes, none of them empty
  const CursorSeal& cursors;
  std::string_view body = request.body;  // decoded, without a byte order mark

  // ---- the query ----
  std::optional<std::string> parameter(std::string_view name) const;
  // One of at most `characters_max` characters.
  std::optional<std::string> text_parameter(std::string_view name, std::size_t characters_max) const;
  // What to search for; a number's '+', which forms send as it is, has become a space.
  std::string search_term() const;
  std::optional<WallTime> time_parameter(std::string_view name) const;
  // The parameter `since`, or `begin` where that is later.
  std::optional<WallTime> since(WallTime begin) const;
  std::optional<EventType> event_type_parameter() const;
  std::size_t limit() const;
  // The id to go on below; 0 for the first page. Cursors of other lists, teams and filters are a fault; `since`,
  // `until` and `limit` may differ, as pages of "the last hour" have them.
  std::int64_t cursor() const;
  // The same of a list whose positions are texts; empty for the first page.
  std::string text_cursor() const;
  // A page's next_cursor; empty for 0 or an empty text, when there is none.
  std::string next_cursor(std::int64_t position) const;
  std::string next_cursor(std::string_view position) const;
  // The team that lists are to be limited to: the key's own, or what an unlimited key asks for.
  std::optional<std::string> team() const;

  // ---- the body ----
  // Throws unless Content-Type is one of `types`; answers which.
  std::string_view content_type(std::initializer_list<std::string_view> types) const;
  // The body as a JSON object, with integers of 64 bits in whatever form they are written. No member comes twice.
  boost::json::object json_object() const;

 private:
  // Which list this is a page of, as cursors know it.
  std::string list() const;
};

// Throws a 409 when a team that makes something for itself has `count` of them already, and that is all it may have.
void check_room(const Principal& principal, std::size_t count, std::size_t count_max);

// The id in the path, or a 404 that says what does not exist.
template <class Id>
Id path_id(const Call& call, std::string_view what) {
  const auto id = Id::parse(call.id);
  if (!id) throw Fault{not_found(what)};
  return *id;
}

}  // namespace limehook::api
