#pragma once
// The top-level members of an event, collected while the validator passes over its text. Private to this folder.

#include <algorithm>
#include <array>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/json_validator.hpp"

namespace limehook {

// The members that the spec gives a meaning to (section 3), in the order in which they mostly come.
enum class Member : std::uint8_t {
  Event,
  CallId,
  MessageId,
  CallerNumber,
  SenderNumber,
  CalleeNumber,
  ReceiverNumber,
  VoicemailUrl,
  MessageContent,
  Timestamp,
  TeamId,
  Status,
  Direction,
  StartedAt,
  AnsweredAt,
  EndedAt,
  Duration,
  RingDuration,
  RecordingUrl,
  Transcription,
  Sequence,
  Reason,
};
inline constexpr std::array<std::string_view, 22> kMemberNames{
    "event",           "call_id",       "message_id",      "caller_number", "sender_number", "callee_number",
    "receiver_number", "voicemail_url", "message_content", "timestamp",     "team_id",       "status",
    "direction",       "started_at",    "answered_at",     "ended_at",      "duration",      "ring_duration",
    "recording_url",   "transcription", "sequence",        "reason",
};
static_assert(kMemberNames[static_cast<std::size_t>(Member::Reason)] == "reason");

inline std::string_view name_of(Member member) { return kMemberNames[static_cast<std::size_t>(member)]; }

// Nothing when the spec does not know the name. The search begins at the index `first`, at most the number of names,
// and goes round.
inline std::optional<Member> member_named(std::string_view name, std::size_t first) {
  for (std::size_t i = first; i < kMemberNames.size(); ++i) {
    if (kMemberNames[i] == name) return static_cast<Member>(i);
  }
  for (std::size_t i = 0; i < first; ++i) {
    if (kMemberNames[i] == name) return static_cast<Member>(i);
  }
  return std::nullopt;
}

struct MemberValue {
  enum class Type : std::uint8_t { Missing, Null, String, Number, Other };

  Type type = Type::Missing;
  std::string_view text;  // the characters of a string, escapes resolved; a number as written; else empty

  bool given() const { return type != Type::Missing && type != Type::Null; }
  bool is_string() const { return type == Type::String; }
};

// Its views are of the text that was read, which must outlive it, or of its own copies.
class EventMembers {
 public:
  EventMembers() = default;
  EventMembers(const EventMembers&) = delete;
  EventMembers& operator=(const EventMembers&) = delete;

  // Fills these members, which must be empty, from any text; there are none in anything but an object. False when the
  // text is not valid JSON.
  bool read(std::string_view json) {
    boost::json::error_code error;
    validate_json<Reader>(json, error, *this, json);
    return !error;
  }

  // The first of that name.
  const MemberValue& operator[](Member member) const { return values_[static_cast<std::size_t>(member)]; }

  // Names that appear more than once, each once, sorted.
  std::vector<std::string_view> duplicates() const {
    if (repeated_.empty() && unknown_.size() < 2) return {};
    std::vector<std::string_view> found = repeated_;
    std::vector<std::string_view> names = unknown_;
    std::ranges::sort(names);
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i] == names[i - 1]) found.push_back(names[i]);
    }
    std::ranges::sort(found);
    const auto rest = std::ranges::unique(found);
    found.erase(rest.begin(), rest.end());
    return found;
  }

 private:
  // Tells the top-level members from all else that the validator reports.
  class Reader : public JsonHandler {
   public:
    using Type = MemberValue::Type;

    Reader(EventMembers& members, std::string_view json) : members_(members), json_(json) {}

    bool on_object_begin(Error&) { return open(); }
    bool on_object_end(std::size_t, Error&) { return close(); }
    bool on_array_begin(Error&) { return open(); }
    bool on_array_end(std::size_t, Error&) { return close(); }
    bool on_key_part(Text part, std::size_t, Error&) { return keep(depth_ == 1, part); }
    bool on_key(Text last, std::size_t, Error&) {
      if (depth_ == 1) value_ = members_.add(whole(last));
      return true;
    }
    bool on_string_part(Text part, std::size_t, Error&) { return keep(wanted(), part); }
    bool on_string(Text last, std::size_t, Error&) { return take(Type::String, last); }
    bool on_number_part(Text part, Error&) { return keep(wanted(), part); }
    bool on_int64(std::int64_t, Text last, Error&) { return take(Type::Number, last); }
    bool on_uint64(std::uint64_t, Text last, Error&) { return take(Type::Number, last); }
    bool on_double(double, Text last, Error&) { return take(Type::Number, last); }
    bool on_bool(bool, Error&) { return take(Type::Other); }
    bool on_null(Error&) { return take(Type::Null); }

   private:
    bool wanted() const { return depth_ == 1 && value_; }
    bool open() {
      take(Type::Other);
      ++depth_;
      return true;
    }
    bool close() {
      --depth_;
      return true;
    }
    bool take(Type type) {
      if (wanted()) value_->type = type;
      return true;
    }
    bool take(Type type, std::string_view last) {
      if (wanted()) *value_ = {type, whole(last)};
      return true;
    }
    bool keep(bool wanted, std::string_view part) {
      if (wanted) parts_ += part;
      return true;
    }
    // A text with escapes comes in parts, the last of them in a buffer of the parser's.
    std::string_view whole(std::string_view last) {
      const bool in_json =
          std::greater_equal<>()(last.data(), json_.data()) && std::less<>()(last.data(), json_.data() + json_.size());
      return in_json && parts_.empty() ? last : joined(last);
    }
    std::string_view joined(std::string_view last) {
      parts_ += last;
      return members_.unescaped_.emplace_back(std::exchange(parts_, {}));
    }

    EventMembers& members_;
    std::string_view json_;
    int depth_ = 0;
    MemberValue* value_ = nullptr;  // of the member that is being read; null: nobody asks for it
    std::string parts_;
  };

  // Where the member's value goes; null when the spec does not know the name, or it has come before.
  MemberValue* add(std::string_view name) {
    const auto member = member_named(name, next_);
    if (!member) {
      unknown_.push_back(name);
      return nullptr;
    }
    const auto index = static_cast<std::size_t>(*member);
    next_ = index + 1;
    if (values_[index].type == MemberValue::Type::Missing) return &values_[index];
    repeated_.push_back(name);
    return nullptr;
  }

  std::array<MemberValue, kMemberNames.size()> values_;
  std::size_t next_ = 0;                    // where the next name is looked for first
  std::vector<std::string_view> unknown_;   // names that the spec does not know, in order
  std::vector<std::string_view> repeated_;  // names that it knows and that came again
  std::list<std::string> unescaped_;        // a list, so that views of its texts stay valid
};

}  // namespace limehook
