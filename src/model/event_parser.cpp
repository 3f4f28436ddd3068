// Events on their way in. A payload must leave as it came, so there is no document model here: one pass of the
// validator also notes the members that the spec names (section 3), which are then checked, and of the text only the
// white space between tokens is taken out.
//
// Which of its numbers an event belongs to (EventDraft::numbers) decides which number-limited webhooks get it. The
// first of them that is some team's decides whose event it is where it names no team itself:
//   sms_received         receiver_number
//   sms_sent             sender_number
//   call_status_update   by `direction`; without one both, callee_number first
//   every other type     callee_number, or caller_number where `direction` is "outbound"

#include <algorithm>
#include <span>

#include "base/characters.hpp"
#include "base/decimal.hpp"
#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/absolute_url.hpp"
#include "model/event.hpp"
#include "model/event_members.hpp"
#include "model/number.hpp"

namespace limehook {
namespace {

constexpr std::size_t kExternalIdCharactersMax = 255;  // call_id, message_id
constexpr std::size_t kPartyCharactersMax = 255;
constexpr std::size_t kDuplicatesReportedMax = 10;

using Problem = std::optional<std::string>;

// ---- what a member must look like --------------------------------------------------------------------------

enum class Kind : std::uint8_t {
  ExternalId,
  Party,
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
  Member member;
  Kind kind;
  bool required;
};

constexpr MemberRule kMissedCall[] = {
    {Member::CallId, Kind::ExternalId, true},  {Member::CallerNumber, Kind::Party, true},
    {Member::CalleeNumber, Kind::Party, true}, {Member::Timestamp, Kind::Timestamp, true},
    {Member::TeamId, Kind::TeamId, false},     {Member::Status, Kind::StatusMissed, true},
};
constexpr MemberRule kCallCompleted[] = {
    {Member::CallId, Kind::ExternalId, true},     {Member::CallerNumber, Kind::Party, true},
    {Member::CalleeNumber, Kind::Party, true},    {Member::Timestamp, Kind::Timestamp, true},
    {Member::TeamId, Kind::TeamId, false},        {Member::Status, Kind::StatusCompleted, true},
    {Member::Direction, Kind::Direction, false},  {Member::StartedAt, Kind::Timestamp, false},
    {Member::AnsweredAt, Kind::Timestamp, false}, {Member::EndedAt, Kind::Timestamp, false},
    {Member::Duration, Kind::WholeNumber, false}, {Member::RingDuration, Kind::WholeNumber, false},
    {Member::RecordingUrl, Kind::Url, false},
};
constexpr MemberRule kVoicemailReceived[] = {
    {Member::CallId, Kind::ExternalId, true},     {Member::CallerNumber, Kind::Party, true},
    {Member::CalleeNumber, Kind::Party, true},    {Member::VoicemailUrl, Kind::Url, true},
    {Member::Timestamp, Kind::Timestamp, true},   {Member::TeamId, Kind::TeamId, false},
    {Member::Duration, Kind::WholeNumber, false}, {Member::Transcription, Kind::Text, false},
};
constexpr MemberRule kSms[] = {
    {Member::MessageId, Kind::ExternalId, true}, {Member::SenderNumber, Kind::Party, true},
    {Member::ReceiverNumber, Kind::Party, true}, {Member::MessageContent, Kind::Text, true},
    {Member::Timestamp, Kind::Timestamp, true},  {Member::TeamId, Kind::TeamId, false},
};
constexpr MemberRule kCallStatusUpdate[] = {
    {Member::CallId, Kind::ExternalId, true},     {Member::CallerNumber, Kind::Party, true},
    {Member::CalleeNumber, Kind::Party, true},    {Member::Timestamp, Kind::Timestamp, true},
    {Member::TeamId, Kind::TeamId, false},        {Member::Status, Kind::StatusAny, true},
    {Member::Sequence, Kind::WholeNumber, false}, {Member::Reason, Kind::Text, false},
};
constexpr MemberRule kIncomingCall[] = {
    {Member::CallId, Kind::ExternalId, true},  {Member::CallerNumber, Kind::Party, true},
    {Member::CalleeNumber, Kind::Party, true}, {Member::Timestamp, Kind::Timestamp, true},
    {Member::TeamId, Kind::TeamId, false},     {Member::Sequence, Kind::WholeNumber, false},
    {Member::Reason, Kind::Text, false},
};

constexpr MemberRule kOperational[] = {
    {Member::Timestamp, Kind::Timestamp, true},
    {Member::TeamId, Kind::TeamId, false},
    {Member::Reason, Kind::Text, true},
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
    case EventType::WebhookDisabled:
    case EventType::WebhookFailing:
    case EventType::WebhookRecovered:
    case EventType::DeliveryExhausted:
      return kOperational;
  }
  return {};
}

Problem length_problem(std::string_view text, std::size_t characters_max) {
  if (characters_in(text) <= characters_max) return std::nullopt;
  return "must be at most " + std::to_string(characters_max) + " characters long";
}

Problem sized_text_problem(std::string_view text, std::size_t characters_max) {
  return text.empty() ? "must not be empty" : length_problem(text, characters_max);
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

Problem whole_number_problem(const MemberValue& value) {
  if (value.type == MemberValue::Type::Number) {
    const Decimal number(value.text);
    if (number.is_whole() && !number.is_negative()) return std::nullopt;
  }
  return "must be a whole number, 0 or more";
}

Problem value_problem(Kind kind, const MemberValue& value) {
  if (kind == Kind::WholeNumber) return whole_number_problem(value);
  if (!value.is_string()) return kind == Kind::Party ? "must be a string or null" : "must be a string";
  const std::string_view text = value.text;
  switch (kind) {
    case Kind::ExternalId:
      return sized_text_problem(text, kExternalIdCharactersMax);
    case Kind::TeamId:
      return sized_text_problem(text, limits::kTeamIdCharactersMax);
    case Kind::Party:
      return length_problem(text, kPartyCharactersMax);
    case Kind::Timestamp:
      return timestamp_problem(text);
    case Kind::Url:
      return link_problem(text);
    case Kind::StatusMissed:
    case Kind::StatusCompleted:
    case Kind::StatusAny:
      return status_problem(kind, text);
    case Kind::Direction:
      return text == "inbound" || text == "outbound" ? Problem() : R"(must be "inbound" or "outbound")";
    case Kind::Text:
    case Kind::WholeNumber:
      return std::nullopt;
  }
  return std::nullopt;
}

// ---- checking ----------------------------------------------------------------------------------------------

std::expected<EventType, FieldError> type_of(const EventMembers& members, EventTypeSet types) {
  const MemberValue& value = members[Member::Event];
  if (!value.given()) return std::unexpected(FieldError{"/event", "is required"});
  const auto type = value.is_string() ? event_type_named(value.text) : std::nullopt;
  if (type && types.test(static_cast<std::size_t>(*type))) return *type;
  std::string detail;
  for (const auto& info : event_types()) {
    if (!types.test(static_cast<std::size_t>(info.type))) continue;
    detail += detail.empty() ? "must be one of " : ", ";
    detail += info.name;
  }
  return std::unexpected(FieldError{"/event", std::move(detail)});
}

void check_members(const EventMembers& members, EventType type, FieldErrors& errors) {
  for (const auto& rule : rules_of(type)) {
    const MemberValue& value = members[rule.member];
    const bool withheld = rule.kind == Kind::Party && value.type == MemberValue::Type::Null;
    const bool missing = rule.required && !withheld;
    auto problem = value.given() ? value_problem(rule.kind, value) : missing ? Problem("is required") : Problem();
    if (problem) errors.push_back({json_text::pointer_step(name_of(rule.member)), std::move(*problem)});
  }
}

void check_duplicates(const EventMembers& members, FieldErrors& errors) {
  auto names = members.duplicates();
  if (names.size() > kDuplicatesReportedMax) names.resize(kDuplicatesReportedMax);
  for (const auto name : names) errors.push_back({json_text::pointer_step(name), "appears twice"});
}

// ---- what the event is found by ----------------------------------------------------------------------------

void add_once(std::vector<std::string>& texts, const MemberValue& value) {
  if (!value.is_string() || value.text.empty() || characters_in(value.text) > limits::kSearchTermCharactersMax) return;
  auto text = normal_number(value.text);
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
}

std::vector<std::string> own_numbers(EventType type, const EventMembers& members) {
  std::vector<std::string> numbers;
  const auto add = [&](Member member) { add_once(numbers, members[member]); };
  if (type == EventType::SmsReceived) {
    add(Member::ReceiverNumber);
  } else if (type == EventType::SmsSent) {
    add(Member::SenderNumber);
  } else {
    const std::string_view direction = members[Member::Direction].text;
    const bool either = type == EventType::CallStatusUpdate && direction != "inbound" && direction != "outbound";
    if (either || direction != "outbound") add(Member::CalleeNumber);
    if (either || direction == "outbound") add(Member::CallerNumber);
  }
  return numbers;
}

std::vector<std::string> terms_of(const EventMembers& members) {
  std::vector<std::string> terms;
  terms.reserve(4);
  for (const Member member : {Member::CallerNumber, Member::CalleeNumber, Member::SenderNumber, Member::ReceiverNumber,
                              Member::CallId, Member::MessageId}) {
    add_once(terms, members[member]);
  }
  return terms;
}

// FNV-1a. Part of what is stored: never change it.
class OrderKey {
 public:
  void add(std::string_view text) {
    for (const char c : text) add(c);
    add('\0');
  }
  std::uint32_t value() const { return static_cast<std::uint32_t>(hash_ >> 32 ^ hash_); }

 private:
  void add(char c) { hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL; }
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

std::uint32_t order_key_of(const EventMembers& members) {
  OrderKey key;
  if (members[Member::CallId].is_string()) {
    key.add(members[Member::CallId].text);
  } else {
    const auto sender = normal_number(members[Member::SenderNumber].text);
    const auto receiver = normal_number(members[Member::ReceiverNumber].text);
    const auto [low, high] = std::minmax(sender, receiver);
    key.add(low);
    key.add(high);
  }
  return key.value();
}

std::unexpected<FieldErrors> whole_event_error(std::string detail) {
  return std::unexpected(FieldErrors{{"", std::move(detail)}});
}

}  // namespace

std::expected<EventDraft, FieldErrors> parse_event(std::string_view json, EventTypeSet types) {
  json = json_text::without_byte_order_mark(json);
  EventMembers members;
  if (!members.read(json)) return std::unexpected(FieldErrors{*json_error(json)});
  EventDraft draft;
  draft.payload = json_text::compact(json);
  if (!draft.payload.starts_with('{')) return whole_event_error("must be a JSON object");
  if (draft.payload.size() > limits::kEventBytesMax) {
    return whole_event_error("must be at most " + std::to_string(limits::kEventBytesMax) + " bytes long");
  }

  FieldErrors errors;
  const auto type = type_of(members, types);
  if (type) {
    check_members(members, *type, errors);
  } else {
    errors.push_back(type.error());
  }
  check_duplicates(members, errors);
  if (!errors.empty()) return std::unexpected(std::move(errors));

  draft.type = *type;
  draft.team_id = members[Member::TeamId].text;
  draft.numbers = own_numbers(*type, members);
  draft.terms = terms_of(members);
  draft.order_key = order_key_of(members);
  return draft;
}

std::vector<std::string> search_terms(std::string_view compact_payload) {
  EventMembers members;
  members.read(compact_payload);
  return terms_of(members);
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
