#pragma once
// Writes JSON text. Beside what a document model offers it takes raw JSON, so that payloads are shown as they were
// accepted, and writes numbers in plain decimal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_text.hpp"

namespace limehook::api {

class JsonWriter {
 public:
  JsonWriter() { text_.reserve(kUsualBytes); }

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    separate();
    json_text::append_quoted(text_, name);
    text_ += ':';
    separate_ = false;
    return *this;
  }

  // `json` must be valid.
  JsonWriter& raw(std::string_view json) {
    separate();
    text_ += json;
    separate_ = true;
    return *this;
  }
  JsonWriter& string(std::string_view value) {
    separate();
    json_text::append_quoted(text_, value);
    separate_ = true;
    return *this;
  }
  JsonWriter& number(std::int64_t value) { return raw(std::to_string(value)); }
  // At most three decimals.
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }

  // The empty text stands for null.
  JsonWriter& string_or_null(std::string_view value) { return value.empty() ? null() : string(value); }

  std::string take() { return std::move(text_); }
  std::size_t size() const { return text_.size(); }

 private:
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    separate_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    separate_ = true;
    return *this;
  }
  void separate() {
    if (separate_) text_ += ',';
  }

  static constexpr std::size_t kUsualBytes = 128;  // room for a short answer without growing on the way

  std::string text_;
  bool separate_ = false;  // the next item follows another
};

}  // namespace limehook::api
