#pragma once
// Reads the members of a request's body one by one and collects what is wrong with them.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.hpp"

namespace limehook::api {

class Body {
 public:
  // Throws Fault when the body is no JSON object.
  explicit Body(const Call& call) : json_(call.json_object()) {}
  // A request without any body has no members.
  struct MayBeMissing {};
  Body(const Call& call, MayBeMissing) {
    if (!call.body.empty()) json_ = call.json_object();
  }

  bool has(std::string_view name) const { return json_.contains(name); }
  // A text of 1 to `characters_max` characters; wrong when missing.
  std::string text(std::string_view name, std::size_t characters_max);
  // The same; empty when missing. Null is wrong: it is not what a default is for.
  std::string text_if_given(std::string_view name, std::size_t characters_max);
  // The same; empty when missing or null.
  std::string optional_text(std::string_view name, std::size_t characters_max);
  // An e-mail address, in lower case.
  std::string email(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  // A whole number from `min` to `max`; `fallback` when missing.
  std::int64_t number(std::string_view name, std::int64_t min, std::int64_t max, std::int64_t fallback);
  // For what this class has no reader for; null when missing.
  const boost::json::value* take(std::string_view name);

  // `name` is a member's name, or the pointer below it.
  void wrong(std::string_view name, std::string_view detail);
  // Throws Fault when anything is wrong, or a member was never asked for.
  void finish();

 private:
  boost::json::object json_;
  std::vector<std::string> known_;
  FieldErrors errors_;
};

}  // namespace limehook::api
