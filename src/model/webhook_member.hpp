#pragma once
// How one member of a webhook is read from JSON: what the tables of members have in common. Private to this folder.

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/json_read.hpp"
#include "model/webhook_json.hpp"

namespace limehook {

// Where one member is read to, and where its mistakes go.
struct MemberTarget {
  Webhook& webhook;
  const UrlRules& rules;
  std::string pointer;
  FieldErrors& errors;
  std::string_view json;  // the webhook's, compact: for members whose numbers are kept as they are written

  void refuse(std::string detail) { errors.push_back({pointer, std::move(detail)}); }
  void refuse_if(std::optional<std::string> problem) {
    if (problem) refuse(std::move(*problem));
  }
};

struct MemberReader {
  std::string_view name;
  void (*read)(MemberTarget&, const boost::json::value&);  // null means the default
};

// Members that say how deliveries are made: when, how many at a time, what after the last attempt.
std::span<const MemberReader> delivery_members();
// Adds them to what is shown.
void add_delivery_members(boost::json::object& out, const Webhook& webhook);

// Members that say how the webhook and its receiver prove who they are.
std::span<const MemberReader> security_members();
void add_security_members(boost::json::object& out, const Webhook& webhook);
// Takes what readers do not: members that only Limehook sets.
void take_stored_security(Webhook& webhook, const boost::json::object& stored);
FieldErrors signature_header_problems(const Webhook& webhook);

inline void read_text(std::string& out, const boost::json::value& value, MemberTarget& target,
                      std::optional<std::string> (*problem_of)(std::string_view)) {
  const auto text = text_in(value);
  if (!text) return target.refuse("must be a string");
  out = *text;
  target.refuse_if(problem_of(*text));
}

inline boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(boost::json::string(text));
}

inline boost::json::array texts_to_json(const std::vector<std::string>& texts) {
  boost::json::array out;
  for (const auto& text : texts) out.push_back(boost::json::string(text));
  return out;
}

}  // namespace limehook
