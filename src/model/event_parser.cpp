// Events on their way in. A payload must leave as it came, so there is no document model here: the text is validated
// once, brought to its compact form, and the members that the spec names (section 3) are checked where they stand.
//
// Which of its numbers an event belongs to (EventDraft::numbers) decides which number-limited webhooks get it:
//   sms_received         receiver_number
//   sms_sent             sender_number
//   call_status_update   by `direction`, both numbers without one
//   every other type     callee_number, or caller_number where `direction` is "outbound"

#include <algorithm>
#include <list>
#include <span>

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/absolute_url.hpp"
#include "model/event.hpp"

namespace limehook {
namespace {

constexpr std::size_t kExternalIdBytesMax = 255;  // call_id, message_id
constexpr std::size_t kDuplicatesReportedMax = 10;
constexpr std::size_t kUsualMembers = 24;

using Problem = std::optional<std::string>;

// ---- the members of an event -------------------------------------------------------------------------------

struct Member {
  std::string_view name;
  std::string_view value;  // raw JSON
};

// The top-level members of a compact object, in order. Views of the text they were read from.
class Members {
 public:
  explicit Members(std::string_view compact_object) {
    members_.reserve(kUsualMembers);
    json_text::each_member(compact_object, [this](std::string_view raw_name, std::string_view value) {
      members_.push_back({unescape(raw_name), value});
      return true;
    });
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  // The raw value; empty when there is none or it is null.
  std::string_view find(std::string_view name) const {
    // Members are mostly asked for in the order in which they come, so the search goes on where the last one ended.
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::size_t at = next_ + i < members_.size() ? next_ + i : next_ + i - members_.size();
      if (members_[at].name != name) continue;
      next_ = at + 1 < members_.size() ? at + 1 : 0;
      return members_[at].value == "null" ? std::string_view() : members_[at].value;
    }
    return {};
  }

  // Names that appear more than once, each once.
  std::vector<std::string_view> duplicates() const {
    std::vector<std::string_view> names;
    names.reserve(members_.size());
    for (const auto& member : members_) names.push_back(member.name);
    std::ranges::sort(names);
    std::vector<std::string_view> found;
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i] == names[i - 1] && (found.empty() || found.back() != names[i])) found.push_back(names[i]);
    }
    return found;
  }

 private:
  std::string_view unescape(std::string_view raw_name) {
    if (raw_name.find('\\') == std::string_view::npos) return raw_name;
    return unescaped_.emplace_back(*json_text::string_value('"' + std::string(raw_name) + '"'));
  }

  std::vector<Member> members_;
  mutable std::size_t next_ = 0;
  std::list<std::string> unescaped_;  // a list, so that views of its texts stay valid
};

// The characters of a raw JSON string, without a copy where it has no escapes.
class StringReader {
 public:
  // Valid until the next call. Nothing when `raw` is not a string.
  std::optional<std::string_view> read(std::string_view raw) {
    if (!raw.starts_with('"')) return std::nullopt;
    const auto plain = raw.substr(1, raw.size() - 2);
    if (plain.find('\\') == std::string_view::npos) return plain;
    unescaped_ = *json_text::string_value(raw);
    return unescaped_;
  }

 private:
  std::string unescaped_;
};

// ---- what a member must look like --------------------------------------------------------------------------

enum class Kind : std::uint8_t {
  ExternalId,
  Number,
  Timestamp,
  TeamId,
  Text,
  Url,
  WholeNumber,
  StatusMissed,
  StatusCompleted,
  StatusAny,
  Direction,
};

struct MemberRule {
  std::string_view name;
  Kind kind;
  bool required;
};

constexpr MemberRule kMissedCall[] = {
    {"call_id", Kind::ExternalId, true},  {"caller_number", Kind::Number, true}, {"callee_number", Kind::Number, true},
    {"timestamp", Kind::Timestamp, true}, {"team_id", Kind::TeamId, false},      {"status", Kind::StatusMissed, true},
};
constexpr MemberRule kCallCompleted[] = {
    {"call_id", Kind::ExternalId, true},     {"caller_number", Kind::Number, true},
    {"callee_number", Kind::Number, true},   {"timestamp", Kind::Timestamp, true},
    {"team_id", Kind::TeamId, false},        {"status", Kind::StatusCompleted, true},
    {"direction", Kind::Direction, false},   {"started_at", Kind::Timestamp, false},
    {"answered_at", Kind::Timestamp, false}, {"ended_at", Kind::Timestamp, false},
    {"duration", Kind::WholeNumber, false},  {"ring_duration", Kind::WholeNumber, false},
    {"recording_url", Kind::Url, false},
};
constexpr MemberRule kVoicemailReceived[] = {
    {"call_id", Kind::ExternalId, true},    {"caller_number", Kind::Number, true},
    {"callee_number", Kind::Number, true},  {"voicemail_url", Kind::Url, true},
    {"timestamp", Kind::Timestamp, true},   {"team_id", Kind::TeamId, false},
    {"duration", Kind::WholeNumber, false}, {"transcription", Kind::Text, false},
};
constexpr MemberRule kSms[] = {
    {"message_id", Kind::ExternalId, true},  {"sender_number", Kind::Number, true},
    {"receiver_number", Kind::Number, true}, {"message_content", Kind::Text, true},
    {"timestamp", Kind::Timestamp, true},    {"team_id", Kind::TeamId, false},
};
constexpr MemberRule kCallStatusUpdate[] = {
    {"call_id", Kind::ExternalId, true},    {"caller_number", Kind::Number, true},
    {"callee_number", Kind::Number, true},  {"timestamp", Kind::Timestamp, true},
    {"team_id", Kind::TeamId, false},       {"status", Kind::StatusAny, true},
    {"sequence", Kind::WholeNumber, false}, {"reason", Kind::Text, false},
};
constexpr MemberRule kIncomingCall[] = {
    {"call_id", Kind::ExternalId, true},  {"caller_number", Kind::Number, true}, {"callee_number", Kind::Number, true},
    {"timestamp", Kind::Timestamp, true}, {"team_id", Kind::TeamId, false},      {"sequence", Kind::WholeNumber, false},
    {"reason", Kind::Text, false},
};

std::span<const MemberRule> rules_of(EventType type) {
  switch (type) {
    case EventType::MissedCall:
      return kMissedCall;
    case EventType::CallCompleted:
      return kCallCompleted;
    case EventType::VoicemailReceived:
      return kVoicemailReceived;
    case EventType::SmsReceived:
    case EventType::SmsSent:
      return kSms;
    case EventType::CallStatusUpdate:
      return kCallStatusUpdate;
    case EventType::IncomingCall:
      return kIncomingCall;
  }
  return {};
}

Problem sized_text_problem(std::string_view text, std::size_t bytes_max) {
  if (text.empty()) return "must not be empty";
  if (text.size() > bytes_max) return "must be at most " + std::to_string(bytes_max) + " bytes long";
  return std::nullopt;
}

Problem status_problem(Kind kind, std::string_view text) {
  static constexpr std::array<std::string_view, 7> kStatuses{"ringing",   "answered", "failed",   "busy",
                                                             "no_answer", "canceled", "completed"};
  if (kind == Kind::StatusMissed) return text == "missed" ? Problem() : R"(must be "missed")";
  if (kind == Kind::StatusCompleted) return text == "completed" ? Problem() : R"(must be "completed")";
  if (std::ranges::find(kStatuses, text) != kStatuses.end()) return std::nullopt;
  return "must be one of ringing, answered, failed, busy, no_answer, canceled, completed";
}

Problem timestamp_problem(std::string_view text) {
  if (parse_rfc3339(text)) return std::nullopt;
  return "must be an RFC 3339 date and time such as 2025-01-30T15:00:00Z";
}

Problem link_problem(std::string_view text) {
  const auto url = parse_absolute_url(text);
  if (url && (url->scheme_id() == boost::urls::scheme::https || url->scheme_id() == boost::urls::scheme::http) &&
      url->has_authority() && !url->encoded_host().empty()) {
    return std::nullopt;
  }
  return "must be an absolute http or https URL";
}

Problem whole_number_problem(std::string_view raw) {
  if (std::ranges::all_of(raw, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  return "must be a whole number, 0 or more";
}

Problem value_problem(Kind kind, std::string_view raw, StringReader& strings) {
  if (kind == Kind::WholeNumber) return whole_number_problem(raw);
  const auto text = strings.read(raw);
  if (!text) return "must be a string";
  switch (kind) {
    case Kind::ExternalId:
      return sized_text_problem(*text, kExternalIdBytesMax);
    case Kind::TeamId:
      return sized_text_problem(*text, limits::kTeamIdBytesMax);
    case Kind::Number:
      return number_problem(*text);
    case Kind::Timestamp:
      return timestamp_problem(*text);
    case Kind::Url:
      return link_problem(*text);
    case Kind::StatusMissed:
    case Kind::StatusCompleted:
    case Kind::StatusAny:
      return status_problem(kind, *text);
    case Kind::Direction:
      return *text == "inbound" || *text == "outbound" ? Problem() : R"(must be "inbound" or "outbound")";
    case Kind::Text:
    case Kind::WholeNumber:
      return std::nullopt;
  }
  return std::nullopt;
}

// ---- checking ----------------------------------------------------------------------------------------------

std::expected<EventType, FieldError> type_of(const Members& members, StringReader& strings) {
  const auto raw = members.find("event");
  if (raw.empty()) return std::unexpected(FieldError{"/event", "is required"});
  const auto name = strings.read(raw);
  const auto type = name ? event_type_named(*name) : std::nullopt;
  if (type) return *type;
  std::string detail = "must be one of ";
  for (const auto& info : event_types()) {
    if (info.type != EventType::MissedCall) detail += ", ";
    detail += info.name;
  }
  return std::unexpected(FieldError{"/event", std::move(detail)});
}

void check_members(const Members& members, EventType type, StringReader& strings, FieldErrors& errors) {
  for (const auto& rule : rules_of(type)) {
    const auto raw = members.find(rule.name);
    auto problem = !raw.empty()    ? value_problem(rule.kind, raw, strings)
                   : rule.required ? Problem("is required")
                                   : Problem();
    if (problem) errors.push_back({json_text::pointer_step(rule.name), std::move(*problem)});
  }
}

void check_duplicates(const Members& members, FieldErrors& errors) {
  auto names = members.duplicates();
  if (names.size() > kDuplicatesReportedMax) names.resize(kDuplicatesReportedMax);
  for (const auto name : names) errors.push_back({json_text::pointer_step(name), "appears twice"});
}

// ---- what the event is found by ----------------------------------------------------------------------------

void add_once(std::vector<std::string>& texts, std::optional<std::string_view> text) {
  if (!text || text->empty() || text->size() > kExternalIdBytesMax) return;
  if (std::ranges::find(texts, *text) == texts.end()) texts.emplace_back(*text);
}

std::vector<std::string> own_numbers(EventType type, const Members& members, StringReader& strings) {
  std::vector<std::string> numbers;
  const auto add = [&](std::string_view name) { add_once(numbers, strings.read(members.find(name))); };
  if (type == EventType::SmsReceived) {
    add("receiver_number");
  } else if (type == EventType::SmsSent) {
    add("sender_number");
  } else {
    const std::string direction(strings.read(members.find("direction")).value_or(""));
    const bool either = type == EventType::CallStatusUpdate && direction != "inbound" && direction != "outbound";
    if (either || direction == "outbound") add("caller_number");
    if (either || direction != "outbound") add("callee_number");
  }
  return numbers;
}

std::vector<std::string> terms_of(const Members& members, StringReader& strings) {
  std::vector<std::string> terms;
  terms.reserve(4);
  for (const std::string_view name :
       {"caller_number", "callee_number", "sender_number", "receiver_number", "call_id", "message_id"}) {
    add_once(terms, strings.read(members.find(name)));
  }
  return terms;
}

std::unexpected<FieldErrors> whole_event_error(std::string detail) {
  return std::unexpected(FieldErrors{{"", std::move(detail)}});
}

}  // namespace

std::expected<EventDraft, FieldErrors> parse_event(std::string_view json) {
  if (auto problem = json_problem(json)) return whole_event_error(std::move(*problem));
  EventDraft draft;
  draft.payload = json_text::compact(json);
  if (!draft.payload.starts_with('{')) return whole_event_error("must be a JSON object");
  if (draft.payload.size() > limits::kEventBytesMax) {
    return whole_event_error("must be at most " + std::to_string(limits::kEventBytesMax) + " bytes long");
  }

  const Members members(draft.payload);
  StringReader strings;
  FieldErrors errors;
  const auto type = type_of(members, strings);
  if (type) {
    check_members(members, *type, strings, errors);
  } else {
    errors.push_back(type.error());
  }
  check_duplicates(members, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));

  draft.type = *type;
  draft.team_id = strings.read(members.find("team_id")).value_or("");
  draft.numbers = own_numbers(*type, members, strings);
  draft.terms = terms_of(members, strings);
  return draft;
}

std::vector<std::string> search_terms(std::string_view compact_payload) {
  StringReader strings;
  return terms_of(Members(compact_payload), strings);
}

std::optional<std::string> number_problem(std::string_view text) {
  constexpr std::size_t kDigitsMin = 3;
  constexpr std::size_t kDigitsMax = 15;  // ITU-T E.164
  const bool fits = text.size() > kDigitsMin && text.size() <= kDigitsMax + 1 && text.front() == '+' &&
                    std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  if (fits) return std::nullopt;
  return "must be a number in E.164 form: '+' and 3 to 15 digits, such as +1234567890";
}

}  // namespace limehook
