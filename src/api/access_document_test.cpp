// Holds what api/openapi.yaml and docs/people.md say of who may use what against the table of routes.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "api/api.hpp"
#include "api/openapi.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

// The roles with which callers of a kind may use a route; `any` when those without a role may, too.
struct Callers {
  std::vector<std::string> roles;
  bool any = false;
};

Callers callers_of(const AccessRule& rule, ActorKind kind, std::initializer_list<Role> roles) {
  Callers callers{.any = kind == ActorKind::User && Principal{.kind = kind}.may(rule.who)};
  for (const Role role : roles) {
    if (Principal{.kind = kind, .role = role, .team_id = "team"}.may(rule.who)) {
      callers.roles.emplace_back(name_of(role));
    }
  }
  return callers;
}

Callers keys_of(const AccessRule& rule) {
  return callers_of(rule, ActorKind::Key, {Role::Admin, Role::Manage, Role::Ingest, Role::Read});
}
Callers people_of(const AccessRule& rule) {
  return callers_of(rule, ActorKind::User, {Role::Admin, Role::Manage, Role::Read});
}
Callers portals_of(const AccessRule& rule) { return callers_of(rule, ActorKind::Portal, {Role::Manage, Role::Read}); }

// ---- api/openapi.yaml ----

json::array names(const Callers& callers) {
  return callers.any ? json::array() : json::array(callers.roles.begin(), callers.roles.end());
}

json::array security_of(const AccessRule& rule) {
  json::array security;
  if (rule.who == kOpen) return security;
  if (const auto keys = keys_of(rule); !keys.roles.empty()) security.push_back({{"apiKey", names(keys)}});
  if (const auto people = people_of(rule); people.any || !people.roles.empty()) {
    json::object requirement{{"session", names(people)}};
    if (rule.method != "GET") requirement["csrf"] = json::array();
    security.emplace_back(std::move(requirement));
  }
  if (const auto portals = portals_of(rule); !portals.roles.empty()) security.push_back({{"portal", names(portals)}});
  return security;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Goal: the document names for each operation exactly those who may use it.
TEST(OpenApi, NamesWhoMayUseEachRoute) {
  const auto paths = json::parse(openapi_json()).at("paths").as_object();
  for (const AccessRule& rule : Api::access_rules()) {
    SCOPED_TRACE(std::string(rule.method) + " " + std::string(rule.pattern));
    const auto* path = paths.if_contains(rule.pattern);
    ASSERT_NE(path, nullptr) << "not documented";
    const auto* operation = path->as_object().if_contains(lower(rule.method));
    ASSERT_NE(operation, nullptr) << "not documented";
    EXPECT_EQ(operation->at("security").as_array(), security_of(rule));
  }
}

// The query parameters that the document has at an operation.
std::vector<std::string> documented_query(const json::value& document, const json::value& operation) {
  std::vector<std::string> names;
  const auto* parameters = operation.as_object().if_contains("parameters");
  if (parameters == nullptr) return names;
  for (const json::value& each : parameters->as_array()) {
    const auto* reference = each.as_object().if_contains("$ref");
    const json::value& parameter = reference ? document.at_pointer(reference->as_string().subview(1)) : each;
    if (parameter.at("in").as_string() == "query") names.emplace_back(parameter.at("name").as_string());
  }
  std::ranges::sort(names);
  return names;
}

// Goal: a route takes the query parameters that are documented, and no others.
TEST(OpenApi, NamesTheQueryParametersOfEachRoute) {
  const auto document = json::parse(openapi_json());
  for (const AccessRule& rule : Api::access_rules()) {
    SCOPED_TRACE(std::string(rule.method) + " " + std::string(rule.pattern));
    std::vector<std::string> taken;
    std::istringstream words{std::string(rule.query)};
    for (std::string word; words >> word;) {
      if (word != kAnyQuery) taken.push_back(word);
    }
    std::ranges::sort(taken);
    const auto& operation = document.at("paths").at(rule.pattern).at(lower(rule.method));
    EXPECT_EQ(documented_query(document, operation), taken);
  }
}

// Goal: nothing is documented that is not there.
TEST(OpenApi, HasNoOperationWithoutARoute) {
  std::size_t operations = 0;
  for (const auto& path : json::parse(openapi_json()).at("paths").as_object()) {
    for (const auto& member : path.value().as_object()) operations += member.key() != "parameters";
  }
  EXPECT_EQ(operations, Api::access_rules().size());
}

// ---- docs/people.md ----

std::string cell(const Callers& callers) {
  if (callers.any) return "any";
  std::string out;
  for (const std::string& role : callers.roles) out += (out.empty() ? "" : ", ") + role;
  return out.empty() ? "–" : out;
}

std::string row_of(const AccessRule& rule) {
  const std::string request = "| `" + std::string(rule.method) + " " + std::string(rule.pattern) + "` | ";
  if (rule.who == kOpen) return request + "needs no key | needs no sign-in | needs no token |";
  return request + cell(keys_of(rule)) + " | " + cell(people_of(rule)) + " | " + cell(portals_of(rule)) + " |";
}

std::vector<std::string> documented_rows() {
  std::ifstream guide(LIMEHOOK_PEOPLE_GUIDE);
  std::vector<std::string> rows;
  for (std::string line; std::getline(guide, line);) {
    const bool is_request = line.starts_with("| `") && line.find("` | ") != std::string::npos;
    if (is_request && line.find(" /") < line.find("` | ")) rows.push_back(line);
  }
  return rows;
}

// Goal: the guide's table of requests is the table of routes.
TEST(PeopleGuide, HasARowForEachRoute) {
  const auto rows = documented_rows();
  for (const AccessRule& rule : Api::access_rules()) {
    EXPECT_NE(std::ranges::find(rows, row_of(rule)), rows.end()) << "missing in docs/people.md:\n" << row_of(rule);
  }
  EXPECT_EQ(rows.size(), Api::access_rules().size());
}

}  // namespace
}  // namespace limehook::api
