#include "model/payload_template.hpp"

#include "base/json_text.hpp"
#include "base/limits.hpp"
#include "model/payload_note.hpp"

namespace limehook {
namespace {

std::string fact(const Event& event, std::string_view name) {
  if (name == "$id") return json_text::quote(event.id.str());
  if (name == "$type") return json_text::quote(name_of(event.type));
  if (name == "$time") return json_text::quote(format_rfc3339(event.received_at));
  return event.team_id.empty() ? "null" : json_text::quote(event.team_id);
}

void append_value(std::string& out, std::string_view json, bool whole) {
  if (whole) {
    out += json;
  } else if (json.starts_with('"')) {
    out += json.substr(1, json.size() - 2);  // escaped already, as it was accepted
  } else {
    json_text::append_escaped(out, json);
  }
}

class Renderer {
 public:
  Renderer(const PayloadTemplate& body_template, const Event& event, PayloadNotes& notes)
      : template_(body_template), event_(event), notes_(notes) {}

  std::string render() {
    for (const auto& text : template_.texts) fixed_bytes_ += text.size();
    out_.reserve(fixed_bytes_ + event_.payload.size());
    for (std::size_t i = 0; i < template_.placeholders.size(); ++i) {
      out_ += template_.texts[i];
      add(template_.placeholders[i]);
    }
    out_ += template_.texts.back();
    return std::move(out_);
  }

 private:
  void add(const Placeholder& placeholder) {
    std::string made;
    std::optional<std::string_view> value;
    if (placeholder.path.starts_with('$')) value = made = fact(event_, placeholder.path);
    else value = json_text::find(event_.payload, placeholder.path);
    if ((!value || *value == "null") && placeholder.fallback) value = *placeholder.fallback;
    if (!value) return leave_out(placeholder, notes_.missing);
    const std::size_t begin = out_.size();
    append_value(out_, *value, placeholder.whole);
    const std::size_t bytes = out_.size() - begin;
    if (fixed_bytes_ + value_bytes_ + bytes > limits::kShapedBytesMax) {
      out_.resize(begin);
      return leave_out(placeholder, notes_.too_large);
    }
    value_bytes_ += bytes;
  }

  void leave_out(const Placeholder& placeholder, std::vector<std::string_view>& why) {
    why.push_back(placeholder.path);
    if (placeholder.whole) out_ += "null";
  }

  const PayloadTemplate& template_;
  const Event& event_;
  PayloadNotes& notes_;
  std::string out_;
  std::size_t fixed_bytes_ = 0;  // of the template's own texts
  std::size_t value_bytes_ = 0;  // of the values so far
};

}  // namespace

std::string render(const PayloadTemplate& body_template, const Event& event, PayloadNotes& notes) {
  return Renderer(body_template, event, notes).render();
}

}  // namespace limehook
