#include "model/verbatim_json.hpp"

#include <boost/json/serialize.hpp>

#include "base/json_text.hpp"

namespace limehook {
namespace {

constexpr char kMark = '\xFF';

}  // namespace

boost::json::value verbatim(std::string_view json) {
  boost::json::string text(1, kMark);
  text.append(boost::json::string_view(json.data(), json.size()));
  return text;
}

std::string serialize_verbatim(const boost::json::value& value) {
  std::string text = boost::json::serialize(value);
  const std::string begin{'"', kMark};
  std::size_t found = text.find(begin);
  if (found == std::string::npos) return text;
  std::string out;
  std::size_t copied = 0;
  for (; found != std::string::npos; found = text.find(begin, copied)) {
    const auto end = json_text::string_end(text, found);
    out.append(text, copied, found - copied);
    out += json_text::string_value(std::string_view(text).substr(found, end - found))->substr(1);
    copied = end;
  }
  return out.append(text, copied);
}

}  // namespace limehook
