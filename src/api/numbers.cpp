// /v1/numbers: which team a number belongs to.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/json_writer.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

JsonWriter& write_number(JsonWriter& out, const Number& number) {
  out.key("id").string(number.id.str()).key("number").string(number.number);
  out.key("team_id").string(number.team_id).key("name").string_or_null(number.name);
  out.key("created_at").string(format_rfc3339(number.created_at));
  return out.key("updated_at").string(format_rfc3339(number.updated_at));
}

boost::json::object audit_members(const Number& number) { return {{"team_id", number.team_id}, {"name", number.name}}; }

Response number_response(int status, const Number& number) {
  JsonWriter out;
  write_number(out.begin_object(), number).end_object();
  return {status, "application/json", out.take(), {}};
}

// Of a number in a query, whose '+' forms send as it is and so has become a space; without one, it is meant.
std::optional<std::string> number_parameter(const Call& call) {
  auto number = call.text_parameter("number", limits::kSearchTermCharactersMax);
  if (!number) return std::nullopt;
  auto normal = normal_number(with_plus_in_front(*std::move(number)));
  return normal.starts_with('+') ? normal : normal_number("+" + normal);
}

// Says nothing of whose it is: that is none of another team's business.
Response number_exists() {
  return problem(409, "This number exists already.", {{"/number", "belongs to a team already"}});
}

void check_team(const Principal& principal, std::string_view team_id) {
  if (principal.sees_team(team_id)) return;
  throw Fault{problem(403, "The number's team is not yours.", {{"/team_id", "names a team that is not yours"}})};
}

}  // namespace

Number Api::visible_number(const Call& call) const {
  const Number* number = engine_.directory().numbers().find(path_id<NumberId>(call, "number"));
  if (!number || !call.principal.sees_team(number->team_id)) throw Fault{not_found("number")};
  return *number;
}

asio::awaitable<Response> Api::list_numbers(const Call& call) {
  const auto team = call.team();
  const auto limit = call.limit();
  const NumberId before{call.cursor()};
  std::vector<const Number*> rows;
  if (const auto wanted = number_parameter(call)) {
    const Number* number = engine_.directory().numbers().find(*wanted);
    const bool passes = number && (!team || number->team_id == *team) && (!before || number->id < before);
    if (passes) rows.push_back(number);
  } else {
    rows = engine_.directory().numbers().newest(team, before, limit + 1);
  }
  const bool more = rows.size() > limit;
  if (more) rows.pop_back();
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const Number* number : rows) write_number(out.begin_object(), *number).end_object();
  out.end_array().key("next_cursor").string_or_null(more ? call.next_cursor(rows.back()->id.value) : "").end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_number(const Call& call) {
  Number number;
  number.team_id = call.principal.team_id;
  FieldErrors errors = apply_number_json(number, call.json_object());
  if (errors.empty() && number.team_id.empty()) errors.push_back({"/team_id", "is required"});
  if (!errors.empty()) throw Fault{invalid(errors)};
  check_team(call.principal, number.team_id);
  check_known_team(number.team_id, "/team_id");
  check_room(call.principal, engine_.directory().numbers().count_of(number.team_id), limits::kNumbersPerTeamMax);
  number.id = NumberId{engine_.new_id()};
  number.created_at = number.updated_at = runtime::now().wall;
  if (engine_.directory().numbers().find(number.number)) throw Fault{number_exists()};
  auto entry = audit(call, "number.created", number.team_id, number.id.str(), number.number);
  set_change(entry, {}, audit_members(number));
  const auto answer = co_await engine_.change("number " + number.number, {number, std::move(entry)});
  if (!answer) co_return answer.error() == delivery::Refusal::Conflict ? number_exists() : refusal(answer.error());
  Response response = number_response(201, number);
  response.headers.emplace_back("Location", "/v1/numbers/" + number.id.str());
  co_return response;
}

asio::awaitable<Response> Api::get_number(const Call& call) { co_return number_response(200, visible_number(call)); }

asio::awaitable<Response> Api::patch_number(const Call& call) {
  const Number before = visible_number(call);
  Number number = before;
  const FieldErrors errors = apply_number_json(number, call.json_object());
  if (!errors.empty()) throw Fault{invalid(errors)};
  check_team(call.principal, number.team_id);
  check_known_team(number.team_id, "/team_id");
  number.updated_at = runtime::now().wall;
  std::vector<store::CatalogChange> changes{number};
  const auto add_entry = [&](const std::string& team, const boost::json::object& old_members,
                             const boost::json::object& new_members) {
    auto entry = audit(call, "number.updated", team, number.id.str(), number.number);
    set_change(entry, old_members, new_members);
    changes.emplace_back(std::move(entry));
  };
  if (number.team_id == before.team_id) {
    add_entry(number.team_id, audit_members(before), audit_members(number));
  } else {  // neither team learns of the other
    add_entry(before.team_id, audit_members(before), {});
    add_entry(number.team_id, {}, audit_members(number));
  }
  const auto answer = co_await engine_.change("number " + number.number, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return number_response(200, number);
}

asio::awaitable<Response> Api::delete_number(const Call& call) {
  const Number number = visible_number(call);
  auto entry = audit(call, "number.deleted", number.team_id, number.id.str(), number.number);
  set_change(entry, audit_members(number), {});
  const auto answer =
      co_await engine_.change("number " + number.number, {store::Removed<NumberId>{number.id}, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

}  // namespace limehook::api
