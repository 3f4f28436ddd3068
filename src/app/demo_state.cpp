#include "app/demo_state.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "app/api_client.hpp"

namespace limehook::app {

namespace json = boost::json;

std::expected<DemoState, std::string> load_demo_state(const std::filesystem::path& file) {
  DemoState state;
  if (!std::filesystem::exists(file)) return state;
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  json::error_code error;
  const auto value = json::parse(text.str(), error);
  if (error || !value.is_object()) {
    return std::unexpected(fmt::format("{} is not the demo's file; remove its folder to start anew", file.string()));
  }
  const auto& object = value.get_object();
  state.admin_key = text_member(object, "admin_key");
  if (const auto* const port = object.if_contains("receiver_port")) {
    json::error_code ignored;
    state.receiver_port = port->to_number<std::uint16_t>(ignored);
  }
  if (const auto* const secrets = object.if_contains("secrets"); secrets != nullptr && secrets->is_object()) {
    for (const auto& entry : secrets->get_object()) {
      const std::string path(entry.key().data(), entry.key().size());
      state.secrets[path] = text_member(secrets->get_object(), path);
    }
  }
  return state;
}

std::expected<void, std::string> save_demo_state(const DemoState& state, const std::filesystem::path& file) {
  json::object secrets;
  for (const auto& [path, secret] : state.secrets) secrets[path] = secret;
  const json::object object{
      {"admin_key", state.admin_key}, {"receiver_port", state.receiver_port}, {"secrets", secrets}};
  auto fresh = file;
  fresh += ".new";
  std::error_code error;
  std::ofstream out(fresh, std::ios::trunc);
  std::filesystem::permissions(fresh, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  out << json::serialize(object) << '\n' << std::flush;
  if (out && !error) std::filesystem::rename(fresh, file, error);
  if (!out || error) return std::unexpected(fmt::format("cannot write {}", file.string()));
  return {};
}

}  // namespace limehook::app
