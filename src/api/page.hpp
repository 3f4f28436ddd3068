#pragma once
// One page of a list that is in memory, newest first.

#include <iterator>

#include "api/call.hpp"
#include "api/json_writer.hpp"

namespace limehook::api {

// Of the rows of `all`, a map by id, those that `passes`; `write` writes a row's members into an open object. The page
// is the one that the query's limit and cursor ask for.
template <class Map, class Passes, class Write>
Response newest_page(const Call& call, const Map& all, Passes passes, Write write) {
  const auto limit = call.limit();
  const auto before = call.cursor();
  auto row = before == 0 ? all.end() : all.lower_bound(typename Map::key_type{before});
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  std::size_t count = 0;
  std::int64_t last = 0;
  bool more = false;
  while (row != all.begin() && !more) {
    --row;
    if (!passes(row->second)) continue;
    more = count == limit || out.size() > limits::kPageBytesMax;
    if (more) break;
    write(out.begin_object(), row->second);
    out.end_object();
    last = row->first.value;
    ++count;
  }
  out.end_array().key("next_cursor").string_or_null(more ? call.next_cursor(last) : "").end_object();
  return {200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
