#include "store/sqlite/attempt_block.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kBodyCutBit = 1;
constexpr int kFallbackBit = 2;

// Numbers are never negative but for damage and clocks before 1970, which come back as they were.
void append_number(std::string& out, std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (; rest >= 0x80; rest >>= 7) out.push_back(static_cast<char>(rest | 0x80));
  out.push_back(static_cast<char>(rest));
}

void append_text(std::string& out, std::string_view text) {
  append_number(out, static_cast<std::int64_t>(text.size()));
  out.append(text);
}

// Takes values off the front; once something is missing, everything is.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  std::int64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return static_cast<std::int64_t>(value);
    }
    fail();
    return 0;
  }
  int small() { return static_cast<int>(number()); }
  std::string text() {
    const auto size = static_cast<std::uint64_t>(number());
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string out(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return out;
  }
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

void append_attempt(std::string& block, DeliveryId delivery, AttemptRef previous, const Attempt& a) {
  append_number(block, delivery.value);
  append_number(block, previous);
  append_number(block, a.number);
  append_number(block, to_us(a.started_at));
  append_number(block, a.duration.count());
  append_number(block, static_cast<std::int64_t>(a.outcome));
  append_number(block, a.http_status);
  append_number(block, a.webhook_version);
  append_number(block, (a.response_body_cut ? kBodyCutBit : 0) | (a.fallback ? kFallbackBit : 0));
  append_text(block, a.signatures);
  append_text(block, a.error);
  append_text(block, a.response_head);
  append_text(block, a.response_body);
}

std::optional<StoredAttempt> read_attempt(std::string_view block, std::size_t& offset) {
  if (offset >= block.size()) return std::nullopt;
  Cursor cursor(block.substr(offset));
  StoredAttempt stored;
  stored.delivery = DeliveryId{cursor.number()};
  stored.previous = cursor.number();
  Attempt& a = stored.attempt;
  a.number = cursor.small();
  a.started_at = from_us(cursor.number());
  a.duration = Duration(cursor.number());
  const auto outcome = static_cast<std::uint64_t>(cursor.number());
  a.outcome = static_cast<AttemptOutcome>(outcome);
  a.http_status = cursor.small();
  a.webhook_version = cursor.small();
  const int flags = cursor.small();
  a.response_body_cut = (flags & kBodyCutBit) != 0;
  a.fallback = (flags & kFallbackBit) != 0;
  a.signatures = cursor.text();
  a.error = cursor.text();
  a.response_head = cursor.text();
  a.response_body = cursor.text();
  if (!cursor.ok() || outcome >= kAttemptOutcomeCount) return std::nullopt;
  offset = block.size() - cursor.left();
  return stored;
}

std::optional<StoredAttempt> AttemptReader::read(AttemptRef ref) {
  if (ref == 0) return std::nullopt;
  if (block_ != block_of(ref)) {
    Rows rows = db_.query("SELECT attempts FROM attempt_blocks WHERE id=?", block_of(ref));
    bytes_ = rows.next() ? rows->text(0) : std::string();
    block_ = block_of(ref);
  }
  std::size_t offset = offset_of(ref);
  return read_attempt(bytes_, offset);
}

}  // namespace limehook::store::sqlite
